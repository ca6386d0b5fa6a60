// Finds and removes what a killed run of `advise --verify` left in a database: indexes, and a CREATE INDEX
// that is still running.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema/catalog.h"
#include "pg/connection/connection.h"
#include "pg/verify/verify_run.h"

namespace pgadvise::pg {

// An index with a name of --verify's pattern, or attached to one.
struct LeftoverIndex {
  std::string oid;
  QualifiedName index;
  QualifiedName table;
  VerifyRun run;  // empty if no run is proven (see `kept_because`)
  ProcessState process = ProcessState::unknown;
  // a session holds the run's advisory lock: the run is active, or its session has not ended yet
  bool locked = false;
  // oid of the partitioned table's index to which it is attached, and with which it is dropped
  std::string parent;
  // Why the index is never dropped: its comment belongs to another run than its name, a constraint or the
  // replica identity needs it, it is unique, or it is part of, or contains, an index of somebody else. "": it
  // may be dropped once its run has ended.
  std::string kept_because;
};

// A session of this database that holds a run's lock and executes the run's CREATE INDEX.
struct LeftoverBuild {
  int backend = 0;
  std::string backend_start;
  VerifyRun run;
  bool own_session = false;  // of this connection's user, with application_name pgadvise
  ProcessState process = ProcessState::unknown;
};

struct Leftovers {
  std::string database;
  std::vector<LeftoverIndex> indexes;
  std::vector<LeftoverBuild> builds;
};

// Reads the leftovers of the connection's database in a READ ONLY transaction; at most 1,000 of each kind.
// Ignores locks of this connection's session. Errors: the server rejects a query, or is lost.
Result<Leftovers> find_leftovers(Connection& connection);

// Whether the index is a leftover to drop: it may be dropped, its run has ended or the run's process is gone,
// and no other index is dropped with it.
bool can_drop(const LeftoverIndex& index);
// Whether the build may be canceled: its process is gone, and the session belongs to this user.
bool can_cancel(const LeftoverBuild& build);

// One nonfatal diagnostic for each leftover index and each build whose process is gone, at most 20, with the
// command that removes it. None for active runs and for indexes that are kept.
Diagnostics describe(const Leftovers& leftovers, const Connection& connection);
// "process 4711 on laptop, started 2026-11-22T12:00:00Z"
std::string origin(const VerifyRun& run);

// Drops the index in one transaction with lock_timeout and statement_timeout, while holding the run's
// advisory lock. Drops nothing if the name belongs to another index by now. Errors: why the index was not
// dropped.
Result<void> drop_leftover(Connection& connection, const LeftoverIndex& index);

// Calls pg_cancel_backend() for exactly this session and statement. Errors: why it was not canceled.
Result<void> cancel_build(Connection& connection, const LeftoverBuild& build);

}  // namespace pgadvise::pg
