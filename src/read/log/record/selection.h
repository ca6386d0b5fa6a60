// The options --app, --user, --database, --from and --to: which records of a log pgadvise reads.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// An empty set, and no_time, select every record. A set of names does not select a record without such a
// name.
struct Selection {
  std::set<std::string, std::less<>> applications, users, databases;
  std::int64_t from = no_time;
  std::int64_t until = no_time;  // exclusive. Both: microseconds since 1970, as Record::time

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
// Counts a record that `selection` did not select, and keeps its names and time for nothing_selected().
void add_left_out(LeftOutRecords& records, const Selection& selection, const RecordOrigin& origin);
// The error (input) if the logs have records and `selection` selects none of them: it names the option that
// selects nothing, and what the logs have instead. nullopt: a record was selected, the selection is empty, or
// no log has a record.
std::optional<Error> nothing_selected(const Selection& selection, const std::vector<LogSource>& logs);

// Microseconds since 1970 of "2026-03-01", "2026-03-01 10:00" or "2026-03-01T10:00:30.5+02:00", in UTC unless
// the text has a zone. If a log's zone is an abbreviation without a known offset (time.h), its records are
// compared as if their times were UTC. Errors: the text is not a time (usage).
Result<std::int64_t> parse_moment(std::string_view text);

}  // namespace pgadvise::log
