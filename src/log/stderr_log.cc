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
  std::string text;     // the first line
  Header header;        // views into `text`
  std::string message;  // all lines of it, when there are more than one
  bool long_message = false;
  std::string detail;
  int detail_line = 0;
  bool nested = false;
  bool cut = false;
};

void rebase(std::string_view& view, const char* from, const char* to) {
  if (view.data()) view = {to + (view.data() - from), view.size()};
}

class StderrDecoder final : public Decoder {
 public:
  StderrDecoder(const Format& format, LogSource& source, RecordSink& sink)
      : prefix_(format.prefix), container_names_(format.container_names), source_(source), sink_(sink) {}

  void line(const Line& line) override {
    ++source_.lines;
    number_ = static_cast<int>(source_.lines);
    std::string_view text = line.text;
    if (container_names_)
      if (const auto bar = text.substr(0, 128).find("| "); bar != std::string_view::npos)
        text.remove_prefix(bar + 2);
    while (text.starts_with('\0')) text.remove_prefix(1);  // the hole that copytruncate leaves
    unterminated_ = !line.terminated;
    Header header;
    if (!text.starts_with('\t') && header_of(text, header))
      begin(text, header, line.cut);
    else
      more(text, line.cut);
  }

  void finish() override {
    for (std::size_t i = 1; i <= open_.size(); ++i) {
      Open& open = open_[(last_ + i) % open_.size()];
      if (open.taken) emit(open, unterminated_ && i == open_.size());
    }
  }

 private:
  bool header_of(std::string_view text, Header& header) {
    if (prefix_.match(text, header)) return true;
    // The setting may have been changed; only lines that could be a record are worth the search.
    if (text.empty() || text.substr(0, 4096).find(":  ") == std::string_view::npos) return false;
    const Prefix* other = find_prefix(text);
    if (!other || other->pattern().empty() || !other->match(text, header)) return false;
    prefix_ = *other;
    return true;
  }

  void begin(std::string_view text, const Header& header, bool cut) {
    switch (header.level) {
      case Level::detail:
      case Level::context:
      case Level::annotation:
        annotate(header, cut);
        return;
      default:
        break;
    }
    last_ = (last_ + 1) % open_.size();
    Open& open = open_[last_];
    if (open.taken) emit(open, false);
    open.taken = true;
    open.line = number_;
    open.text.assign(text);
    open.header = header;
    for (auto* view : {&open.header.process, &open.header.session, &open.header.user, &open.header.database,
                       &open.header.application, &open.header.host, &open.header.message})
      rebase(*view, text.data(), open.text.data());
    open.long_message = false;
    open.detail.clear();
    open.detail_line = 0;
    open.nested = false;
    open.cut = cut;
    target_ = &open;
    in_detail_ = false;
  }

  Open* same_process(const Header& header) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Open& open = open_[(last_ + open_.size() - i) % open_.size()];
      if (open.taken && open.header.process == header.process && open.header.session == header.session)
        return &open;
    }
    return nullptr;
  }

  void annotate(const Header& header, bool cut) {
    target_ = nullptr;
    Open* open = same_process(header);
    if (open && header.level == Level::context) open->nested = true;
    if (!open || header.level != Level::detail || open->detail_line) {
      ++source_.other;
      return;
    }
    open->detail.assign(header.message);
    open->detail_line = number_;
    open->cut |= cut;
    target_ = open;
    in_detail_ = true;
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
    if (!in_detail_ && !target_->long_message) {
      target_->long_message = true;
      target_->message.assign(target_->header.message);
    }
    std::string& into = in_detail_ ? target_->detail : target_->message;
    if (into.size() + text.size() + 1 > longest_text || cut) {
      target_->cut = true;
      return;
    }
    into += '\n';
    into += text;
  }

  // Copies of logs lose the tabs: then what follows a statement belongs to it.
  bool could_continue(std::string_view text) const {
    if (tabs_seen_ || !target_ || in_detail_ || holds_level(text)) return false;
    const auto kind = parse_message(target_->header.message.substr(0, 256)).kind;
    return kind != Message::Kind::other && kind != Message::Kind::duration;
  }

  void emit(Open& open, bool truncated) {
    open.taken = false;
    const Header& header = open.header;
    Record record;
    record.line = open.line;
    record.time = header.time;
    record.whole_seconds = header.whole_seconds;
    record.level = header.level;
    record.nested = open.nested;
    record.truncated = truncated;
    record.cut = open.cut;
    record.session = header.session.empty() ? header.process : header.session;
    record.user = header.user;
    record.database = header.database;
    record.application = header.application;
    record.host = header.host;
    record.message = open.long_message ? std::string_view(open.message) : header.message;
    record.detail = open.detail;
    const Outcome outcome = sink_.take(record);
    book(source_, outcome.record, open.line);
    if (open.detail_line) ++(outcome.detail_used ? source_.used : source_.other);
    if (target_ == &open) target_ = nullptr;
  }

  Prefix prefix_;
  const bool container_names_;
  LogSource& source_;
  RecordSink& sink_;
  std::array<Open, 8> open_;
  std::size_t last_ = 0;
  Open* target_ = nullptr;  // what a further line belongs to; nullptr: a record that is passed over
  bool in_detail_ = false;
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
