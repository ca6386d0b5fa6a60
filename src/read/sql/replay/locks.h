// The table-level locks of a DDL or data-changing statement. Internal to src/read/sql.
#pragma once

#include <vector>

#include "model/schema/lock.h"
#include "model/schema/schema_step.h"
#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"

namespace pgadvise::sql {

// The strongest lock on each relation, in the order in which the statement names or reaches them. `actions`:
// the statement's, of StepRecorder. `state`: the schema that the statement finds. Left out: ACCESS SHARE and
// ROW SHARE locks, which nobody waits for but a DROP or a rewrite; locks on indexes, views and sequences; and
// subcommands of ALTER TABLE that change no catalog of this model (OWNER TO, SET STATISTICS, CLUSTER ON). The
// members on_new_table are not set.
// Source: 150 forms on PostgreSQL 15, compared with pg_locks (tests/live/migration_locks_test.cc repeats it),
// and the server's AlterTableGetLockLevel().
std::vector<TableLock> locks_of(const Statement& statement, const std::vector<SchemaAction>& actions,
                                const SchemaState& state);

}  // namespace pgadvise::sql
