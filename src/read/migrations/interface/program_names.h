// Migrations that are programs, by the paths of their files, and what shows that a project of such uses
// PostgreSQL.
#pragma once

#include <span>
#include <string_view>

#include "migrations/interface/tools.h"

namespace pgadvise::migrations {

bool is_script(std::string_view name);  // of JavaScript or TypeScript
// A script in a folder of migrations, with a number in front of its name.
bool numbered_script(std::string_view folder, std::string_view name);
bool numbered_script(std::string_view path);  // the same of a path

// A timestamped program in a folder of migrations: Migration20240101120000.ts, 1700000000000-x.ts.
bool script_migration(std::string_view path);

// A project's package.json, and what stands in it if the project connects to PostgreSQL:
// SchemaInCode::evidence and words.
inline constexpr std::string_view package_json[] = {"package.json"};
inline constexpr std::string_view node_drivers[] = {"\"pg\"", "\"postgres\"", "\"pg-promise\"",
                                                    "\"pg-native\""};

// Migrations in JavaScript or TypeScript: `what` says so; `word` is the tool's entry in package.json.
constexpr SchemaInCode script_migrations(std::string_view what, std::string_view word,
                                         std::span<const std::string_view> drivers = node_drivers) {
  SchemaInCode out;
  out.what = what;
  out.holds = script_migration;
  out.or_else_holds = numbered_script;
  out.evidence = package_json;
  out.words = drivers;
  out.programs = true;
  out.and_word = word;
  return out;
}

// A file of a folder of migrations: "priv/repo/migrations/", ".exs".
bool in_folder(std::string_view path, std::string_view folder, std::string_view extension);

}  // namespace pgadvise::migrations
