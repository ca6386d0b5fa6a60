// What a statement does to tables that hold rows, as SchemaActions: looked at before it is replayed, so that
// the catalog is still the one it will find. Internal to src/sql.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema_step.h"
#include "sql/ast.h"
#include "sql/definitions.h"
#include "sql/schema_state.h"

namespace pgadvise::sql {

class StepRecorder {
 public:
  // A migration begins: what is in the catalog now is what it will find. `together`: it is deployed with
  // those before.
  void begin(const SchemaState& state, bool together);

  // What the statement is about to do, without places.
  std::vector<SchemaAction> actions(const Statement& statement, const SchemaState& state) const;
  // The statement has run, and done these.
  void happened(const std::vector<SchemaAction>& actions, const SchemaState& state);
  // A statement that isn't understood may have made any table: those that aren't known are no longer taken
  // for old ones.
  void lost_track() { lost_track_ = true; }

  // The object that the statement would create is there under its name and is another one: how they differ,
  // and the name.
  struct Difference {
    std::string name;
    std::string how;
    QualifiedName table;
  };
  static std::optional<Difference> difference(const Statement& statement, const SchemaState& state);

 private:
  using Actions = std::vector<SchemaAction>;
  SchemaAction on(SchemaAction::Kind kind, const QualifiedName& table, const SchemaState& state) const;
  bool judged(const SchemaAction& action) const { return action.table_known || !lost_track_; }
  void alter_table(const AlterTable& alter, const SchemaState& state, Actions& out) const;
  void add_column(const AlterTable& alter, const TableChange& change, const SchemaAction& base,
                  const SchemaState& state, Actions& out) const;
  void add_constraint(const AlterTable& alter, const ConstraintDefinition& definition,
                      const SchemaAction& base, const SchemaState& state, Actions& out) const;
  void change_type(const TableChange& change, SchemaAction action, const SchemaState& state,
                   Actions& out) const;
  void set_not_null(const AlterTable& alter, const std::string& column, SchemaAction action,
                    const SchemaState& state, Actions& out) const;
  void create_index(const PgQuery__RangeVar& range, const IndexDefinition& definition,
                    const SchemaState& state, Actions& out) const;
  void drop(const DropStatement& drop, const SchemaState& state, Actions& out) const;
  void rename(const Rename& rename, const SchemaState& state, Actions& out) const;
  void write(const Node& node, const SchemaState& state, Actions& out) const;
  void existing_is_kept(const Statement& statement, const SchemaState& state, Actions& out) const;

  std::set<QualifiedName> existing_;  // tables that were there, under the names they have now
  std::map<QualifiedName, std::map<std::string, bool>>
      added_;  // columns of this migration; true: only NULLs so far
  bool lost_track_ = false;
};

// Names in the text that the server cuts to 63 bytes, as cut.
std::set<std::string> cut_names(std::string_view text);

}  // namespace pgadvise::sql
