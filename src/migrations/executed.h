// What a migrate command executed, as migrations: for projects whose migrations are programs.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "migrations/schema_input.h"
#include "model/catalog.h"
#include "model/executed_statement.h"

namespace pgadvise::migrations {

// One migration, as far as the log tells.
struct ExecutedMigration {
  struct Part {
    std::string text;  // one statement
    // Parts with the same number ran in one transaction; 0: in a transaction of its own.
    int transaction = 0;
  };
  // What the row in the tool's table says, by position: its name is one of these. Empty: behind or without
  // rows.
  std::vector<std::string> names;
  std::vector<Part> parts;
};

// Groups statements by the rows that the tool adds to its own tables, before or after each migration;
// without rows, all statements are one migration. Left out: queries, settings of drivers, what failed or was
// rolled back, and the tool's work on `own_tables`. A SET of a session stands in each migration of that
// session behind it. `own_schemas`: the tool made them for these tables. `one_row`: the tool updates a single
// row. Time: linear in the statements' length.
struct OwnTables {
  std::set<std::string> names;    // without schema: applications do not have the same name
  std::set<std::string> schemas;  // hold nothing else
  bool one_row = false;           // an UPDATE is a record, too
};
std::vector<ExecutedMigration> group_executed(const std::vector<ExecutedStatement>& statements,
                                              const OwnTables& own);

// The tables of migration tools in the database after the command, and the tool's id; "" if none is known.
OwnTables own_tables(const Catalog& after, std::string& tool);

// The input of these migrations: each gets the file of the repository below `root` that the row names, as
// `known` inputs or the files' names tell, and its text the lines of that file: a statement stands on the
// line that has it or names its objects, else on that of the statement before it. A migration without a file
// is called as its row is. `rows`: of the database after the command. Files of `known` that the command did
// not run are named in `diagnostics`. Reads the files of the migrations.
SchemaInput executed_input(const std::vector<ExecutedMigration>& migrations, const std::string& root,
                           const std::vector<std::string>& files, const std::vector<SchemaInput>& known,
                           const std::vector<TrackingTable>& rows, const std::string& tool);

}  // namespace pgadvise::migrations
