// Samples of what the sessions of a server do, and the SQL that reading a catalog shares with them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/queries/activity.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

// The condition that a row `a` of pg_stat_activity is the session of a client other than pgadvise. Of a
// hidden session backend_type is NULL.
inline constexpr std::string_view session_of_client =
    "a.pid <> pg_backend_pid() AND a.application_name IS DISTINCT FROM 'pgadvise' AND (a.backend_type = "
    "'client backend' OR (a.backend_type IS NULL AND a.usesysid IS NOT NULL AND a.datname IS NOT NULL))";

// A SELECT of the 20 processes that have waited longest for a lock: pid, seconds, mode, and relation, an OID
// or NULL. `condition` on rows `l` of pg_locks begins with AND; "": all processes. Before PostgreSQL 14 the
// seconds are those since the last change of the session's state.
std::string longest_lock_waits(int server_version, std::string_view condition = {});

// Reads a sample of the connection's database with one statement, in a READ ONLY transaction that is rolled
// back (statement_timeout 3 s). Leaves out pgadvise's own sessions. Errors: those of Connection::query().
Result<ActivitySample> read_activity_sample(Connection& connection);

}  // namespace pgadvise::pg
