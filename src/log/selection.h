// Which records of a log are read.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record.h"
#include "model/workload.h"

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
  // "--app web --from '2026-03-01 10:00:00'", as on the command line
  std::string str() const;
};

// The names and the time of a record, as far as the log has them.
struct RecordOrigin {
  std::int64_t time = no_time;
  std::string_view application, user, database;
};
bool selects(const Selection& selection, const RecordOrigin& origin);
// Adds a record that `selection` left out.
void add_left_out(LeftOutRecords& records, const Selection& selection, const RecordOrigin& origin);
// The error (input) if `selection` took no record of the logs, which have some: which option selects nothing,
// and what the logs have instead. nullopt: it took one, there is no selection, or no log has a record.
std::optional<Error> nothing_selected(const Selection& selection, const std::vector<LogSource>& logs);

// "2026-03-01", "2026-03-01 10:00", "2026-03-01T10:00:30.5+02:00": UTC unless it has a zone. Logs whose zone
// is an abbreviation that means no offset (time.h) are compared with their own clock. Errors: no time
// (usage).
Result<std::int64_t> parse_moment(std::string_view text);

}  // namespace pgadvise::log
