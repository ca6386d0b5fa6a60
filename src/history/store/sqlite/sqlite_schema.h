// The schema of the SQLite store, and its versions.
#pragma once

#include <vector>

#include "base/result.h"
#include "store/sqlite/sqlite_connection.h"
#include "store/store/views.h"

namespace pgadvise::store {

inline constexpr std::int64_t schema_version = 4;

// Those of the SQLite store.
std::vector<View> sqlite_views();

// Creates the tables in an empty file, or brings those of an earlier version up to date, in one transaction:
// of several processes at once one does it. Creates the views anew if another version created them. Errors
// (usage): the file is another program's, or of a later version; its tables and their indexes are not exactly
// those that pgadvise creates, or it has a trigger. The file may have other tables and views of any name but
// the tables' names: they are not read.
Result<void> migrate(SqliteConnection& connection, const std::string& path);

}  // namespace pgadvise::store
