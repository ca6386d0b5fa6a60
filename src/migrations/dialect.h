// Detects scripts for databases other than PostgreSQL.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::migrations {

// Whether the name is that of a folder for another database: "mysql", "sqlite3", "clickhouse" …
bool foreign_folder(std::string_view name);
// The database for which most CREATE TABLE statements of a script are written: "MySQL", "SQLite" …; "" for
// PostgreSQL, or if unknown.
std::string foreign_sql(std::string_view script);

}  // namespace pgadvise::migrations
