#include "log/record/selection.h"

#include <algorithm>
#include <ctime>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text/text.h"
#include "log/record/time.h"

namespace pgadvise::log {

namespace {

constexpr std::size_t max_names = 100;

// "2026-03-01 10:00:00"
std::string moment_text(std::int64_t microseconds) {
  constexpr std::int64_t second = 1'000'000;
  const std::time_t at = microseconds / second - (microseconds % second < 0 ? 1 : 0);
  std::tm parts{};
  gmtime_r(&at, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

using Names = std::set<std::string, std::less<>>;

bool meets(const Names& wanted, std::string_view name) { return wanted.empty() || wanted.contains(name); }

void keep(Names& names, std::string_view name) {
  if (!name.empty() && names.size() < max_names && !names.contains(name)) names.emplace(name);
}

std::string options(std::string_view option, const Names& names) {
  std::string out;
  for (const auto& name : names) out += fmt::format(" {} {}", option, ellipsis(name, 60));
  return out;
}

std::string options_of_time(const Selection& selection) {
  std::string out;
  if (selection.from != no_time) out += fmt::format(" --from '{}'", moment_text(selection.from));
  if (selection.until != no_time) out += fmt::format(" --to '{}'", moment_text(selection.until));
  return out;
}

// "the log has the applications jobs, web"
std::string names_text(std::string_view what, const Names& names) {
  constexpr std::size_t shown = 8;
  if (names.empty()) return fmt::format("the log names no {}", what);
  std::vector<std::string> words;
  for (const auto& name : names) {
    if (words.size() == shown) break;
    words.push_back(ellipsis(name, 60));
  }
  return fmt::format("the log has the {}{} {}{}", what, names.size() == 1 ? "" : "s", join(words, ", "),
                     names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "");
}

std::string time_text(const LeftOutRecords& records) {
  if (records.first > records.last) return "the lines of the log have no time";
  return fmt::format("the log goes from {} to {}", moment_text(records.first), moment_text(records.last));
}

void add(LeftOutRecords& sum, const LeftOutRecords& records) {
  sum.count += records.count;
  for (const auto& name : records.applications) keep(sum.applications, name);
  for (const auto& name : records.users) keep(sum.users, name);
  for (const auto& name : records.databases) keep(sum.databases, name);
  sum.first = std::min(sum.first, records.first);
  sum.last = std::max(sum.last, records.last);
  sum.application_meets |= records.application_meets;
  sum.user_meets |= records.user_meets;
  sum.database_meets |= records.database_meets;
  sum.time_meets |= records.time_meets;
}

}  // namespace

bool Selection::has_time(std::int64_t time) const {
  if (from == no_time && until == no_time) return true;
  return time != no_time && (from == no_time || time >= from) && (until == no_time || time < until);
}

std::string Selection::str() const {
  const std::string out = options("--app", applications) + options("--user", users) +
                          options("--database", databases) + options_of_time(*this);
  return std::string(trim(out));
}

bool selects(const Selection& selection, const RecordOrigin& origin) {
  return selection.has_time(origin.time) && meets(selection.applications, origin.application) &&
         meets(selection.users, origin.user) && meets(selection.databases, origin.database);
}

void add_left_out(LeftOutRecords& records, const Selection& selection, const RecordOrigin& origin) {
  ++records.count;
  keep(records.applications, origin.application);
  keep(records.users, origin.user);
  keep(records.databases, origin.database);
  if (origin.time != no_time) {
    records.first = std::min(records.first, origin.time);
    records.last = std::max(records.last, origin.time);
  }
  records.application_meets |= meets(selection.applications, origin.application);
  records.user_meets |= meets(selection.users, origin.user);
  records.database_meets |= meets(selection.databases, origin.database);
  records.time_meets |= selection.has_time(origin.time);
}

std::optional<Error> nothing_selected(const Selection& selection, const std::vector<LogSource>& logs) {
  if (selection.everything()) return std::nullopt;
  LeftOutRecords all;
  for (const LogSource& log : logs) {
    if (log.left_out.count == 0 && (log.statements > 0 || log.used + log.other > 0)) return std::nullopt;
    add(all, log.left_out);
  }
  if (all.count == 0) return std::nullopt;
  const auto error = [](std::string_view given, std::string has) {
    return Error{Error::Kind::input, std::string(trim(given)), "selects no record of the log",
                 std::move(has)};
  };
  if (!all.application_meets)
    return error(options("--app", selection.applications), names_text("application", all.applications));
  if (!all.user_meets) return error(options("--user", selection.users), names_text("user", all.users));
  if (!all.database_meets)
    return error(options("--database", selection.databases), names_text("database", all.databases));
  if (!all.time_meets) return error(options_of_time(selection), time_text(all));
  return error(selection.str(),
               "each option selects some records, but none of them meets all: leave one out");
}

Result<std::int64_t> parse_moment(std::string_view text) {
  constexpr std::size_t date = 10, minutes = 16, seconds = 19;
  constexpr const char* how_to_write =
      "write it as 2026-03-01 10:00, or with a zone as 2026-03-01T10:00:00+02:00";
  std::string stamp(trim(text));
  if (stamp.size() > date && stamp[date] == 'T') stamp[date] = ' ';
  if (stamp.size() == date) stamp += " 00:00";
  if (stamp.size() == minutes || (stamp.size() > minutes && stamp[minutes] != ':'))
    stamp.insert(minutes, ":00");
  // take_stamp() reads an offset behind a blank and without a colon.
  const std::size_t zone = stamp.find_first_of("+-Zz ", std::min(seconds, stamp.size()));
  if (zone != std::string::npos) {
    std::string name(trim(std::string_view(stamp).substr(zone)));
    if (name == "Z" || name == "z") name = "UTC";
    std::erase(name, ':');
    if (!std::all_of(name.begin(), name.end(), [](char c) {
          return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
        }))
      return fail(Error::Kind::usage, std::string(text), "is not a time", how_to_write);
    stamp = stamp.substr(0, zone) + " " + name;
  }
  const Stamp read = take_stamp(stamp + " ", true);
  if (read.length == 0 || !trim(std::string_view(stamp + " ").substr(read.length)).empty())
    return fail(Error::Kind::usage, std::string(text), "is not a time", how_to_write);
  return read.time;
}

}  // namespace pgadvise::log
