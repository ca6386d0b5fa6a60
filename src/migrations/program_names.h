// Migrations that are programs, by the paths of their files, and what shows that a project of such uses
// PostgreSQL.
#pragma once

#include <string_view>

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

// A file of a folder of migrations: "priv/repo/migrations/", ".exs".
bool in_folder(std::string_view path, std::string_view folder, std::string_view extension);

}  // namespace pgadvise::migrations
