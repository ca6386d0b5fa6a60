// What a migrate command executed, as migrations: for projects whose migrations are programs.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "migrations/interface/schema_input.h"
#include "model/queries/executed_statement.h"
#include "model/schema/catalog.h"

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

// The tables of migration tools.
struct OwnTables {
  std::set<std::string> names;    // without schema: applications do not have the same name
  std::set<std::string> schemas;  // hold nothing else
  bool one_row = false;           // the tool updates one row: an UPDATE is a record, too
};

// Those in the database after the command, and the tool's id; "" if none is known.
OwnTables own_tables(const Catalog& after, std::string& tool);

// Groups statements by the rows that the tool adds to its own tables, before or after each migration;
// without rows, all statements are one migration without a name. Left out: queries, COPY, settings of
// drivers, what failed or was rolled back, and the rest of the tool's work on `own`. A SET of a session
// stands in each later migration of that session. Time: linear in the statements' length.
std::vector<ExecutedMigration> group_executed(const std::vector<ExecutedStatement>& statements,
                                              const OwnTables& own);

struct Repository {
  std::string root;                // as the paths of `known` begin
  std::vector<std::string> files;  // of files::list_files()
  std::vector<SchemaInput> known;  // the schema inputs of the root
};

// The input of these migrations. Each gets the file of the repository that its row names, by `known` or by
// the files' names, and its text the lines of that file: a statement stands on the line that has it or names
// its objects, else on that of the statement before it. A migration without a file is called as its row is.
// `rows`: of the database after the command. Reads the files of the migrations; a file of more than 4 MB
// gives no lines.
SchemaInput executed_input(const std::vector<ExecutedMigration>& migrations, const Repository& repository,
                           const std::vector<TrackingTable>& rows, const std::string& tool);

}  // namespace pgadvise::migrations
