// Which source files declare a Drizzle schema, and with which options.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/catalog.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {

enum class Casing { none, snake_case, camel_case };

struct SourceConfig {
  std::vector<std::string> paths;         // configurations with these same values; none: without one
  std::vector<std::string> files;         // schema files, in drizzle-kit's order
  std::vector<std::string> missing = {};  // `schema` as written, where it names no file
  Casing casing = Casing::none;
  bool casing_unknown = false;
  std::string out;                         // the migrations folder, from the root
  std::vector<std::string> schema_filter;  // empty: drizzle-kit's default, public
  std::vector<std::string> tables_filter;
  // Whether .array() of the project's drizzle-orm forgets the modifiers before it; nullopt: the version is
  // not known.
  std::optional<bool> array_forgets;
};

// The same by the versions of drizzle-orm in package.json: "^0.45.2", "1.0.0-beta.21"; nullopt for "latest",
// "catalog:" and the like.
std::optional<bool> array_forgets(std::string_view versions);

// Of all PostgreSQL configurations of the repository that name schema files: a file, a folder (its own files)
// or a glob, relative to the configuration's folder, its package's or one above. Without such a
// configuration, one for each package with files that import drizzle-orm/pg-core, tests excepted.
std::vector<SourceConfig> source_configs(typescript::Program& program);

// The PostgreSQL configurations that name schema files which do not exist, one each.
std::vector<SourceConfig> configs_with_missing_files(typescript::Program& program);

// Whether drizzle-kit's migrations cover the table, by the configuration's schemaFilter and tablesFilter.
bool covers_table(const SourceConfig& config, const QualifiedName& table);

// The name of a column whose key is `key`, as drizzle-orm's toSnakeCase() and toCamelCase().
std::string cased(std::string_view key, Casing casing);

}  // namespace pgadvise::drizzle
