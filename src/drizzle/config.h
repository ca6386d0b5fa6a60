// drizzle.config.* and schema.prisma, as far as a plain reading goes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "files/tree.h"

namespace pgadvise::project {

struct DrizzleConfig {
  std::string path;
  std::vector<std::string> dialects;  // those its text names: "postgresql", "sqlite" …; empty: none was found
  std::vector<std::string> schema;    // paths and globs, relative to the config's folder
  std::string out;                    // "drizzle" unless given
  bool postgresql() const;            // named, or nothing else is
};

DrizzleConfig read_drizzle_config(const std::string& path, std::string_view text);
// All configs of the repository, in path order.
std::vector<DrizzleConfig> drizzle_configs(Tree& tree);

// Does a command in `folder` speak to PostgreSQL? By its --config and --dialect options, the nearest config at or above the
// folder, and else by any config of the repository. True when nothing tells.
bool drizzle_is_postgresql(const std::vector<DrizzleConfig>& configs, const std::string& folder,
                           const std::vector<std::string>& words);
// "mysql", "sqlite3", "clickhouse" …: a folder for the scripts of a database that is not PostgreSQL.
bool foreign_folder(std::string_view name);
// The database that most CREATE TABLE statements of a script are written for: "MySQL", "SQLite" …; "" for PostgreSQL, and
// when nothing tells.
std::string foreign_sql(std::string_view script);

// Does an ORM in that file speak to PostgreSQL? By what the file says, else by the drivers of the nearest package.json.
bool node_is_postgresql(Tree& tree, const std::string& file, const std::string& folder);
// By the Gemfile; true without one.
bool rails_is_postgresql(Tree& tree);
bool prisma_is_postgresql(Tree& tree, const std::string& folder, const std::vector<std::string>& words);

}  // namespace pgadvise::project
