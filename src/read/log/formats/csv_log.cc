#include <algorithm>
#include <array>

#include "log/formats/decoders.h"
#include "log/record/language.h"
#include "log/record/time.h"

namespace pgadvise::log {
namespace {

enum Column {
  log_time,
  user_name,
  database_name,
  process_id,
  connection_from,
  session_id,
  session_line_num,
  command_tag,
  session_start_time,
  virtual_transaction_id,
  transaction_id,
  error_severity,
  sql_state_code,
  message,
  detail,
  hint,
  internal_query,
  internal_query_pos,
  context,
  query,
  query_pos,
  location,
  application_name
};
constexpr std::size_t fewest_columns = 22;  // up to 8.4; 9.0 to 12 have 23, 13 has 24, from 14 26

// Takes a field and the comma behind it; false: a quote is not closed, or something follows it.
bool take_field(std::string_view& rest, std::string_view& field, bool& doubled) {
  doubled = false;
  if (!rest.starts_with('"')) {
    const auto comma = rest.find(',');
    field = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    return field.find('"') == std::string_view::npos;
  }
  std::size_t end = 1;
  while ((end = rest.find('"', end)) != std::string_view::npos && end + 1 < rest.size() &&
         rest[end + 1] == '"') {
    doubled = true;
    end += 2;
  }
  if (end == std::string_view::npos) {
    rest = {};
    return false;
  }
  field = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  if (rest.empty()) return true;
  if (rest.front() != ',') return false;
  rest.remove_prefix(1);
  return true;
}

void undouble(std::string_view field, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < field.size();) {
    const auto quote = field.find('"', at);
    if (quote == std::string_view::npos) {
      out.append(field.substr(at));
      break;
    }
    out.append(field.substr(at, quote - at + 1));
    at = quote + 2;
  }
}

// `text` is one record, without the quotes that a cut one lacks. false: it is none.
bool read_csv_record(std::string_view text, bool cut, TextPool& texts, StampReader& stamps, Record& out) {
  std::array<std::string_view, application_name + 1> field{};
  std::array<bool, application_name + 1> doubled{};
  std::size_t count = 0;
  while (count < field.size() && !text.empty()) {
    if (!take_field(text, field[count], doubled[count])) break;
    ++count;
  }
  const Stamp stamp = stamps.take(field[log_time]);
  const auto level = level_of(field[error_severity]);
  // A cut one ends where it was cut; one with something behind a quote is broken.
  if (stamp.length == 0 || !level || (count < fewest_columns && !(cut && text.empty()))) return false;
  const auto plain = [&](Column column) -> std::string_view {
    if (!doubled[column]) return field[column];
    std::string& storage = texts.next();
    undouble(field[column], storage);
    return storage;
  };
  out = {};
  out.time = stamp.time;
  out.whole_seconds = stamp.whole_seconds;
  out.level = *level;
  out.nested = !field[context].empty();
  out.cut = cut;
  out.session = field[session_id];
  out.user = plain(user_name);
  out.database = plain(database_name);
  out.application = plain(application_name);
  out.host = field[connection_from].substr(0, field[connection_from].rfind(':'));
  out.message = plain(message);
  out.detail = plain(detail);
  out.statement = plain(query);
  out.sqlstate = field[sql_state_code];
  return true;
}

class CsvDecoder final : public Decoder {
 public:
  CsvDecoder(const Format& format, LogSource& source, RecordSink& sink)
      : format_(format), source_(source), sink_(sink) {}

  // As if no record were open where the chunk begins; a wrong guess is put right at the next line that begins
  // one.
  void look_ahead(Chunk& chunk, Memory& memory) const override {
    chunk.records.resize(chunk.lines.size());
    for (std::size_t i = 0; i < chunk.lines.size(); i += std::max<std::size_t>(1, chunk.records[i].lines))
      record_ahead(chunk, i, memory);
  }

  void take(Chunk& chunk) override {
    for (std::size_t i = 0; i < chunk.lines.size();) {
      RecordAhead& ahead = chunk.records[i];
      if (open_ || ahead.lines == 0) {
        line(chunk.lines[i++]);
        continue;
      }
      const int number = line_in_file(static_cast<int>(source_.lines) + 1, format_);
      source_.lines += ahead.lines;
      i += ahead.lines;
      ahead.record.preview = &ahead.preview;
      give(ahead.understood, ahead.record, number, ahead.lines);
    }
  }

  void finish() override {
    if (open_) give_up();
  }

 private:
  static void record_ahead(Chunk& chunk, std::size_t first, Memory& memory) {
    RecordAhead& ahead = chunk.records[first];
    ahead.lines = 0;
    std::string_view text = chunk.lines[first].text;
    if (text.empty() || chunk.lines[first].cut) return;
    std::size_t next = first + 1;
    if (odd_quotes(text)) {
      std::string& joined = chunk.texts.next();
      joined.assign(text);
      for (bool closed = false; !closed; ++next) {
        if (next == chunk.lines.size() || chunk.lines[next].cut) return;
        const std::string_view further = chunk.lines[next].text;
        if (starts_csv_record(further) || joined.size() + further.size() + 1 > longest_text) return;
        joined.append(1, '\n').append(further);
        closed = odd_quotes(further);
      }
      text = joined;
    }
    for (std::size_t i = first; i < next; ++i) chunk.records[i].lines = 0;
    ahead.lines = static_cast<std::uint32_t>(next - first);
    ahead.understood = read_csv_record(text, false, chunk.texts, memory.stamps, ahead.record);
    if (ahead.understood) log::look_ahead(ahead.record, memory.scanner, ahead.preview);
  }

  void line(const Line& line) {
    ++source_.lines;
    const int number = line_in_file(static_cast<int>(source_.lines), format_);
    const std::string_view text = line.text;
    const bool odd = odd_quotes(text);
    if (open_ && starts_csv_record(text)) give_up();
    if (!open_) {
      if (text.empty()) {
        ++source_.other;
      } else if (odd || line.cut) {
        open_ = true;
        cut_ = line.cut;
        lines_ = 1;
        first_line_ = number;
        text_.assign(text);
      } else {
        lines_ = 1;
        record(text, number, false);
      }
      return;
    }
    ++lines_;
    if (cut_ || line.cut || text_.size() + text.size() + 1 > longest_text) cut_ = true;
    else text_.append(1, '\n').append(text);
    if (!odd || cut_) return;
    open_ = false;
    record(text_, first_line_, false);
  }

  // A quote that is never closed, or a record over the limit, which still tells what it was. It may have been
  // cut between the two quotes that stand for one.
  void give_up() {
    open_ = false;
    if (cut_) record(text_ + (odd_quotes(text_) ? "\"" : "\"\""), first_line_, true);
    else broken(first_line_, lines_);
  }

  // All lines of it.
  void broken(int number, std::uint64_t lines) {
    source_.not_understood += lines;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(lines, 3); ++i)
      keep_not_understood(source_,
                          number + (format_.lines_from_end ? -static_cast<int>(i) : static_cast<int>(i)));
  }

  void record(std::string_view text, int number, bool cut) {
    texts_.clear();
    Record out;
    give(read_csv_record(text, cut, texts_, stamps_, out), out, number, lines_);
  }

  void give(bool understood, Record& record, int number, std::uint64_t lines) {
    if (!understood) return broken(number, lines);
    source_.continuation += lines - 1;
    record.line = number;
    count_line(source_, sink_.take(record).record, number);
  }

  const Format format_;
  LogSource& source_;
  RecordSink& sink_;
  bool open_ = false;  // within a quoted field that goes over line ends
  bool cut_ = false;
  int first_line_ = 0;
  std::uint64_t lines_ = 0;  // of the record
  std::string text_;
  TextPool texts_;
  StampReader stamps_;
};

}  // namespace

bool odd_quotes(std::string_view line) { return std::count(line.begin(), line.end(), '"') % 2 != 0; }

bool starts_csv_record(std::string_view line) {
  const Stamp stamp = take_stamp(line, true);
  if (stamp.length == 0 || stamp.whole_seconds || !line.substr(stamp.length).starts_with(',')) return false;
  std::string_view rest = line.substr(0, 4096);
  std::string_view field;
  bool doubled = false;
  for (int column = log_time; column <= session_id; ++column) {
    if (!take_field(rest, field, doubled)) return false;
    if (column == process_id &&
        (field.empty() || field.find_first_not_of("0123456789") != std::string_view::npos))
      return false;
  }
  const auto dot = field.find('.');
  return dot != std::string_view::npos &&
         field.find_first_not_of("0123456789abcdef.") == std::string_view::npos;
}

std::int64_t csv_record_time(std::string_view line) { return take_stamp(line, true).time; }

std::unique_ptr<Decoder> make_csv_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  return std::make_unique<CsvDecoder>(format, source, sink);
}

}  // namespace pgadvise::log
