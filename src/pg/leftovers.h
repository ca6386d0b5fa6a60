// What a killed run of `advise --verify` leaves in a database: indexes, and a CREATE INDEX that the server
// still runs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "pg/connection.h"
#include "pg/verify_run.h"

namespace pgadvise::pg {

// An index named as --verify names its indexes, or attached to one.
struct LeftoverIndex {
  std::string oid;
  QualifiedName index;
  QualifiedName table;
  VerifyRun run;  // empty when `kept_because` says that no run is proven
  ProcessState process = ProcessState::unknown;
  bool locked =
      false;  // a session holds the run's advisory lock: the run goes on, or its session has not ended yet
  std::string parent;  // oid of the partitioned table's index that it belongs to; dropped with that one
  // Why it is never dropped: the comment is not of the run that the name names, a constraint or the replica
  // identity needs it, it is unique, it is part of somebody else's index, or somebody else's index is part of
  // it. "": it may be dropped once its run has ended.
  std::string kept_because;
};

// A session of this database that holds a run's lock and runs that run's CREATE INDEX.
struct LeftoverBuild {
  int backend = 0;
  std::string backend_start;
  VerifyRun run;
  bool own_session = false;  // of this connection's user, with the application_name pgadvise
  ProcessState process = ProcessState::unknown;
};

struct Leftovers {
  std::string database;
  std::vector<LeftoverIndex> indexes;
  std::vector<LeftoverBuild> builds;
};

// Of the connection's database, in a READ ONLY transaction of its own; at most 1,000 of each. Locks of this
// connection's own session do not count. Errors: the server refused or is gone.
Result<Leftovers> find_leftovers(Connection& connection);

// Is it a leftover? It may be dropped, its run has ended or its process is gone, and no other index takes it
// along.
bool is_left(const LeftoverIndex& index);
// May its build be cancelled? Its process is gone, and the session is our own.
bool can_cancel(const LeftoverBuild& build);

// One nonfatal line for each leftover index and for each build whose process is gone, 20 at most, with the
// command that removes it; nothing about runs that go on, and nothing about indexes that are kept.
Diagnostics describe(const Leftovers& leftovers, const Connection& connection);
// "process 4711 on laptop, started 2026-11-22T12:00:00Z"
std::string origin(const VerifyRun& run);

// In one transaction with lock_timeout and statement_timeout; when the name belongs to another index by now,
// nothing is dropped. Takes the run's advisory lock meanwhile. Errors: why it was not dropped.
Result<void> drop_leftover(Connection& connection, const LeftoverIndex& index);

// pg_cancel_backend() on just that session and statement. Errors: why it was not cancelled.
Result<void> cancel_build(Connection& connection, const LeftoverBuild& build);

}  // namespace pgadvise::pg
