// The effects of a migration's statements on an existing database. src/sql's replay fills these structs for
// the migrations that are checked. Members about the earlier state (`before`, `on_new_table` …) hold for the
// moment just before the statement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/source_location.h"

namespace pgadvise {

// How a column's default is computed for the rows that are there when the column is added.
enum class DefaultKind {
  none,      // no default, or NULL
  fixed,     // constant, immutable or stable: computed once, no row is touched (PostgreSQL 11 and later)
  changing,  // volatile, a sequence's next value, or generated from the row: every row is written
  unknown,   // calls a function that is not built in: volatile unless declared otherwise
};

// The share of a table's rows that an UPDATE or DELETE selects, guessed from its WHERE clause.
enum class Selectivity {
  all,   // no WHERE
  most,  // a WHERE that compares with no constant: IS NULL, <>, a join
  some,  // a WHERE with a constant, LIMIT, EXISTS, or two columns out of order: how many nobody can tell
  few,   // a unique key equals a constant
};

struct SchemaAction {
  enum class Kind {
    create_table,  // on_new_table, always
    create_view,   // likewise
    create_index,
    drop_index,
    reindex,
    add_constraint,
    validate_constraint,
    drop_constraint,
    set_not_null,
    change_type,
    add_column,
    drop_column,
    drop_table,
    drop_schema,
    drop_type,      // with CASCADE: `columns` of `table` go with it
    rename_table,   // `name`: the new one; also SET SCHEMA
    rename_column,  // `columns`: the old one, `name`: the new one
    rewrite_table,  // SET LOGGED, SET TABLESPACE, CLUSTER, VACUUM FULL …; `detail` says which
    truncate,
    insert_from,  // INSERT … SELECT, CREATE TABLE AS; `table`: the target
    update,
    remove,          // DELETE
    suppress_error,  // a failure that passes in silence; `detail`, `name`
  };
  Kind kind = Kind::update;
  SourceLocation place;
  QualifiedName table;
  Table::Kind table_kind = Table::Kind::ordinary;
  bool on_new_table = false;  // the table is made by the same migration (or by one that is deployed with it)
  bool table_known = true;    // false: the replayed files don't make it
  std::vector<std::string> columns;
  std::string name;  // of the index, constraint, schema, type; else as the kind says
  bool concurrently = false;
  bool cascade = false;
  std::string detail;

  std::optional<Index> index;            // create_index
  std::optional<Constraint> constraint;  // add_constraint; `validated` is false for NOT VALID
  bool using_index = false;              // add_constraint
  bool with_column = false;              // add_constraint: part of ADD COLUMN
  // add_constraint, set_not_null: the columns were added by the same migration. null: and hold nothing but
  // NULL so far, as does a column that is added (but for IF NOT EXISTS: it may have been there)
  bool on_new_columns = false;
  bool on_null_columns = false;

  std::optional<Column>
      before;                   // change_type, set_not_null, drop_column; nullopt when the column isn't known
  std::optional<Column> after;  // change_type, add_column
  bool proven_not_null =
      false;  // set_not_null: a validated check says it already; add_constraint using an index: NOT NULL
  DefaultKind default_kind = DefaultKind::none;  // add_column
  bool enums = false;                            // change_type: one of the two is an enum
  bool converts =
      false;  // change_type: USING an expression other than the column or a cast of it to the type
  bool explicit_cast = false;  // change_type: USING column::type, which cuts what is too long
  bool rechecked = false;      // change_type: a check constraint holds the column
  bool index_rebuilt = false;  // change_type: an index has the column in an expression or predicate
  bool indexed = false;        // change_type: an index has the column as a key

  Selectivity rows = Selectivity::some;   // update, remove
  std::vector<std::string> reads;         // insert_from, update: names of the columns that are read
  std::vector<QualifiedName> reads_from;  // insert_from, update: relations that are read

  // swallow
  enum class Swallow {
    none,
    every_error,   // WHEN OTHERS, and nothing is raised again
    other_object,  // an object of that name is there, and is another one
  };
  Swallow suppress_error = Swallow::none;
  bool truncated = false;  // the name is longer than 63 bytes: another long one may have become the same
};

struct SchemaStep {
  SourceLocation place;
  int last_line = 0;
  std::string text;     // the statement, cut to a few hundred bytes
  int transaction = 0;  // steps of one number run in one transaction; 0: by itself
  std::vector<SchemaAction> actions;
};

// One file that a migration tool runs once.
struct Migration {
  enum class Transaction {
    unknown,  // no tool is known by the files
    none,     // each statement by itself
    file,     // each file in a transaction
    run,      // all files that are due in one transaction
    script,   // sent as one string: one transaction unless it is a single statement
  };
  std::string file;
  std::string entry;  // as people name it: "0007_add_index", "20240101_x"
  std::string tool;   // ToolFacts::id; "" when not known
  Transaction transaction = Transaction::unknown;
  std::vector<SchemaStep> steps;
};

}  // namespace pgadvise
