#include "log/formats/envelope.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "log/lines/bytes.h"
#include "log/record/statement_template.h"
#include "log/record/time.h"

namespace pgadvise::log {
namespace {

using Json = nlohmann::json;

std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// "2024-05-01T12:00:00.123456+02:00" -> "2024-05-01 12:00:00.123 +0200"; nullopt: no stamp of ISO 8601.
std::optional<std::string> from_iso(std::string_view stamp) {
  if (stamp.size() < 20 || stamp[4] != '-' || stamp[7] != '-' || stamp[10] != 'T' || stamp[13] != ':' ||
      stamp[16] != ':' || !is_digit(stamp[18]))
    return std::nullopt;
  std::string fraction = "000";
  std::size_t at = 19;
  if (stamp[at] == '.') {
    const std::size_t begin = ++at;
    while (at < stamp.size() && is_digit(stamp[at])) ++at;
    fraction = std::string(stamp.substr(begin, at - begin)) + "000";
    fraction.resize(3);
  }
  std::string zone(stamp.substr(at));
  if (zone == "Z") zone = "UTC";
  zone.erase(std::remove(zone.begin(), zone.end(), ':'), zone.end());
  if (zone.empty() || zone.size() > 6) return std::nullopt;
  return fmt::format("{} {}.{} {}", stamp.substr(0, 10), stamp.substr(11, 8), fraction, zone);
}

// "May  1 12:00:00": the year is not in it. Any will do: times are compared within one log.
std::optional<std::string> from_bsd(std::string_view& text) {
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(months.begin(), months.end(), text.substr(0, 3));
  if (month == months.end() || text.size() < 16 || text[3] != ' ' || text[6] != ' ' || text[9] != ':' ||
      text[12] != ':' || text[15] != ' ')
    return std::nullopt;
  std::string day(text.substr(4, 2));
  if (day[0] == ' ') day[0] = '0';
  const auto out = fmt::format("2000-{:02}-{} {} UTC", month - months.begin() + 1, day, text.substr(7, 8));
  text.remove_prefix(16);
  return out;
}

// "[5-1] ": message and piece; "[5] " with syslog_split_messages = off. Not "[77] " of process 77, which its
// own prefix may say.
void take_numbers(std::string_view& text, std::string_view process, Piece& piece) {
  const auto end = text.substr(0, 32).find(']');
  if (!text.starts_with('[') || end == text.npos) return;
  const auto inside = text.substr(1, end - 1);
  const auto dash = std::min(inside.find('-'), inside.size());
  std::uint64_t message = 0;
  int number = 1;
  const auto parse = [](std::string_view digits, auto& into) {
    return std::from_chars(digits.data(), digits.data() + digits.size(), into).ptr ==
           digits.data() + digits.size();
  };
  if (!all_digits(inside.substr(0, dash)) || !parse(inside.substr(0, dash), message)) return;
  if (dash == inside.size() ? inside == process
                            : !all_digits(inside.substr(dash + 1)) || !parse(inside.substr(dash + 1), number))
    return;
  piece.message = message;
  piece.number = number;
  text.remove_prefix(std::min(end + 1, text.size()));
  // A further piece has its own blank where it was cut.
  do {
    if (!text.starts_with(' ')) break;
    text.remove_prefix(1);
  } while (number <= 1);
}

std::uint64_t origin_of(std::string_view host, std::string_view process) {
  return mix(hash_bytes(host, 5), hash_bytes(process, 7)) | 1;
}

// rsyslog writes control characters as #011.
std::string without_octal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#' && i + 3 < text.size() && text[i + 1] == '0' &&
        (text.substr(i + 2, 2) == "11" || text.substr(i + 2, 2) == "12")) {
      out += text[i + 3] == '1' ? '\t' : '\n';
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string front(const std::string& stamp, std::string_view process) {
  const bool fraction = stamp.size() > 19 && stamp[19] == '.';
  return fmt::format("{} [{}]{} ", stamp, process, fraction ? "" : ":");
}

bool syslog(std::string_view line, bool stamped, std::string& out, Piece& piece) {
  std::optional<std::string> stamp;
  std::string_view host, process;
  const bool modern = line.starts_with('<') && line.find('>') < 6;
  if (modern) {  // RFC 5424: <134>1 stamp host program process id data
    (void)take_word(line);
    stamp = from_iso(take_word(line));
    host = take_word(line);
    if (!take_word(line).starts_with("postgres")) return false;
    process = take_word(line);
    (void)take_word(line);
    if (line.starts_with('[') && line.find("] ") != line.npos && line.find('=') < line.find("] "))
      line.remove_prefix(line.find("] ") + 2);
    else (void)take_word(line);
    line = without_byte_order_mark(line);
  } else {
    if ((stamp = from_iso(line.substr(0, line.find(' '))))) (void)take_word(line);
    else stamp = from_bsd(line);
    host = take_word(line);
    const auto program = take_word(line);
    const auto open = program.find('[');
    if (!program.starts_with("postgres") || open == program.npos || !program.ends_with("]:")) return false;
    process = program.substr(open + 1, program.size() - open - 3);
  }
  if (!stamp || !all_digits(process)) return false;
  piece.origin = origin_of(host, process);
  take_numbers(line, process, piece);
  out = stamped ? front(*stamp, process) : std::string();
  piece.front = out.size();
  out += without_octal(line);
  return true;
}

// "2024-05-01T12:00:00.123456789Z stderr F line", as containerd and CRI-O write it; P: the line goes on in
// the next one.
bool cri(std::string_view line, std::string& out, Piece& piece) {
  const auto stamp = take_word(line), stream = take_word(line), tags = take_word(line);
  if ((stream != "stderr" && stream != "stdout") || (tags != "F" && tags != "P") || !from_iso(stamp))
    return false;
  piece.origin = origin_of(stream, {});
  piece.goes_on = tags == "P";
  out = line;
  return true;
}

// The stamp that an export of log events puts before the first line of each.
bool cloudwatch(std::string_view line, std::string& out) {
  const auto stamp = line.substr(0, line.find(' '));
  if (!stamp.ends_with('Z') || !from_iso(stamp)) return false;
  out = line.substr(std::min(stamp.size() + 1, line.size()));
  return true;
}

// "stamp app[postgres.77]: [DATABASE] [5-1]  sql_error_code = 00000 … LOG:  message"
bool logplex(std::string_view line, std::string& out, Piece& piece) {
  const auto stamp = from_iso(take_word(line));
  const auto source = take_word(line);
  const auto dot = source.find("[postgres.");
  if (!stamp || dot == source.npos || !source.ends_with("]:")) return false;
  const auto process = source.substr(dot + 10, source.size() - dot - 12);
  if (line.starts_with('[') && !is_digit(line.size() > 1 ? line[1] : 'x')) (void)take_word(line);
  piece.origin = origin_of(source, {});
  take_numbers(line, process, piece);
  out = front(*stamp, process);
  piece.front = out.size();
  static constexpr std::array<std::string_view, 9> levels = {
      "LOG:  ",    "ERROR:  ",     "FATAL:  ", "PANIC:  ",  "WARNING:  ",
      "DETAIL:  ", "STATEMENT:  ", "HINT:  ",  "CONTEXT:  "};
  std::size_t level = line.npos;
  const bool further = piece.number > 1 && line.substr(0, 32).find("sql_error_code") == line.npos;
  for (const auto word : levels)
    if (!further) level = std::min(level, line.find(word));
  if (level == line.npos && piece.number <= 1) return false;
  out += level == line.npos ? without_octal(line) : std::string(line.substr(level));
  return true;
}

std::string text_of(const Json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || it == object.end()) return {};
  return it->is_string() ? it->get<std::string>() : it->is_number_integer() ? it->dump() : std::string();
}

bool cloud_sql(const Json& object, std::string& out) {
  out = text_of(object, "textPayload");
  return !out.empty();
}

bool azure(const Json& object, std::string& out) {
  const auto properties = object.find("properties");
  if (properties == object.end() || !properties->is_object()) return false;
  out = text_of(*properties, "prefix") + text_of(*properties, "message");
  if (const auto detail = text_of(*properties, "detail"); !detail.empty()) out += "\n\t" + detail;
  return !text_of(*properties, "message").empty();
}

bool cloudnativepg(const Json& object, std::string& out) {
  const auto record = object.find("record");
  if (record == object.end() || !record->is_object() || text_of(*record, "error_severity").empty())
    return false;
  Json own;
  static constexpr std::array<std::pair<const char*, const char*>, 11> fields = {
      {{"log_time", "timestamp"},
       {"user_name", "user"},
       {"database_name", "dbname"},
       {"session_id", "session_id"},
       {"error_severity", "error_severity"},
       {"message", "message"},
       {"detail", "detail"},
       {"context", "context"},
       {"query", "statement"},
       {"sql_state_code", "state_code"},
       {"application_name", "application_name"}}};
  for (const auto& [theirs, ours] : fields)
    if (auto value = text_of(*record, theirs); !value.empty()) own[ours] = std::move(value);
  int process = 0;
  const auto number = text_of(*record, "process_id");
  std::from_chars(number.data(), number.data() + number.size(), process);
  own["pid"] = process;
  out = own.dump(-1, ' ', false, Json::error_handler_t::replace);
  return true;
}

Json parse_entry(std::string_view line) {
  constexpr std::size_t deepest = 64;
  std::size_t depth = 0;
  return Json::parse(
      line,
      [&](int level, Json::parse_event_t, Json&) {
        return (depth = std::max(depth, static_cast<std::size_t>(level))) < deepest;
      },
      false);
}

bool from_json(Envelope envelope, std::string_view line, std::string& out) {
  const Json object = parse_entry(line);
  if (!object.is_object()) return false;
  const bool known = envelope == Envelope::cloud_sql ? cloud_sql(object, out)
                     : envelope == Envelope::azure   ? azure(object, out)
                                                     : cloudnativepg(object, out);
  if (envelope != Envelope::cloudnativepg) out = replace_all(std::move(out), "\n\t", "\n");
  return known;
}

}  // namespace

std::string_view name(Envelope envelope) {
  static constexpr std::array<std::string_view, 8> names = {
      "", "syslog", "CloudWatch", "logplex", "Cloud SQL", "Azure", "CloudNativePG", "Kubernetes"};
  return names[static_cast<std::size_t>(envelope)];
}

std::int64_t entry_time(Envelope envelope, std::string_view line) {
  if ((envelope != Envelope::cloud_sql && envelope != Envelope::azure) || !line.starts_with('{'))
    return no_time;
  const Json object = parse_entry(line);
  if (!object.is_object()) return no_time;
  const auto written = from_iso(text_of(object, envelope == Envelope::azure ? "time" : "timestamp"));
  const Stamp stamp = written ? take_stamp(*written, true) : Stamp{};
  return stamp.length ? stamp.time : no_time;
}

bool unwrap(Envelope envelope, std::string_view line, bool stamped, std::string& out, Piece& piece) {
  piece = {};
  switch (envelope) {
    case Envelope::none: return false;
    case Envelope::syslog: return syslog(line, stamped, out, piece);
    case Envelope::cloudwatch: return cloudwatch(line, out);
    case Envelope::logplex: return logplex(line, out, piece);
    case Envelope::cri: return cri(line, out, piece);
    default: return line.starts_with('{') && from_json(envelope, line, out);
  }
}

}  // namespace pgadvise::log
