// Lists the simple commands that a shell script would run, with the conditions known from its text. It does
// not interpret the script: variables stay as written, loops run once, and both branches of an unknown
// condition count.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::deploy {

// The environment in which a command runs, as far as the text shows it. Ordered by increasing certainty that
// it is not production.
enum class Target { any, not_production, development };

struct ShellCommand {
  std::vector<std::string> assignments;  // "NODE_ENV=production" in front
  std::vector<std::string> words;        // quotes removed
  std::size_t offset = 0;                // of the first word (or assignment) in the script
  std::size_t end = 0;
  Target target = Target::any;
  std::vector<int> branch;  // the conditional branches it stands in, outermost first
  std::string input;        // the here-document
  std::string output;       // the file of > or >>
  std::string source;       // the file of <
  std::string function;     // the function whose body it belongs to
};

// In the order of the text. Commands of functions that nothing calls are left out, and so is what stands in
// here-documents, comments and quotes. `arguments` ($1 …) decide a `case "$1" in`. Never fails.
std::vector<ShellCommand> parse_shell(std::string_view script,
                                      const std::vector<std::string>& arguments = {});

// "development", "dev", "local", "test" -> development; "production", "prod" … -> any; other names ->
// not_production.
Target environment_named(std::string_view name);

// Whether a name, such as that of a script or job, has one of the words: "db:Seed-eu" has "seed". Words are
// in lower case; all but letters and digits divides a name into words.
bool has_word(std::string_view name, std::span<const std::string_view> words);
bool has_word(std::string_view name, std::initializer_list<std::string_view> words);

}  // namespace pgadvise::deploy
