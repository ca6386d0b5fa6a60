// The database for which the project around a folder of scripts is written, by files that name it.
#pragma once

#include <string>
#include <vector>

namespace pgadvise::migrations {

// For scripts of a database other than PostgreSQL: the database and what names it, "SQLite, according to
// app/Cargo.toml"; "" for PostgreSQL, or if no file decides. The nearest folder with such a file decides,
// from `folder` up to the root: queries that sqlx prepared (.sqlx/*.json), features of a Cargo.toml, and
// drizzle's configuration for the folders to which it writes. `files`: of the repository, relative to `root`,
// sorted; `folder` likewise.
std::string other_database_of_project(const std::string& root, const std::vector<std::string>& files,
                                      const std::string& folder);

}  // namespace pgadvise::migrations
