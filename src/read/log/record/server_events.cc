#include "log/record/server_events.h"

#include <charconv>
#include <vector>

#include "base/text/text.h"
#include "sql/parse/redact.h"
#include "sql/parse/statement.h"

namespace pgadvise::log {
namespace {

using Kind = ServerEvent::Kind;

// What stands between `before` and `after`; "" when they don't.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const auto start = text.find(before);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start + before.size());
  const auto end = after.empty() ? text.size() : text.find(after);
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

double number_of(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return value;
}

// "1:02:03.456".
double span_ms(std::string_view text) {
  const auto hours = text.find(':');
  const auto minutes = hours == std::string_view::npos ? hours : text.find(':', hours + 1);
  if (minutes == std::string_view::npos) return 0;
  return (number_of(text.substr(0, hours)) * 3600 +
          number_of(text.substr(hours + 1, minutes - hours - 1)) * 60 + number_of(text.substr(minutes + 1))) *
         1000;
}

std::string who(const Record& record) {
  std::string out(record.user);
  if (!record.database.empty()) out.append("@").append(record.database);
  return out;
}

// "user=x database=y application_name=z SSL enabled (…)"
std::string who_of(std::string_view message, const Record& record) {
  const auto value = [&](std::string_view name) {
    const auto rest = between(message, name, "");
    return rest.substr(0, rest.find(' '));
  };
  const auto user = value("user=");
  if (user.empty()) return who(record);
  return std::string(user) + "@" + std::string(value(" database="));
}

// "Process 1 waits for …; blocked by process 2.⏎Process 1: UPDATE …⏎Process 2: DELETE …": the statements of
// all but the first, whose own the record tells of.
std::string other_sides(std::string_view detail) {
  constexpr std::size_t most = 8192;
  constexpr std::string_view process = "Process ";
  if (!detail.starts_with(process) || detail.size() > most) return {};
  const std::string_view victim = between(detail, process, " ");
  std::vector<std::string> statements;
  bool other = false;
  for (auto line : split(detail, '\n')) {
    line = trim(line);
    const auto number =
        line.starts_with(process)
            ? line.substr(process.size(),
                          line.find_first_not_of("0123456789", process.size()) - process.size())
            : std::string_view{};
    const bool begins = !number.empty() && line.substr(process.size() + number.size()).starts_with(": ");
    if (begins) {
      other = number != victim;
      if (other) statements.emplace_back(line.substr(process.size() + number.size() + 2));
    } else if (other && number.empty()) {
      statements.back().append("\n").append(line);
    }
  }
  std::string out;
  for (const auto& statement : statements) {
    const auto normalized = sql::normalize(statement);
    if (!normalized) continue;  // cut at track_activity_query_size, perhaps within a literal
    out.append(out.empty() ? "" : "; ").append(sql::redact(*normalized));
  }
  return out;
}

// The server's own reasons; a function may raise the same code with any text.
std::string_view known_reason(std::string_view reason, std::string_view state) {
  constexpr std::string_view reasons[] = {
      "statement timeout",           "lock timeout",         "user request",       "conflict with recovery",
      "idle-in-transaction timeout", "idle-session timeout", "transaction timeout"};
  if (const auto at = reason.find(" at character "); at != std::string_view::npos)
    reason = reason.substr(0, at);
  return is_one_of(reason, reasons) ? reason : state;
}

constexpr std::string_view serialization_failure = "serialization failure";

std::optional<ParsedEvent> of_error(const Record& record) {
  const std::string_view message = record.message;
  const std::string_view state = record.sqlstate;
  const auto is = [&](std::initializer_list<std::string_view> states,
                      std::initializer_list<std::string_view> beginnings) {
    return is_one_of(state, states) || (state.empty() && std::ranges::any_of(beginnings, [&](auto text) {
                                          return message.starts_with(text);
                                        }));
  };
  // 42P01 as well: "missing FROM-clause entry for table", which keeps the word in most translations.
  if ((state == "42P01" && !contains(message, "FROM")) ||
      (state.empty() && message.starts_with("relation \"") && contains(message, "\" does not exist")))
    return ParsedEvent{Kind::unknown_relation, std::string(between(message, "\"", "\""))};
  if (is({"40P01"}, {"deadlock detected"})) return ParsedEvent{Kind::deadlock, other_sides(record.detail)};
  if (is({"57014", "55P03", "25P03", "25P04"},
         {"canceling statement due to ", "terminating connection due to idle-in-transaction timeout",
          "terminating connection due to transaction timeout"}))
    return ParsedEvent{Kind::cancelled, std::string(known_reason(between(message, " due to ", ""), state))};
  // Conflicts on a standby have this code, too.
  if (is({"40001"}, {"could not serialize access due to "}))
    return ParsedEvent{Kind::cancelled, contains(message, "conflict with recovery")
                                            ? "conflict with recovery"
                                            : std::string(serialization_failure)};
  constexpr std::string_view of_a_name = "too many connections for ";
  if (is({"53300"}, {of_a_name}) ||
      (state.empty() && contains_any(message, {"too many clients already", "connection slots are reserved"})))
    return ParsedEvent{Kind::refused_connection, message.starts_with(of_a_name)
                                                     ? std::string(message.substr(0, 200))
                                                     : "max_connections"};
  return std::nullopt;
}

std::optional<ParsedEvent> of_log(const Record& record) {
  const std::string_view message = record.message;
  if (message.starts_with("temporary file: "))
    return ParsedEvent{.kind = Kind::temporary_file, .bytes = number_of(between(message, ", size ", ""))};
  if (message.starts_with("process ")) {
    // "process 7 still waiting for ShareLock on transaction 5 after 1000.1 ms"; a later line has the whole
    // wait, when the lock was acquired.
    const bool acquired = contains(message, " acquired ");
    if (!acquired && !contains(message, " still waiting for ")) return std::nullopt;
    const auto mode = between(message, acquired ? " acquired " : " still waiting for ", " on ");
    const auto object = between(message, " on ", " after ");
    if (mode.empty() || object.empty()) return std::nullopt;
    const double waited_ms = acquired ? number_of(between(message, " after ", " ms")) : 0;
    return ParsedEvent{acquired ? Kind::lock_wait : Kind::lock_still_waiting,
                       std::string(mode) + " on " + std::string(object.substr(0, object.find(' '))),
                       waited_ms};
  }
  if (message.starts_with("connection authorized: "))
    return ParsedEvent{Kind::connection, who_of(message, record)};
  if (message.starts_with("disconnection: session time: "))
    return ParsedEvent{Kind::disconnection, who_of(message, record),
                       span_ms(between(message, "session time: ", " "))};
  return std::nullopt;
}

}  // namespace

bool is_rollback(const ParsedEvent& event) {
  return event.kind == Kind::deadlock ||
         (event.kind == Kind::cancelled && event.about == serialization_failure);
}

std::string rollback_reason(bool deadlock, bool not_repeated) {
  return std::string(deadlock ? "deadlock" : serialization_failure) + (not_repeated ? ", not repeated" : "");
}

bool is_begin_in_transaction(const Record& record) {
  // The SQLSTATE, active_sql_transaction, is that of other messages, too, but of errors.
  return record.level == Level::message &&
         (record.sqlstate == "25001" ||
          record.message.starts_with("there is already a transaction in progress"));
}

std::optional<ParsedEvent> parse_event(const Record& record) {
  if (record.level == Level::error) return of_error(record);
  if (record.level == Level::log) return of_log(record);
  return std::nullopt;
}

}  // namespace pgadvise::log
