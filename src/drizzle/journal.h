// A drizzle-kit 0.x migrations folder: meta/_journal.json and the .sql files it names.
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

// An introspected database's first migration is one big comment: the statements that made what was there.
// They are part of the schema. The comment marks become spaces, so that places stay; any other text comes
// back as it is.
std::string uncomment_introspection(std::string sql);

}  // namespace pgadvise::drizzle
