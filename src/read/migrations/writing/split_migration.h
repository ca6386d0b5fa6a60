// Splits a migration that has not run, so that a statement which reads or writes a whole table does not run
// while other statements' locks are held. Where PostgreSQL has a form of the statement that blocks neither
// reads nor writes, that form replaces it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "migrations/writing/new_migration.h"
#include "model/schema/schema_step.h"

namespace pgadvise::migrations {

// One statement of a migration, and what replaces it.
struct StatementSplit {
  std::string rule;   // id of the rule whose finding asks for the split
  std::string title;  // becomes a comment in the later migration
  SourceLocation at;  // the statement's beginning
  // Statements that make the same change. Those before the first VALIDATE CONSTRAINT or CONCURRENTLY stay in
  // the migration; that one and all behind it move to later migrations. "": the statement itself moves.
  std::string sql;
  bool set_lock_timeout = false;  // true: put SET lock_timeout before what stays
};

struct SplitMigration {
  files::NewFile file;             // the migration with the statements that stay
  std::vector<Change> later;       // the statements that move; new_migration() makes files of them
  std::vector<std::string> notes;  // a sentence each: what to run by hand, and what to do after error 55P03
};

// Splits the migration in the file `path` at these statements. `checked`: the migrations under review, as
// they were read. For a migration tool that runs all pending migrations in one transaction (drizzle-kit),
// `later` stays empty, and the notes have the statements to run by hand.
// Errors (nonfatal; nothing is split): the file cannot be read; a statement stands in a DO block, or makes
// several changes; a later statement needs what would move; the migration has no other statement.
// Cost: for each split, linear in the text of the file and in the number of migrations after it.
Result<SplitMigration> split_migration(const SchemaInput* input, const std::vector<Migration>& checked,
                                       const std::string& path, std::vector<StatementSplit> splits);

}  // namespace pgadvise::migrations
