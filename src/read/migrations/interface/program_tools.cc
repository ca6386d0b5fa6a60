#include "migrations/interface/program_tools.h"

#include <algorithm>

namespace pgadvise::migrations {

bool may_be_program(std::string_view folder, std::string_view name) {
  const auto tools = migration_tools();
  return std::ranges::any_of(tools, [&](const MigrationTool* tool) {
    return tool->programs.may_hold && tool->programs.may_hold(folder, name);
  });
}

const MigrationTool* tool_of_program(std::string_view path, const std::string& text) {
  const MigrationTool* out = nullptr;
  for (const auto* tool : migration_tools())
    if (tool->programs.is_one && (!out || tool->programs.rank < out->programs.rank) &&
        tool->programs.is_one(path, text))
      out = tool;
  return out;
}

std::size_t count_programs(const Folder& folder) {
  const auto& names = folder.files();
  return static_cast<std::size_t>(std::ranges::count_if(names, [&](const std::string& name) {
    return may_be_program(folder.path(), name) && tool_of_program(folder.path(name), folder.head(name));
  }));
}

}  // namespace pgadvise::migrations
