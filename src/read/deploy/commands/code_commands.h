// Finds commands that application code runs, by scanning its text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pgadvise::deploy {

// A command that code runs with exec, spawn and the like, or a call with the same effect.
struct CodeCommand {
  std::size_t offset;
  std::string text;               // a shell text; of a call, what stands at the offset
  std::vector<std::string> call;  // {"drizzle-kit/api", "pushSchema"}; empty for a shell text
};

// Calls of one kind that are looked at in a file: a file of nothing but such calls is nobody's code.
inline constexpr std::size_t max_hits = 16;

// Commands, pushSchema of drizzle-kit/api, and runners of drizzle's files that the project has itself:
// {"drizzle-orm/migrator", "readMigrationFiles"} or, without drizzle-orm's code, {…, "_journal.json"}.
std::vector<CodeCommand> commands_in_code(const std::string& content);

}  // namespace pgadvise::deploy
