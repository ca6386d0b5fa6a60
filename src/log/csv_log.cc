#include <algorithm>
#include <array>

#include "log/decoder.h"
#include "log/language.h"
#include "log/time.h"

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
  if (end == std::string_view::npos) return false;
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

class CsvDecoder final : public Decoder {
 public:
  CsvDecoder(LogSource& source, RecordSink& sink) : source_(source), sink_(sink) {}

  void line(const Line& line) override {
    ++source_.lines;
    const int number = static_cast<int>(source_.lines);
    std::string_view text = line.text;
    while (text.starts_with('\0')) text.remove_prefix(1);
    const bool odd = std::count(text.begin(), text.end(), '"') % 2 != 0;
    if (open_ && starts_csv_record(text)) give_up();
    if (!open_) {
      if (text.empty()) {
        ++source_.other;
      } else if (odd || line.cut) {
        open_ = true;
        cut_ = line.cut;
        first_line_ = number;
        text_.assign(text);
      } else {
        record(text, number, false);
      }
      return;
    }
    ++source_.continuation;
    if (cut_ || line.cut || text_.size() + text.size() + 1 > longest_text)
      cut_ = true;
    else
      text_.append(1, '\n').append(text);
    if (!odd || cut_) return;
    open_ = false;
    record(text_, first_line_, false);
  }

  void finish() override {
    if (open_) give_up();
  }

 private:
  // A quote that is never closed, or a record over the limit, which still tells what it was.
  void give_up() {
    open_ = false;
    if (cut_)
      record(text_ + '"', first_line_, true);
    else
      book_not_understood(source_, first_line_);
  }

  void record(std::string_view rest, int number, bool cut) {
    std::array<std::string_view, application_name + 1> field{};
    std::array<bool, application_name + 1> doubled{};
    std::size_t count = 0;
    while (count < field.size() && !rest.empty()) {
      if (!take_field(rest, field[count], doubled[count])) break;
      ++count;
    }
    const Stamp stamp = take_stamp(field[log_time], true);
    const auto level = level_of(field[error_severity]);
    if (stamp.length == 0 || !level || (count < fewest_columns && !cut)) {
      book_not_understood(source_, number);
      return;
    }
    const auto plain = [&](Column column, std::string& storage) -> std::string_view {
      if (!doubled[column]) return field[column];
      undouble(field[column], storage);
      return storage;
    };
    Record out;
    out.line = number;
    out.time = stamp.time;
    out.whole_seconds = stamp.whole_seconds;
    out.level = *level;
    out.nested = !field[context].empty();
    out.cut = cut;
    out.session = field[session_id];
    out.user = plain(user_name, user_);
    out.database = plain(database_name, database_);
    out.application = plain(application_name, application_);
    out.host = field[connection_from].substr(0, field[connection_from].rfind(':'));
    out.message = plain(message, message_);
    out.detail = plain(detail, detail_);
    book(source_, sink_.take(out).record, number);
  }

  LogSource& source_;
  RecordSink& sink_;
  bool open_ = false;  // within a quoted field that goes over line ends
  bool cut_ = false;
  int first_line_ = 0;
  std::string text_;
  std::string user_, database_, application_, message_, detail_;
};

}  // namespace

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

std::unique_ptr<Decoder> make_csv_decoder(LogSource& source, RecordSink& sink) {
  return std::make_unique<CsvDecoder>(source, sink);
}

}  // namespace pgadvise::log
