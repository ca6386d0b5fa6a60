// What DDL statements, and the other statements that matter to a schema or to its rows, write, as values. The
// parse trees of these statements are read in one place, the definitions_*.cc (by way of read_statement.h);
// the replay changes the catalog by these values and the StepRecorder describes the change by them, so that a
// new form is read once. Names are resolved by the search path where nothing else is said. The values point
// into the parse tree only in CreateSchema. Internal to src/read/sql.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/lock.h"
#include "model/schema/schema_step.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// ---- parts of tables

struct IndexDefinition {
  Index index;                            // "" as its name: the server's choice
  std::vector<std::string> name_columns;  // what the server makes a name of
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

// LIKE source INCLUDING …
struct LikeClause {
  QualifiedName source;
  bool comments = false;
  bool constraints = false;
  bool defaults = false;
  bool generated = false;
  bool identity = false;
  bool indexes = false;
  int location = -1;
};

// ---- tables

// CREATE TABLE, CREATE FOREIGN TABLE.
struct CreateTable {
  using Element = std::variant<ColumnDefinition, ConstraintDefinition, LikeClause>;
  QualifiedName name;
  Table::Kind kind = Table::Kind::ordinary;
  bool unlogged = false;
  int fillfactor = 100;
  bool if_not_exists = false;
  std::string partition_key;
  std::vector<QualifiedName> parents;  // INHERITS; PARTITION OF: the one
  std::string partition_bound;         // "" unless PARTITION OF
  QualifiedName of_type;               // as written; "" as its name: none
  std::vector<Element> elements;       // as written
};

// CREATE VIEW, CREATE MATERIALIZED VIEW, CREATE TABLE AS, SELECT … INTO.
struct CreateFromQuery {
  QualifiedName name;
  Table::Kind kind = Table::Kind::ordinary;
  bool unlogged = false;
  bool if_not_exists = false;
  bool replace = false;                      // OR REPLACE
  bool select_into = false;                  // SELECT … INTO
  std::vector<Column> columns;               // name, type ("" when not known) and collation
  std::string definition;                    // of a view: the query
  std::set<QualifiedName> relations;         // known tables and views that the query reads
  std::vector<std::string> names_read;       // every name that stands as a column in the query
  std::vector<QualifiedName> names_in_from;  // relations as the query names them, known or not
};

struct CreateIndex {
  QualifiedName table;
  IndexDefinition definition;
  bool concurrently = false;
  bool if_not_exists = false;
  bool only = false;
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
    set_fillfactor,
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
  bool initially_deferred = false;                 // alter_constraint
  int fillfactor = 100;                            // set_fillfactor
  bool converts =
      false;  // change_type: USING an expression other than the column or a cast of it to the type
  bool explicit_cast = false;  // change_type: USING column::type
  // attach_partition, detach_partition: the table, or the index where an index is altered; as written
  QualifiedName partition;
  std::string partition_bound;  // attach_partition; "" of an index
  bool concurrently = false;    // detach_partition
  QualifiedName parent;         // add_inherit, drop_inherit
};

struct AlterTable {
  QualifiedName name;
  bool only = false;
  bool if_exists = false;
  bool table = true;                 // ALTER TABLE, not ALTER INDEX, VIEW, TYPE …
  bool type = false;                 // ALTER TYPE of a composite type
  std::vector<TableChange> changes;  // as written

  bool drops_column(std::string_view column) const;
  bool drops_constraint(std::string_view constraint) const;
};

// When the server runs the subcommand: it takes the parts of one ALTER TABLE in passes (AlterTablePass), not
// as written.
int pass_of(const TableChange& change);

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
    QualifiedName relation;  // table … sequence; policy, trigger: the table
    QualifiedName type;
    std::string function_schema;         // "" where none is written
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
  QualifiedName relation;  // of table … policy
  bool of_table = false;   // column: of a table, not of a view
  std::string name;        // of the column, constraint, policy, schema
  std::string new_name;    // "": stays
  std::string new_schema;  // "": stays
  bool if_exists = false;
  QualifiedName type;
  QualifiedName function;  // as written
};

// ---- sequences, types and other objects

struct SequenceOptions {
  std::string type;                          // "": none is written
  bool owner_written = false;                // OWNED BY
  std::optional<QualifiedName> owner_table;  // nullopt: OWNED BY NONE
  std::string owner_column;
};

struct CreateSequence {
  QualifiedName name;
  bool if_not_exists = false;
  SequenceOptions options;
};

struct AlterSequence {
  QualifiedName name;
  bool if_exists = false;
  SequenceOptions options;
};

struct CreateEnum {
  QualifiedName name;
  std::vector<std::string> labels;
};

// ALTER TYPE … ADD VALUE, RENAME VALUE.
struct AlterEnum {
  QualifiedName name;
  std::string value;      // the new one
  std::string old_value;  // RENAME VALUE; else ""
  std::string neighbor;   // BEFORE, AFTER; "": at the end
  bool after = false;
  bool if_not_exists = false;
};

// A domain, range type, composite type or base type.
struct CreateType {
  QualifiedName name;
  std::vector<ColumnDefinition> fields;  // of a composite type
  std::optional<Domain> domain;
  bool base = false;  // a base type: its shell may be there
};

struct CreateFunction {
  QualifiedName name;
  std::vector<std::string> arguments;  // types; "aggregate" alone: an aggregate
  bool changes_schema = false;         // its body has ALTER, CREATE, DROP or EXECUTE
};

// CALL p(…), SELECT f(…).
struct CallRoutine {
  std::string name;  // without its schema
};

struct CreatePolicy {
  QualifiedName table;
  Policy policy;
};

struct AlterPolicy {
  QualifiedName table;
  std::string name;
  std::string using_expression;                   // "": stays
  std::string check_expression;                   // "": stays
  std::optional<std::vector<std::string>> roles;  // TO, as of Policy; nullopt: stay
};

struct CreateSchema {
  std::string name;
  std::vector<const Node*> elements;  // statements, which live as long as the parse tree
};

struct CreateExtension {
  std::string name;
  bool if_not_exists = false;
};

struct CreateTrigger {
  QualifiedName table;
  std::string name;
  bool before_update = false;  // BEFORE UPDATE, perhaps with other events
};

struct Comment {
  enum class Kind {
    table,  // and views
    column,
    other,  // nothing that a catalog holds
  };
  Kind kind = Kind::other;
  QualifiedName relation;
  std::string column;
  std::string text;  // "": IS NULL
};

struct DoBlock {
  std::string language = "plpgsql";
  std::string body;
};

// ---- rows

// INSERT … SELECT … FROM, UPDATE, DELETE.
struct DataChange {
  enum class Kind { insert, update, remove };
  struct Condition {
    std::set<std::string> equal;  // columns that a conjunct sets equal to something that no row decides
    // Compares with a constant or with the assigned value, takes a part by LIMIT, or looks for exceptions.
    bool narrows = false;
  };
  Kind kind = Kind::insert;
  QualifiedName table;
  std::optional<Condition> where;         // update, remove; nullopt: of all rows
  std::vector<std::string> columns;       // update: those that are set
  std::vector<std::string> names_read;    // insert, update: every name that stands as a column
  std::vector<QualifiedName> reads_from;  // insert, update: relations, known or not
};

struct Truncate {
  std::vector<QualifiedName> tables;
  bool cascade = false;
};

// CLUSTER of a table, VACUUM FULL of tables. Without tables: of all that the database has.
struct RewriteTables {
  std::vector<QualifiedName> tables;
  std::string how;  // "CLUSTER", "VACUUM FULL"; "" for a VACUUM that rewrites nothing
};

// REINDEX of a table or an index, or of all that is in a schema or database.
struct Reindex {
  QualifiedName name;
  bool concurrently = false;
  std::string all_of;  // "SCHEMA x", "DATABASE x", "SYSTEM x"; "" of a table or an index
};

struct RefreshView {
  QualifiedName view;
  bool concurrently = false;
};

struct DropDatabase {
  std::string name;
};

// ALTER DOMAIN … ADD CONSTRAINT, SET NOT NULL.
struct AlterDomain {
  QualifiedName domain;
  std::string constraint;  // "": the server's choice, or NOT NULL
  bool not_valid = false;
};

// ---- the session

// SET search_path, RESET, SELECT set_config('search_path', …).
struct SetSearchPath {
  std::vector<std::string> path;
  bool local = false;
};

// SET lock_timeout or statement_timeout, RESET, SELECT set_config('lock_timeout', …).
struct SetTimeout {
  bool lock = true;                // lock_timeout; false: statement_timeout
  std::optional<std::int64_t> ms;  // 0: off; nullopt: RESET, or a value that is not a constant
  bool local = false;
};

// LOCK TABLE.
struct LockTables {
  std::vector<QualifiedName> tables;
  LockMode mode = LockMode::access_exclusive;
};

struct TransactionControl {
  enum class Kind {
    begin,
    savepoint,
    release,
    rollback_to,
    rollback,
    commit,  // and PREPARE TRANSACTION
    other,
  };
  Kind kind = Kind::other;
  std::string savepoint;
  bool chain = false;  // AND CHAIN
};

struct OtherStatement {};  // no matter for a schema or its rows

using Statement =
    std::variant<OtherStatement, CreateTable, CreateFromQuery, CreateIndex, AlterTable, DropStatement, Rename,
                 CreateSequence, AlterSequence, CreateEnum, AlterEnum, CreateType, CreateFunction,
                 CreatePolicy, AlterPolicy, CreateSchema, CreateExtension, CreateTrigger, Comment, DoBlock,
                 DataChange, Truncate, RewriteTables, Reindex, RefreshView, DropDatabase, AlterDomain,
                 SetSearchPath, SetTimeout, LockTables, CallRoutine, TransactionControl>;

// Whether the statement is of one of the kinds.
template <class... Kinds>
bool is_any(const Statement& statement) {
  return (std::holds_alternative<Kinds>(statement) || ...);
}

}  // namespace pgadvise::sql
