#include <array>

#include "log/decoder.h"
#include "log/language.h"
#include "log/prefix.h"

namespace pgadvise::log {
namespace {

// A record that may still get further lines. The server writes a record in one piece, but through a pipe two
// sessions' pieces can mingle, so a few are kept open.
struct Open {
  bool taken = false;
  int line = 0;
  std::string_view text;  // the first line; in the chunk or in `own_text`
  std::string own_text;
  const Header* header = nullptr;  // in the chunk or `own_header`; views into `text`
  Header own_header;
  std::string message;  // all lines of it, when there are more than one
  std::uint32_t message_lines = 1;
  bool contiguous = true;  // they follow each other in the log
  std::string detail;
  int detail_line = 0;
  bool long_detail = false;
  std::string statement;
  int statement_line = 0;
  bool nested = false;
  bool cut = false;
  const LineAhead* ahead = nullptr;
};

void rebase(std::string_view& view, const char* from, const char* to) {
  if (view.data()) view = {to + (view.data() - from), view.size()};
}

// The chunk's memory goes.
void detach(Open& open) {
  open.ahead = nullptr;
  if (open.text.data() == open.own_text.data()) return;
  open.own_text.assign(open.text);
  if (open.header != &open.own_header) open.own_header = *open.header;
  open.header = &open.own_header;
  Header& header = open.own_header;
  for (auto* view : {&header.process, &header.session, &header.user, &header.database, &header.application, &header.host, &header.message})
    rebase(*view, open.text.data(), open.own_text.data());
  open.text = open.own_text;
}

class StderrDecoder final : public Decoder {
 public:
  StderrDecoder(const Format& format, LogSource& source, RecordSink& sink)
      : first_prefix_(format.prefix), container_names_(format.container_names), source_(source), sink_(sink) {}

  void look_ahead(Chunk& chunk, Memory& memory) const override {
    auto& ahead = chunk.stderr_lines;
    ahead.resize(chunk.lines.size());
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      std::string_view& text = chunk.lines[i].text;
      if (container_names_)
        if (const auto bar = text.substr(0, 128).find("| "); bar != std::string_view::npos)
          text.remove_prefix(bar + 2);
      ahead[i].message_lines = 0;
      ahead[i].matched = !text.starts_with('\t') && memory.prefixes.match(first_prefix_, text, ahead[i].header);
    }
    for (std::size_t i = 0; i < ahead.size(); ++i)
      if (ahead[i].matched && ahead[i].header.level == Level::log) preview(chunk, i, memory);
  }

  void take(Chunk& chunk) override {
    for (std::size_t i = 0; i < chunk.lines.size(); ++i) line(chunk.lines[i], chunk.stderr_lines[i]);
    for (Open& open : open_)
      if (open.taken) detach(open);
  }

  void finish() override {
    for (std::size_t i = 1; i <= open_.size(); ++i) {
      Open& open = open_[(last_ + i) % open_.size()];
      if (open.taken) emit(open, unterminated_ && i == open_.size());
    }
  }

 private:
  // The record that begins at line `first`, as far as it lies in the chunk.
  void preview(Chunk& chunk, std::size_t first, Memory& memory) const {
    auto& ahead = chunk.stderr_lines;
    LineAhead& own = ahead[first];
    std::size_t next = first + 1;
    while (next < ahead.size() && chunk.lines[next].text.starts_with('\t')) ++next;
    if (next == ahead.size()) return;  // the record may go on in the next chunk
    Record& record = memory.record;
    fill(record, own.header);
    for (std::size_t i = first; i < next; ++i)
      if (chunk.lines[i].cut) return;
    if (next > first + 1) {
      std::string& message = chunk.texts.next();
      message.assign(own.header.message);
      for (std::size_t i = first + 1; i < next; ++i) message.append(1, '\n').append(chunk.lines[i].text.substr(1));
      if (message.size() > longest_text) return;
      record.message = message;
    }
    const LineAhead& behind = ahead[next];
    own.with_detail = behind.matched && behind.header.level == Level::detail && !chunk.lines[next].cut && next + 1 < ahead.size() &&
                      ahead[next + 1].matched && behind.header.process == own.header.process && behind.header.session == own.header.session;
    record.detail = own.with_detail ? behind.header.message : std::string_view();
    own.message_lines = static_cast<std::uint32_t>(next - first);
    log::look_ahead(record, memory.scanner, own.preview);
  }

  static void fill(Record& record, const Header& header) {
    record.time = header.time;
    record.whole_seconds = header.whole_seconds;
    record.level = header.level;
    record.session = header.session.empty() ? header.process : header.session;
    record.user = header.user;
    record.database = header.database;
    record.application = header.application;
    record.host = header.host;
    record.session_hash = header.session_hash;
    record.identity_hash = header.identity_hash;
    record.message = header.message;
  }

  void line(const Line& line, const LineAhead& ahead) {
    ++source_.lines;
    number_ = static_cast<int>(source_.lines);
    unterminated_ = !line.terminated;
    if (ahead.matched && !other_prefix_) begin(line, ahead.header, &ahead);
    else line_of_another_prefix(line, ahead);
  }

  void line_of_another_prefix(const Line& line, const LineAhead& ahead) {
    Header header;
    if (other_prefix_ && other_prefix_->match(line.text, header)) {
      begin(line, header, nullptr);
    } else if (ahead.matched) {
      other_prefix_ = nullptr;
      begin(line, ahead.header, &ahead);
    } else if (header_of(line.text, header)) {
      begin(line, header, nullptr);
    } else {
      more(line.text, line.cut);
    }
  }

  // By another prefix: the setting may have been changed; only lines that could be a record are worth the search.
  bool header_of(std::string_view text, Header& header) {
    if (text.empty() || text.front() == '\t' || text.substr(0, 4096).find(":  ") == std::string_view::npos) return false;
    const Prefix* other = find_prefix(text);
    if (!other || other->pattern().empty() || !other->match(text, header)) return false;
    other_prefix_ = other;
    return true;
  }

  void begin(const Line& line, const Header& header, const LineAhead* ahead) {
    switch (header.level) {
      case Level::detail:
      case Level::context:
      case Level::statement:
      case Level::annotation:
        annotate(header, line.cut);
        return;
      default:
        break;
    }
    last_ = (last_ + 1) % open_.size();
    Open& open = open_[last_];
    if (open.taken) emit(open, false);
    open.taken = true;
    open.line = number_;
    open.text = line.text;
    if (!ahead) open.own_header = header;
    open.header = ahead ? &ahead->header : &open.own_header;
    open.message_lines = 1;
    open.contiguous = true;
    open.detail.clear();
    open.detail_line = 0;
    open.long_detail = false;
    open.statement.clear();
    open.statement_line = 0;
    open.nested = false;
    open.cut = line.cut;
    open.ahead = ahead;
    target_ = &open;
    into_ = Part::message;
  }

  Open* same_process(const Header& header) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Open& open = open_[(last_ + open_.size() - i) % open_.size()];
      if (open.taken && open.header->process == header.process && open.header->session == header.session)
        return &open;
    }
    return nullptr;
  }

  void annotate(const Header& header, bool cut) {
    target_ = nullptr;
    Open* open = same_process(header);
    if (open && header.level == Level::context) open->nested = true;
    const bool detail = header.level == Level::detail;
    if (!open || (!detail && header.level != Level::statement) || (detail ? open->detail_line : open->statement_line)) {
      ++source_.other;
      return;
    }
    (detail ? open->detail : open->statement).assign(header.message);
    (detail ? open->detail_line : open->statement_line) = number_;
    open->cut |= cut;
    target_ = open;
    into_ = detail ? Part::detail : Part::statement;
  }

  // The server puts a tab before each further line of a record.
  void more(std::string_view text, bool cut) {
    const bool tabbed = text.starts_with('\t');
    tabs_seen_ |= tabbed;
    if (!tabbed && !could_continue(text)) {
      if (text.empty())
        ++source_.other;
      else
        book_not_understood(source_, number_);
      return;
    }
    ++source_.continuation;
    if (!target_) return;
    if (tabbed) text.remove_prefix(1);
    if (into_ == Part::detail) {
      target_->long_detail = true;
    } else if (into_ == Part::message) {
      if (target_->message_lines == 1) target_->message.assign(target_->header->message);
      target_->contiguous &= number_ == target_->line + static_cast<int>(target_->message_lines);
      ++target_->message_lines;
    }
    std::string& into = into_ == Part::detail ? target_->detail : into_ == Part::statement ? target_->statement : target_->message;
    if (into.size() + text.size() + 1 > longest_text || cut) {
      target_->cut = true;
      return;
    }
    into += '\n';
    into += text;
  }

  // Copies of logs lose the tabs: then what follows a statement belongs to it.
  bool could_continue(std::string_view text) const {
    if (tabs_seen_ || !target_ || into_ != Part::message || holds_level(text)) return false;
    const auto kind = parse_message(target_->header->message.substr(0, 256)).kind;
    return kind != Message::Kind::other && kind != Message::Kind::duration;
  }

  void emit(Open& open, bool truncated) {
    open.taken = false;
    Record& record = record_;  // not made anew for each: zeroing it shows
    fill(record, *open.header);
    record.preview = nullptr;
    record.line = open.line;
    record.nested = open.nested;
    record.truncated = truncated;
    record.cut = open.cut;
    if (open.message_lines > 1) record.message = open.message;
    record.detail = open.detail;
    record.statement = open.statement;
    if (holds(open)) record.preview = &open.ahead->preview;
    const Outcome outcome = sink_.take(record);
    book(source_, outcome.record, open.line);
    if (open.detail_line) ++(outcome.detail_used ? source_.used : source_.other);
    if (open.statement_line) ++(outcome.statement_used ? source_.used : source_.other);
    if (target_ == &open) target_ = nullptr;
  }

  // Did the record become what was assumed ahead?
  static bool holds(const Open& open) {
    if (!open.ahead || open.ahead->message_lines != open.message_lines || !open.contiguous || open.cut || open.nested) return false;
    return open.detail_line ? open.ahead->with_detail && !open.long_detail && open.detail_line == open.line + static_cast<int>(open.message_lines)
                            : !open.ahead->with_detail;
  }

  Record record_;
  const Prefix first_prefix_;
  const Prefix* other_prefix_ = nullptr;  // since the setting was changed
  const bool container_names_;
  LogSource& source_;
  RecordSink& sink_;
  std::array<Open, 8> open_;
  std::size_t last_ = 0;
  Open* target_ = nullptr;  // what a further line belongs to; nullptr: a record that is passed over
  enum class Part : std::uint8_t { message, detail, statement };
  Part into_ = Part::message;
  bool tabs_seen_ = false;
  bool unterminated_ = false;
  int number_ = 0;
};

}  // namespace

void book_not_understood(LogSource& source, int line) {
  ++source.not_understood;
  if (source.not_understood_at.size() < 3) source.not_understood_at.push_back({source.path, line, 0});
}

void book(LogSource& source, Use use, int line) {
  if (use == Use::used)
    ++source.used;
  else if (use == Use::other)
    ++source.other;
  else
    book_not_understood(source, line);
}

std::unique_ptr<Decoder> make_stderr_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  return std::make_unique<StderrDecoder>(format, source, sink);
}

}  // namespace pgadvise::log
