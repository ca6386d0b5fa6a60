// What ALTER TABLE, CREATE INDEX, DROP, RENAME and the columns and constraints of CREATE TABLE write, as
// values: the one place that reads these statements' parse trees. The replay changes the catalog by these
// values and the StepRecorder describes the change by them, so that a new form is read once. Types are
// resolved by the search path; nothing else is looked up, since the statement itself may make what a name
// refers to. The values point into the parse tree and live as long as it does. Internal to src/sql.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/schema_step.h"
#include "sql/ast.h"
#include "sql/schema_state.h"

namespace pgadvise::sql {

struct IndexDefinition {
  Index index;                            // "" as its name: the server's choice
  std::vector<std::string> name_columns;  // what the server makes a name of
  bool concurrently = false;
  bool if_not_exists = false;
  bool only = false;
};

struct ConstraintDefinition {
  // "" as its name: the server's choice. referenced_table is as written ("" as its schema: by the search
  // path); no referenced_columns: the primary key's. `columns` of a check are all names that its expression
  // refers to.
  Constraint constraint;
  IndexDefinition index;    // that a primary key, unique or exclusion constraint makes
  std::string using_index;  // ADD CONSTRAINT … USING INDEX
  bool no_inherit = false;
  int location = -1;  // in the statement
};

struct ColumnDefinition {
  Column column;
  bool typed = true;             // false: only constraints of an inherited column
  bool default_written = false;  // also DEFAULT NULL, which leaves no default_expression
  DefaultKind default_kind = DefaultKind::none;
  bool serial = false;            // `type` is the integer type, the default is a sequence to make
  std::string identity_sequence;  // the name of an identity column's sequence; "": the server's choice
  std::vector<ConstraintDefinition> constraints;
  int location = -1;
};

// One subcommand of ALTER TABLE.
struct TableChange {
  enum class Kind {
    add_column,
    drop_column,
    set_default,
    drop_default,
    set_not_null,
    drop_not_null,
    drop_expression,
    set_expression,
    change_type,
    add_identity,
    set_identity,
    drop_identity,
    add_constraint,
    validate_constraint,
    alter_constraint,
    drop_constraint,
    set_logged,
    set_unlogged,
    set_tablespace,
    set_access_method,
    enable_row_security,
    disable_row_security,
    replica_identity,
    attach_partition,
    detach_partition,
    add_inherit,
    drop_inherit,
    other,  // changes nothing that a catalog holds
  };
  Kind kind = Kind::other;
  std::string name;  // of the column or the constraint; replica_identity: of the index, "" of none
  bool cascade = false;
  bool if_exists = false;  // IF EXISTS, of add_column IF NOT EXISTS
  // add_column; change_type: type and collation; add_identity: identity; set_identity: identity, nullopt when
  // that stays
  std::optional<ColumnDefinition> column;
  std::optional<ConstraintDefinition> constraint;  // add_constraint
  std::string expression;                          // set_default ("": NULL), set_expression
  bool deferrable = false;                         // alter_constraint
  bool converts =
      false;  // change_type: USING an expression other than the column or a cast of it to the type
  bool explicit_cast = false;                        // change_type: USING column::type
  const PgQuery__PartitionCmd* partition = nullptr;  // attach_partition, detach_partition
  const PgQuery__RangeVar* parent = nullptr;         // add_inherit, drop_inherit
};

struct AlterTable {
  QualifiedName name;  // resolved by the search path
  bool only = false;
  bool if_exists = false;
  bool table = true;                 // ALTER TABLE, not ALTER INDEX, VIEW, TYPE …
  bool type = false;                 // ALTER TYPE of a composite type
  std::vector<TableChange> changes;  // as written

  bool drops_column(std::string_view column) const;
  bool drops_constraint(std::string_view constraint) const;
};

// DROP of one or more objects.
struct DropStatement {
  enum class Kind {
    table,
    view,
    materialized_view,
    foreign_table,
    index,
    sequence,
    type,
    schema,
    policy,
    trigger,
    extension,
    function,
    other,  // nothing that a catalog holds
  };
  struct Object {
    std::string name;
    QualifiedName relation;       // table … sequence; policy, trigger: the table; resolved by the search path
    QualifiedName type;           // resolved by the search path
    std::string function_schema;  // "" where none is written
    std::vector<std::string> arguments;  // of a function: types
    bool any_arguments = false;          // of a function: no argument list
  };
  Kind kind = Kind::other;
  std::vector<Object> objects;
  bool cascade = false;
  bool if_exists = false;
  bool concurrently = false;
};

// ALTER … RENAME TO, and ALTER … SET SCHEMA.
struct Rename {
  enum class Kind {
    table,
    relation,  // relation: views, indexes, sequences, foreign tables
    column,
    constraint,
    policy,
    schema,
    type,
    function,
    other,  // nothing that a catalog holds
  };
  Kind kind = Kind::other;
  QualifiedName relation;  // of table … policy; resolved by the search path
  bool of_table = false;   // column: of a table, not of a view
  std::string name;        // of the column, constraint, policy, schema
  std::string new_name;    // "": stays
  std::string new_schema;  // "": stays
  bool if_exists = false;
  const Node* object = nullptr;  // type, function
};

// When the server runs the subcommand: it takes the parts of one ALTER TABLE in passes (AlterTablePass), not
// as written.
int pass_of(const TableChange& change);

IndexDefinition index_definition(const PgQuery__IndexStmt& stmt);
// `column`: of a column constraint, else "". nullopt: no constraint of its own (NOT NULL, DEFAULT, identity,
// DEFERRABLE …).
std::optional<ConstraintDefinition> constraint_definition(const PgQuery__Constraint& node,
                                                          const std::string& column);
ColumnDefinition column_definition(const PgQuery__ColumnDef& definition, const SchemaState& state);
AlterTable alter_table_definition(const PgQuery__AlterTableStmt& stmt, const SchemaState& state);
DropStatement drop_definition(const PgQuery__DropStmt& stmt, const SchemaState& state);
Rename rename_definition(const PgQuery__RenameStmt& stmt, const SchemaState& state);
Rename rename_definition(const PgQuery__AlterObjectSchemaStmt& stmt, const SchemaState& state);

// A parsed statement with its definition, which is read once for the replay and the StepRecorder.
struct Statement {
  const Node& node;
  std::optional<AlterTable> alter_table;
  std::optional<IndexDefinition> create_index;
  std::optional<DropStatement> drop;
  std::optional<Rename> rename;
};
Statement read_statement(const Node& node, const SchemaState& state);

}  // namespace pgadvise::sql
