// Derives the SchemaActions of a statement: what it does to tables that hold rows. The caller asks before it
// replays the statement, while the catalog is still the one that the statement will find. Internal to
// src/read/sql.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/lock.h"
#include "model/schema/schema_step.h"
#include "sql/definitions/definitions.h"
#include "sql/replay/schema_state.h"

namespace pgadvise::sql {

class StepRecorder {
 public:
  // Begins a migration: the tables of `state` exist before it runs. `together`: one deployment runs it with
  // the migrations before it, so the tables of those hold no rows yet.
  void begin(const SchemaState& state, bool together);

  // The actions of a statement on `state`, without locations.
  std::vector<SchemaAction> actions(const Statement& statement, const SchemaState& state) const;
  // The locks of the statement with these actions on `state`.
  std::vector<TableLock> locks(const Statement& statement, const std::vector<SchemaAction>& actions,
                               const SchemaState& state) const;
  // Records that the statement has run. `actions`: of actions(); `state`: after it.
  void happened(const std::vector<SchemaAction>& actions, const SchemaState& state);
  // Records a statement that was not understood. It may have created any table, so an unknown table no longer
  // counts as one that exists before the migration.
  void lost_track() {
    lost_track_ = true;
    lost_values();
  }
  // Records a statement that may have filled any column, such as one for which may_fill_columns() is true.
  void lost_values() { ++now_; }

  // The tables that were there before the migration, under the names they have now.
  const std::set<QualifiedName>& existing() const { return existing_; }
  // Whether the migration added the column.
  bool added(const QualifiedName& table, const std::string& column) const;
  // Whether the migration added the column, and its values are all NULL so far.
  bool all_null(const QualifiedName& table, const std::string& column) const;
  // Whether a check that the migration added excludes NULL from a table that the replayed files do not
  // create.
  bool checked_not_null(const QualifiedName& table, const std::string& column) const;
  SchemaAction on(SchemaAction::Kind kind, const QualifiedName& table, const SchemaState& state) const;

 private:
  void filled(const SchemaAction& update, const SchemaState& state);

  std::set<QualifiedName> existing_;
  // Columns of this migration, by table: `now_` of the time when their values were all NULL; 0: they may have
  // others.
  std::map<QualifiedName, std::map<std::string, int>> added_;
  int now_ = 1;  // counts the calls of lost_values()
  // Of tables that the replayed files do not create: the checks that the migration adds.
  std::map<QualifiedName, std::vector<Constraint>> checks_of_unknown_;
  bool lost_track_ = false;
};

// The object that the statement would create is there under its name and is another one: how they differ, and
// the name.
struct Difference {
  std::string name;
  std::string how;
  QualifiedName table;
};
std::optional<Difference> difference(const Statement& statement, const SchemaState& state);
// The same, of a statement that then does nothing: IF NOT EXISTS.
std::optional<Difference> kept_object(const Statement& statement, const SchemaState& state);

// The strongest lock on each relation, in the order in which the statement names or reaches them. `actions`:
// the statement's, of StepRecorder. `state`: the schema that the statement finds. Left out: ACCESS SHARE and
// ROW SHARE locks, which nobody waits for but a DROP or a rewrite; locks on indexes, views and sequences; and
// subcommands of ALTER TABLE that change no catalog of this model (OWNER TO, SET STATISTICS, CLUSTER ON). The
// members on_new_table are not set.
// Source: 150 forms on PostgreSQL 15, compared with pg_locks (tests/live/migration_locks_test.cc repeats it),
// and the server's AlterTableGetLockLevel().
std::vector<TableLock> locks_of(const Statement& statement, const std::vector<SchemaAction>& actions,
                                const SchemaState& state);

// Whether the statement may give values to columns of tables that it does not name: it calls a routine that
// is no well-known function of PostgreSQL, or it has MERGE, ON CONFLICT DO UPDATE or a change of rows inside
// of another statement. A DO block is none.
bool may_fill_columns(const Node& statement);

// Names in the text that the server cuts to 63 bytes, as cut.
std::set<std::string> cut_names(std::string_view text);

}  // namespace pgadvise::sql
