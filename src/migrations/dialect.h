// Scripts that are written for another database than PostgreSQL.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::migrations {

// "mysql", "sqlite3", "clickhouse" …: a folder for the scripts of a database that is not PostgreSQL.
bool foreign_folder(std::string_view name);
// The database that most CREATE TABLE statements of a script are written for: "MySQL", "SQLite" …; "" for
// PostgreSQL, and when nothing tells.
std::string foreign_sql(std::string_view script);

}  // namespace pgadvise::migrations
