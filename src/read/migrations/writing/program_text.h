// What the writers of migrations that are programs share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "migrations/writing/writing.h"

namespace pgadvise::migrations {

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
