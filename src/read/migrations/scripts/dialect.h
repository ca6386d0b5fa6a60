// Detects scripts for databases other than PostgreSQL.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace pgadvise::migrations {

// Whether the name is that of a folder for another database: "mysql", "sqlite3", "clickhouse" …
bool foreign_folder(std::string_view name);
// The types and domains that a script creates, in lower case, without their schemas.
using TypeNames = std::set<std::string, std::less<>>;
TypeNames created_types(std::string_view script);
// The database for which most CREATE TABLE statements of a script are written: "MySQL", "SQLite" …; "" for
// PostgreSQL, or if unknown. Types that the script creates, and `own_types`, show no other database.
std::string foreign_sql(std::string_view script, const TypeNames& own_types = {});

}  // namespace pgadvise::migrations
