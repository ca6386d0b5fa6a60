// Splits a migration that has not run, so that a statement which reads or writes a whole table holds no lock
// that blocks others, or no more locks than its own.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "migrations/new_migration.h"
#include "model/schema_step.h"

namespace pgadvise::migrations {

// One statement of a migration, and what replaces it.
struct StatementSplit {
  std::string rule;   // of the finding
  std::string title;  // a comment in the new migration
  SourceLocation at;  // the statement's beginning
  // Statements that make the same change. Those up to the first VALIDATE CONSTRAINT or CONCURRENTLY stay in
  // the migration, the others run in later transactions. "": the statement itself runs in a later
  // transaction.
  std::string sql;
  bool set_lock_timeout = false;  // the deployment sets no lock_timeout
};

struct SplitMigration {
  files::NewFile file;             // the migration with the statements that stay
  std::vector<Change> later;       // for new_migration(), of the same input
  std::vector<std::string> notes;  // a sentence each: what to run by hand, when to run a migration again
};

// Splits the migration in the file `path` at these statements. `checked`: the migrations under review, as
// they were read. Where the tool runs all pending migrations in one transaction, nothing is added to `later`,
// and the notes have the statements to run by hand. Errors (nonfatal): why a statement cannot be split off:
// it stands in a DO block or makes several changes, a later statement needs what would move, or the migration
// has no other statement; the file cannot be read. Cost: linear in the text of the file, and in the
// migrations after it, for each split.
Result<SplitMigration> split_migration(const SchemaInput* input, const std::vector<Migration>& checked,
                                       const std::string& path, std::vector<StatementSplit> splits);

}  // namespace pgadvise::migrations
