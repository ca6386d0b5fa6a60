#include "log/selection.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "log/time.h"

namespace pgadvise::log {

bool Selection::has_time(std::int64_t time) const {
  if (from == no_time && until == no_time) return true;
  return time != no_time && (from == no_time || time >= from) && (until == no_time || time < until);
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
