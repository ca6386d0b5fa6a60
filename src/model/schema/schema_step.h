// The effects of a migration's statements on an existing database. src/read/sql's replay fills these structs
// for the migrations that are checked. Members about the earlier state (`before`, `on_new_table` …) hold for
// the moment just before the statement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/lock.h"
#include "model/source_location.h"

namespace pgadvise {

// How the default of an added column is computed for existing rows.
enum class DefaultKind {
  none,      // no default, or NULL
  fixed,     // constant, immutable or stable: computed once, no row is written (PostgreSQL 11 and later)
  changing,  // volatile, a sequence's next value, or generated from the row: every row is written
  unknown,   // calls a function that is not built in: volatile unless declared otherwise
};

// What a domain says about columns that have no default of their own.
struct Domain {
  bool not_null = false;
  DefaultKind default_kind = DefaultKind::none;
};

// The share of a table's rows that an UPDATE or DELETE selects, guessed from its WHERE clause.
enum class Selectivity {
  all,   // no WHERE
  most,  // a WHERE without a comparison with a constant: IS NULL, <>, a join
  some,  // a WHERE with a constant or the assigned value, LIMIT, EXISTS, or two columns out of order: an
         // unknown share
  few,   // a unique key equals a constant
};

struct SchemaAction {
  enum class Kind {
    create_table,  // on_new_table, always
    create_view,   // on_new_table, always
    create_index,
    drop_index,
    reindex,  // `detail`: "SCHEMA x", "DATABASE x", "SYSTEM x", without a table
    add_constraint,
    validate_constraint,
    drop_constraint,
    set_not_null,
    change_type,
    add_column,
    drop_column,
    drop_table,
    drop_schema,
    drop_database,     // `name`
    rename_schema,     // `name`: the old one, `detail`: the new one
    rename_value,      // of the enum `name`: `columns[0]` becomes `detail`; `table`: one that uses the enum
    refresh_view,      // REFRESH MATERIALIZED VIEW; `concurrently`
    attach_partition,  // `table`: the partition, `name`: the parent
    detach_partition,  // `table`: the parent, `name`: the partition; `concurrently`
    change_domain,     // ADD CONSTRAINT of the domain `name`, `table`: one that uses it in `columns`
    drop_type,         // with CASCADE, also drops `columns` of `table`
    rename_table,      // `name`: the new one; also SET SCHEMA, `detail`: the new schema
    rename_column,     // `columns`: the old one, `name`: the new one
    rewrite_table,     // SET LOGGED, SET TABLESPACE, CLUSTER, VACUUM FULL …; `detail` says which
    truncate,
    insert_from,  // INSERT … SELECT, CREATE TABLE AS; `table`: the target
    update,
    remove,          // DELETE
    suppress_error,  // an error that the script suppresses; `detail`, `name`
  };
  Kind kind = Kind::update;
  SourceLocation place;
  QualifiedName table;
  Table::Kind table_kind = Table::Kind::ordinary;
  bool on_new_table = false;  // the same migration creates the table (or one deployed together with it)
  bool table_known = true;    // false: the replayed files do not create it
  std::vector<std::string> columns;
  std::string name;  // of the index, constraint, schema or type; otherwise see the kind
  bool concurrently = false;
  bool cascade = false;
  std::string detail;

  std::optional<Index> index;            // create_index
  std::optional<Constraint> constraint;  // add_constraint; `validated` is false for NOT VALID
  bool using_index = false;              // add_constraint
  bool with_column = false;              // add_constraint: part of ADD COLUMN
  // add_constraint, set_not_null: the same migration added the columns. null: their values are all NULL so
  // far; of a foreign key, those of one column. Also set for a column being added, unless IF NOT EXISTS: it
  // may have existed.
  bool on_new_columns = false;
  bool on_null_columns = false;

  std::optional<Column> before;  // change_type, set_not_null, drop_column; nullopt for an unknown column
  std::optional<Column> after;   // change_type, add_column
  bool proven_not_null = false;  // set_not_null: a validated check constraint ensures it already;
                                 // add_constraint using an index: NOT NULL
  bool proven_in_bound =
      false;  // attach_partition: a validated check names every column of the partition key
  DefaultKind default_kind = DefaultKind::none;  // add_column: of the column, or of its domain
  bool domain_not_null = false;                  // add_column: its domain is NOT NULL
  bool enums = false;                            // change_type: one of the two is an enum
  bool converts =
      false;  // change_type: USING with an expression other than the column or its cast to the new type
  bool explicit_cast = false;  // change_type: USING column::type, which truncates long values
  bool rechecked = false;      // change_type: a check constraint refers to the column
  bool index_rebuilt = false;  // change_type: an index has the column in an expression or predicate
  bool indexed = false;        // change_type: an index has the column as a key

  Selectivity rows = Selectivity::some;   // update, remove
  std::vector<std::string> reads;         // insert_from, update: names of columns read
  std::vector<QualifiedName> reads_from;  // insert_from, update: relations read

  // suppress_error
  enum class Swallow {
    none,
    every_error,   // WHEN OTHERS without RAISE
    other_object,  // a different object with this name exists
    violation,     // of a constraint or unique index that it adds, by existing rows; `detail`: the condition
  };
  Swallow suppress_error = Swallow::none;
  bool truncated =
      false;  // the name is longer than 63 bytes, so another long name may be truncated to the same one
};

// The name that a table has after a rename_table.
inline QualifiedName renamed_table(const SchemaAction& action) {
  return {action.detail.empty() ? action.table.schema : action.detail, action.name};
}

struct SchemaStep {
  SourceLocation place;
  int last_line = 0;
  std::string text;     // the statement, truncated to a few hundred bytes
  int transaction = 0;  // steps with the same number run in one transaction; 0: in a transaction of its own
  std::vector<SchemaAction> actions;
  std::vector<TableLock> locks;  // on relations that exist before the statement
  // In force at the statement because the script sets them, in milliseconds; 0: off. nullopt: the script does
  // not set them.
  std::optional<std::int64_t> lock_timeout_ms;
  std::optional<std::int64_t> statement_timeout_ms;
};

// One file that a migration tool runs once.
struct Migration {
  enum class Transaction {
    unknown,  // the files belong to no known tool
    none,     // each statement in a transaction of its own
    file,     // each file in a transaction
    run,      // all pending files in one transaction
    script,   // sent as one string: one transaction unless it is a single statement
  };
  std::string file;
  std::string entry;  // its usual name: "0007_add_index", "20240101_x"
  std::string tool;   // ToolFacts::id; "" if unknown
  Transaction transaction = Transaction::unknown;
  bool with_previous = false;  // one deployment runs it after the previous migration that is checked
  // Two or more files of the folder have statements with CONCURRENTLY in a transaction that the tool opens:
  // whoever runs the folder has found a way, if the earlier ones ran.
  bool concurrently_elsewhere = false;
  std::vector<SchemaStep> steps;
};

}  // namespace pgadvise
