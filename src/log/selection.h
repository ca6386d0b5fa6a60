// Which records of a log are read.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/record.h"

namespace pgadvise::log {

// Empty sets, and no_time, select everything. A record without a name that is asked for is not selected.
struct Selection {
  std::set<std::string, std::less<>> applications, users, databases;
  std::int64_t from = no_time;
  std::int64_t until = no_time;  // not included; both in microseconds since 1970, as Record::time

  bool everything() const {
    return applications.empty() && users.empty() && databases.empty() && from == no_time && until == no_time;
  }
  bool has_time(std::int64_t time) const;
};

// "2026-03-01", "2026-03-01 10:00", "2026-03-01T10:00:30.5+02:00": UTC unless it has a zone. Logs whose zone
// is an abbreviation that means no offset (time.h) are compared with their own clock. Errors: no time
// (usage).
Result<std::int64_t> parse_moment(std::string_view text);

}  // namespace pgadvise::log
