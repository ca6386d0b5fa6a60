#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "log/formats/decoders.h"
#include "log/lines/bytes.h"
#include "log/prefix/prefix_search.h"
#include "log/record/language.h"
#include "sql/parse/statement.h"

namespace pgadvise::log {
namespace {

// Lines without a tab behind a record.
struct Loose {
  std::string text;  // each behind a line end
  std::uint32_t lines = 0;
  std::uint32_t blank = 0;
  std::array<int, 3> at{};  // the first ones that aren't blank
};

// A record that may still get further lines. The server writes a record in one piece, but through a pipe two
// sessions' pieces can mingle, so a few are kept open.
struct Open {
  // DETAIL or STATEMENT.
  struct Annotation {
    std::string text;
    int line = 0;  // 0: the record has none
    std::uint64_t sequence = 0;
    bool extra = false;  // a part of another line of the log
    bool several_lines = false;

    void clear() {
      text.clear();
      line = 0;
      several_lines = false;
    }
  };

  bool taken = false;
  int line = 0;
  std::uint64_t sequence = 0;  // of the lines that were given
  std::string_view text;       // the first line; in the chunk or in `own_text`
  std::string own_text;
  const Header* header = nullptr;  // in the chunk or `own_header`; views into `text`
  Header own_header;
  std::string message;  // all lines of it, when there are more than one
  std::uint32_t message_lines = 1;
  bool contiguous = true;  // they follow each other in the log
  Annotation detail, statement;
  bool nested = false;
  bool cut = false;
  Loose loose;
  std::uint64_t container = 0;  // hash of its name; 0: none
  const LineAhead* ahead = nullptr;
};

// The chunk's memory goes.
void detach(Open& open) {
  open.ahead = nullptr;
  if (open.text.data() == open.own_text.data()) return;
  open.own_text.assign(open.text);
  if (open.header != &open.own_header) open.own_header = *open.header;
  open.header = &open.own_header;
  Header& header = open.own_header;
  const auto rebase = [&](std::string_view& view) {
    if (view.data()) view = {open.own_text.data() + (view.data() - open.text.data()), view.size()};
  };
  for (const auto part : header_parts) rebase(header.*part);
  rebase(header.message);
  open.text = open.own_text;
}

std::uint64_t hash_container(std::string_view name) { return name.empty() ? 0 : hash_bytes(name, 3) | 1; }

class StderrDecoder final : public Decoder {
 public:
  StderrDecoder(const Format& format, LogSource& source, RecordSink& sink)
      : first_prefix_(format.prefix), format_(format), source_(source), sink_(sink) {}

  void look_ahead(Chunk& chunk, Memory& memory) const override {
    auto& ahead = chunk.stderr_lines;
    ahead.resize(chunk.lines.size());
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      std::string_view& text = chunk.lines[i].text;
      if (format_.container_names) ahead[i].container = take_container(text);
      ahead[i].message_lines = 0;
      ahead[i].matched =
          !text.starts_with('\t') && memory.prefixes.match(first_prefix_, text, ahead[i].header);
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
    if (!held_.lines.empty()) release();
    for (std::size_t i = 1; i <= open_.size(); ++i) {
      Open& open = open_[(last_ + i) % open_.size()];
      if (open.taken) emit(open, unterminated_ && i == open_.size());
    }
  }

 private:
  static std::string_view take_container(std::string_view& text) {
    const auto [name, length] = container_name(text);
    text.remove_prefix(length);
    return name;
  }

  // The record that begins at line `first`, as far as it lies in the chunk.
  void preview(Chunk& chunk, std::size_t first, Memory& memory) const {
    auto& ahead = chunk.stderr_lines;
    LineAhead& own = ahead[first];
    std::size_t next = first + 1;
    while (next < ahead.size() && chunk.lines[next].text.starts_with('\t') &&
           (!format_.container_names || ahead[next].container == own.container))
      ++next;
    if (next == ahead.size()) return;  // the record may go on in the next chunk
    Record& record = memory.record;
    fill(record, own.header, format_.container_names ? hash_container(own.container) : 0);
    for (std::size_t i = first; i < next; ++i)
      if (chunk.lines[i].cut) return;
    if (next > first + 1) {
      std::string& message = chunk.texts.next();
      message.assign(own.header.message);
      for (std::size_t i = first + 1; i < next; ++i)
        message.append(1, '\n').append(chunk.lines[i].text.substr(1));
      if (message.size() > longest_text) return;
      record.message = message;
    }
    record.sqlstate = take_sqlstate(record.message);
    const LineAhead& behind = ahead[next];
    own.with_detail = format_.in_order && (!format_.container_names || behind.container == own.container) &&
                      behind.matched && behind.header.level == Level::detail && !chunk.lines[next].cut &&
                      next + 1 < ahead.size() && ahead[next + 1].matched &&
                      behind.header.process == own.header.process &&
                      behind.header.session == own.header.session;
    record.detail = own.with_detail ? behind.header.message : std::string_view();
    own.message_lines = static_cast<std::uint32_t>(next - first);
    log::look_ahead(record, memory.scanner, own.preview);
  }

  static void fill(Record& record, const Header& header, std::uint64_t container) {
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
    // The servers of two containers give the same process ids.
    if (container && !record.session.empty())
      record.session_hash =
          mix(record.session_hash ? record.session_hash : hash_session(record.session), container);
  }

  void line(const Line& line, const LineAhead& ahead) {
    source_.lines += !line.extra;
    ++sequence_;
    number_ = line.number ? line.number : static_cast<int>(source_.lines);
    unterminated_ = !line.terminated;
    if (format_.container_names && ahead.container != container_) change_container(ahead.container);
    if (ahead.matched && !other_prefix_ && held_.lines.empty()) begin(line, ahead.header, &ahead);
    else line_of_another_prefix(line, ahead);
  }

  [[gnu::cold]] void line_of_another_prefix(const Line& line, const LineAhead& ahead) {
    Header header;
    const bool other = other_prefix_ && other_prefix_->match(line.text, header);
    if (!other && !ahead.matched && !header_of(line.text, header)) {
      if (!held_.lines.empty() || worth_holding(line.text)) hold(line);
      else more(line.text, line.cut);
      return;
    }
    if (!held_.lines.empty()) release();
    if (!other && ahead.matched) other_prefix_ = nullptr;
    begin(line, !other && ahead.matched ? ahead.header : header, !other && ahead.matched ? &ahead : nullptr);
  }

  // By another prefix: the setting may have been changed; only lines that could be a record are worth the
  // search.
  bool header_of(std::string_view text, Header& header) {
    if (text.empty() || text.front() == '\t' || text.substr(0, 4096).find(":  ") == std::string_view::npos)
      return false;
    const auto learned = std::find_if(learned_.begin(), learned_.end(),
                                      [&](const Prefix& prefix) { return prefix.match(text, header); });
    const Prefix* other = learned != learned_.end() ? &*learned : find_prefix(text);
    if (!other || other->pattern().empty() || !other->match(text, header)) return false;
    other_prefix_ = other;
    return true;
  }

  // A run of lines that no known prefix fits: held until enough of them are there to infer theirs.
  bool worth_holding(std::string_view text) const {
    return !format_.container_names && learned_.size() < max_learned && number_ >= hold_from_ &&
           !text.starts_with('\t') && holds_level(text);
  }

  [[gnu::cold]] void hold(const Line& line) {
    held_.lines.push_back({std::string(line.text), number_, line.cut});
    held_.bytes += line.text.size();
    held_.levels += !line.text.starts_with('\t') && holds_level(line.text);
    constexpr std::size_t enough_levels = 40, max_lines = 400;
    if (held_.levels >= enough_levels || held_.lines.size() >= max_lines || held_.bytes > longest_text)
      release();
  }

  [[gnu::cold]] void release() {
    const HeldLines held = std::exchange(held_, {});
    std::vector<std::string_view> lines;
    for (const HeldLine& line : held.lines)
      if (!line.text.starts_with('\t')) lines.push_back(line.text);
    constexpr std::size_t fewest_levels = 8;
    if (auto prefix = held.levels >= fewest_levels ? infer_prefix(lines) : std::nullopt) {
      other_prefix_ = &learned_.emplace_back(std::move(*prefix));
    } else if (held.levels >= fewest_levels) {
      hold_pause_ = std::min(2 * hold_pause_, 1 << 20);
      hold_from_ = number_ + hold_pause_;
    }
    const int last = number_;
    for (const HeldLine& line : held.lines) {
      number_ = line.number;
      Header header;
      if (other_prefix_ && other_prefix_->match(line.text, header))
        begin({line.text, line.cut}, header, nullptr);
      else more(line.text, line.cut);
    }
    number_ = last;
    for (Open& open : open_)
      if (open.taken) detach(open);
  }

  // What the next line without a prefix belongs to is another record in each container.
  [[gnu::cold]] void change_container(std::string_view name) {
    constexpr std::size_t max_containers = 64;
    if (targets_.size() >= max_containers) targets_.clear();
    targets_[container_] = target_;
    container_ = name;
    container_hash_ = hash_container(name);
    const auto known = targets_.find(container_);
    target_ = known == targets_.end() ? Target{} : known->second;
  }

  void begin(const Line& line, const Header& header, const LineAhead* ahead) {
    if (header.level >= Level::detail) {
      annotate(header, line);
      return;
    }
    last_ = (last_ + 1) % open_.size();
    Open& open = open_[last_];
    if (open.taken) emit(open, false);
    open.taken = true;
    open.line = number_;
    open.sequence = sequence_;
    open.text = line.text;
    if (!ahead) open.own_header = header;
    open.header = ahead ? &ahead->header : &open.own_header;
    open.message_lines = 1;
    open.contiguous = true;
    open.detail.clear();
    open.statement.clear();
    open.nested = false;
    open.cut = line.cut;
    open.container = container_hash_;
    open.ahead = ahead;
    target_ = {&open};
  }

  Open* same_process(const Header& header) {
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Open& open = open_[(last_ + open_.size() - i) % open_.size()];
      if (open.taken && open.header->process == header.process && open.header->session == header.session &&
          open.container == container_hash_)
        return &open;
    }
    return nullptr;
  }

  void annotate(const Header& header, const Line& line) {
    target_ = {};
    Open* open = format_.in_order ? same_process(header) : nullptr;
    if (open && header.level == Level::context) open->nested = true;
    Open::Annotation* const into = !open                              ? nullptr
                                   : header.level == Level::detail    ? &open->detail
                                   : header.level == Level::statement ? &open->statement
                                                                      : nullptr;
    if (!into || into->line) {
      source_.other += !line.extra;
      return;
    }
    into->text.assign(header.message);
    into->line = number_;
    into->sequence = sequence_;
    into->extra = line.extra;
    open->cut |= line.cut;
    target_ = {open, into};
  }

  // The server puts a tab before each further line of a record.
  void more(std::string_view text, bool cut) {
    const bool tabbed = text.starts_with('\t');
    tabs_seen_ |= tabbed;
    if (!tabbed) {
      stray(text, cut);
      return;
    }
    ++source_.continuation;
    if (!target_.open) return;
    Open& open = *target_.open;
    if (open.loose.lines) pass_over(open.loose);
    text.remove_prefix(1);
    if (target_.annotation) {
      target_.annotation->several_lines = true;
    } else {
      if (open.message_lines == 1) open.message.assign(open.header->message);
      open.contiguous &= sequence_ == open.sequence + open.message_lines;
      ++open.message_lines;
    }
    std::string& into = target_.annotation ? target_.annotation->text : open.message;
    if (into.size() + text.size() + 1 > longest_text || cut) {
      open.cut = true;
      return;
    }
    into += '\n';
    into += text;
  }

  // Copies of logs lose the tabs: then what follows a statement belongs to it. But other programs write into
  // a server's stderr, too; which of both it is shows when the record is whole.
  [[gnu::cold]] void stray(std::string_view text, bool cut) {
    if (!could_continue(text) || cut || target_.open->loose.text.size() + text.size() + 1 > longest_text) {
      if (text.empty()) ++source_.other;
      else count_not_understood(source_, line_in_file(number_, format_));
      return;
    }
    Loose& loose = target_.open->loose;
    loose.text.append(1, '\n').append(text);
    if (text.empty()) ++loose.blank;
    else if (const std::uint32_t count = loose.lines - loose.blank; count < loose.at.size())
      loose.at.at(count) = number_;
    ++loose.lines;
  }

  bool could_continue(std::string_view text) const {
    if (tabs_seen_ || !target_.open || target_.annotation || strays_ >= max_strays || holds_level(text))
      return false;
    std::string_view message = target_.open->header->message.substr(0, 256);
    take_sqlstate(message);
    const auto kind = parse_message(message).kind;
    return kind != Message::Kind::other && kind != Message::Kind::duration;
  }

  [[gnu::cold]] void settle(Open& open) {
    if (!belongs(open)) {
      ++strays_;
      pass_over(open.loose);
      return;
    }
    tabs_lost_ = true;
    strays_ = 0;
    open.message.assign(open.header->message).append(open.loose.text);
    open.message_lines += open.loose.lines;
    source_.continuation += open.loose.lines;
    open.loose = {};
  }

  [[gnu::cold]] void pass_over(Loose& loose) {
    const std::uint32_t strangers = loose.lines - loose.blank;
    source_.other += loose.blank;
    source_.not_understood += strangers;
    for (std::size_t i = 0; i < std::min<std::size_t>(strangers, loose.at.size()); ++i)
      keep_not_understood(source_, line_in_file(loose.at.at(i), format_));
    loose = {};
  }

  // Does the statement with these lines parse? The first time it must show that it needs them, too: a word
  // behind a statement may pass for an alias.
  bool belongs(const Open& open) {
    if (tabs_seen_ || open.message_lines > 1) return false;
    std::string_view message = open.header->message;
    take_sqlstate(message);
    const Message parsed = parse_message(message);
    const std::string_view behind = trim(open.loose.text);
    if (parsed.kind == Message::Kind::plan)
      return trim(parsed.sql).empty() && (behind.starts_with("Query Text:") || behind.starts_with('{'));
    std::string_view sql = parsed.sql;
    if (parsed.kind == Message::Kind::step) {
      const auto name = message.find("ms  ");
      const auto colon = name == std::string_view::npos ? name : message.find(": ", name);
      if (colon == std::string_view::npos) return false;
      sql = message.substr(colon + 2);
    }
    return (tabs_lost_ || trim(sql).empty() || continues_statement(behind) || !parses(std::string(sql))) &&
           parses(std::string(sql) + open.loose.text);
  }

  static bool continues_statement(std::string_view text) {
    static constexpr std::string_view words[] = {
        "and",    "cross", "from", "full",  "group",     "having", "inner", "join",  "left",   "limit",
        "offset", "on",    "or",   "order", "returning", "right",  "set",   "union", "values", "where"};
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return is_one_of(lower(text.substr(0, end)), words) && (end == text.npos || text[end] <= ' ');
  }

  bool parses(const std::string& statement) {
    constexpr std::size_t longest_parsed = std::size_t{256} << 10, max_known = 4096;
    if (statement.size() > longest_parsed) return tabs_lost_;
    const std::uint64_t hash = scanner_.scan(statement).hash;
    if (parsed_.size() > max_known) parsed_.clear();
    const auto [known, fresh] = parsed_.try_emplace(hash, false);
    if (fresh) known->second = sql::check_syntax(statement).has_value();
    return known->second;
  }

  void emit(Open& open, bool truncated) {
    open.taken = false;
    const bool ends_in_stray = open.loose.lines > 0;
    if (ends_in_stray) settle(open);
    Record& record = record_;  // not made anew for each: zeroing it shows
    fill(record, *open.header, open.container);
    record.preview = nullptr;
    record.line = line_in_file(open.line, format_);
    record.nested = open.nested;
    record.truncated = truncated && (!ends_in_stray || open.message_lines > 1);
    record.cut = open.cut;
    if (open.message_lines > 1) record.message = open.message;
    record.sqlstate = take_sqlstate(record.message);
    record.detail = open.detail.text;
    record.statement = open.statement.text;
    if (preview_holds(open)) record.preview = &open.ahead->preview;
    const Outcome outcome = sink_.take(record);
    count_line(source_, outcome.record, record.line);
    count_annotation(open.detail, outcome.detail_used);
    count_annotation(open.statement, outcome.statement_used);
    if (target_.open == &open) target_ = {};
    if (format_.container_names) forget(open);
  }

  void count_annotation(const Open::Annotation& annotation, bool used) {
    if (annotation.line && !annotation.extra) ++(used ? source_.used : source_.other);
  }

  [[gnu::cold]] void forget(const Open& open) {
    for (auto& [name, target] : targets_)
      if (target.open == &open) target = {};
  }

  // Did the record become what was assumed ahead?
  static bool preview_holds(const Open& open) {
    if (!open.ahead || open.ahead->message_lines != open.message_lines || !open.contiguous || open.cut ||
        open.nested)
      return false;
    if (!open.detail.line) return !open.ahead->with_detail;
    return open.ahead->with_detail && !open.detail.several_lines &&
           open.detail.sequence == open.sequence + open.message_lines;
  }

  // What a further line belongs to.
  struct Target {
    Open* open = nullptr;                    // nullptr: a record that is passed over
    Open::Annotation* annotation = nullptr;  // nullptr: the message
  };
  struct HeldLine {
    std::string text;
    int number = 0;
    bool cut = false;
  };
  struct HeldLines {
    std::vector<HeldLine> lines;
    std::size_t bytes = 0;
    std::size_t levels = 0;  // lines with a level
  };
  static constexpr std::size_t max_learned = 8;
  static constexpr int max_strays = 64;

  Record record_;
  const Prefix first_prefix_;
  const Format format_;                   // not in_order: an annotation may stand before its record
  const Prefix* other_prefix_ = nullptr;  // since the setting was changed
  std::deque<Prefix> learned_;            // inferred on the way
  HeldLines held_;
  int hold_from_ = 0;  // not before this line: the last attempt failed
  int hold_pause_ = 256;
  std::string container_;  // that the current line is of
  std::uint64_t container_hash_ = 0;
  std::map<std::string, Target, std::less<>> targets_;  // of the other containers
  LogSource& source_;
  RecordSink& sink_;
  std::array<Open, 8> open_;
  std::size_t last_ = 0;
  Target target_;
  bool tabs_seen_ = false;
  bool tabs_lost_ = false;  // a statement went on without them
  int strays_ = 0;          // records with lines behind them that were not theirs, since one with its own
  StatementScanner scanner_;
  std::unordered_map<std::uint64_t, bool> parsed_;  // by template
  bool unterminated_ = false;
  int number_ = 0;
  std::uint64_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_stderr_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  return std::make_unique<StderrDecoder>(format, source, sink);
}

}  // namespace pgadvise::log
