// The schema of the SQLite store, and its versions.
#pragma once

#include "base/result.h"
#include "store/sqlite_connection.h"

namespace pgadvise::store {

inline constexpr std::int64_t schema_version = 4;

// Creates the tables in an empty file, or brings those of an earlier version up to date, in one transaction:
// of several processes at once one does it. Creates the views anew if another version created them. Errors
// (usage): the file is another program's, or of a later version.
Result<void> migrate(SqliteConnection& connection, const std::string& path);

}  // namespace pgadvise::store
