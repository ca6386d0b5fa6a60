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

// The next migration in JavaScript or TypeScript, as the newest one of the folder is written.
struct Script {
  std::string newest;  // its text
  std::string version;
  std::string path;     // <version>_name.ts, or <version>-name.ts where the newest one is named so
  bool typed = false;   // TypeScript
  bool module = false;  // import and export
};
Script next_script(Writing& writing, const Steps& steps);
// Writer::write of tools with such migrations; `text_of`: the text.
template <std::string (*text_of)(const Steps&, const Script&)>
Result<Written> write_script(Writing& writing, const Steps& steps) {
  const Script script = next_script(writing, steps);
  return one_file(script.path, text_of(steps, script));
}
// A call for each statement; without any, an error that nothing takes the migration back.
std::string in_script(const std::vector<std::string>& statements, const std::string& indent,
                      const std::string& call);

}  // namespace pgadvise::migrations
