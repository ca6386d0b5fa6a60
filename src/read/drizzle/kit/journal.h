// Reads a drizzle-kit 0.x migrations folder: meta/_journal.json and the .sql files that it lists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/source_location.h"

namespace pgadvise::drizzle {

struct JournalEntry {
  std::string tag;
  std::int64_t when = 0;
  std::int64_t index = -1;  // "idx"
  SourceLocation place;
};

// The entries in the journal's order. Errors: missing, broken, or of another database's dialect.
Result<std::vector<JournalEntry>> read_journal(const std::string& folder, Diagnostics& diagnostics);

// The first migration of an introspected database is one comment with the statements of the existing schema.
// Replaces the comment marks by spaces, so that locations stay valid; returns any other text unchanged.
std::string uncomment_introspection(std::string sql);

}  // namespace pgadvise::drizzle
