// What the writers of migrations that are programs share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrations/writing.h"

namespace pgadvise::migrations {

bool is_script(std::string_view name);  // of JavaScript or TypeScript
// A script in a folder of migrations, with a number in front of its name.
bool numbered_script(std::string_view folder, std::string_view name);

// A timestamped program in a folder of migrations: Migration20240101120000.ts, 1700000000000-x.ts.
bool script_migration(std::string_view path);

// A project's package.json, and what stands in it if the project connects to PostgreSQL:
// SchemaInCode::evidence and words.
inline constexpr std::string_view package_json[] = {"package.json"};
inline constexpr std::string_view node_drivers[] = {"\"pg\"", "\"postgres\"", "\"pg-promise\"",
                                                    "\"pg-native\""};

// A file of a folder of migrations: "priv/repo/migrations/", ".exs".
bool in_folder(std::string_view path, std::string_view folder, std::string_view extension);

std::string camel(const std::string& name);  // "add_index" -> "AddIndex"
std::string indented(const std::string& text, const std::string& indent);

// Python.
std::string python_string(const std::string& sql);
std::vector<std::string> quoted_words(std::string_view text);  // what stands in quotes there

// JavaScript and TypeScript, as the newest migration of the folder is written.
struct Script {
  std::string ending;
  bool typed = false;   // TypeScript
  bool module = false;  // import and export
};
Script script_of(const SchemaInput& input);
// A call for each statement; without any, an error that nothing takes the migration back.
std::string in_script(const std::vector<std::string>& statements, const std::string& indent,
                      const std::string& call);
// <version>_name.ts, or <version>-name.ts where the newest one is named so.
std::string script_path(Writing& writing, const Steps& steps, const Script& script);

}  // namespace pgadvise::migrations
