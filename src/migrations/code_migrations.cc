#include "migrations/code_migrations.h"

#include <algorithm>
#include <map>

#include "files/tree.h"
#include "migrations/writing.h"

namespace pgadvise::migrations {
namespace {

bool may_hold(std::string_view folder, std::string_view name) {
  const auto tools = migration_tools();
  return std::any_of(tools.begin(), tools.end(), [&](const MigrationTool* tool) {
    return tool->programs.may_hold && tool->programs.may_hold(folder, name);
  });
}

// Whose migration a program is, by what it says; nullptr for others.
const MigrationTool* tool_of(std::string_view path, const std::string& text) {
  const MigrationTool* out = nullptr;
  for (const auto* tool : migration_tools())
    if (tool->programs.is_one && (!out || tool->programs.rank < out->programs.rank) &&
        tool->programs.is_one(path, text))
      out = tool;
  return out;
}

}  // namespace

std::vector<SchemaInput> find_code_migrations(const std::string& root) {
  Diagnostics told_elsewhere;
  std::map<std::string, std::vector<std::string>> folders;
  for (const auto& file : files::list_files(root, told_elsewhere))
    if (!files::never_deployed(file) && may_hold(files::folder_of(file), files::base_of(file)))
      folders[std::string(files::folder_of(file))].emplace_back(files::base_of(file));
  std::vector<SchemaInput> out;
  for (auto& [folder, names] : folders) {
    std::stable_sort(names.begin(), names.end(), files::natural_less);
    SchemaInput input;
    input.path = folder.empty() ? root : files::path_under(root, folder);
    for (const auto& name : names) input.files.push_back({files::path_under(input.path, name), name});
    input.programs = true;
    input.tool = tool_of(input.files.back().path, newest_text(input));
    if (!input.tool || !input.tool->programs.writer.write) continue;
    input.kind = SchemaKind::migrations;
    out.push_back(std::move(input));
  }
  return out;
}

std::size_t count_code_migrations(const Folder& folder) {
  const auto& names = folder.files();
  return static_cast<std::size_t>(std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    return may_hold(folder.path(), name) && tool_of(folder.path(name), folder.head(name));
  }));
}

const SchemaInput* code_migrations_of(const std::vector<SchemaInput>& found, const std::string& table) {
  const auto has_prefix = [](const SchemaInput& one) { return one.tool->programs.table_prefix != nullptr; };
  if (std::none_of(found.begin(), found.end(), has_prefix))
    return found.size() == 1 ? &found.front() : nullptr;
  const SchemaInput* best = nullptr;
  std::size_t longest = 0;
  for (const auto& one : found) {
    if (!has_prefix(one)) continue;
    const std::string prefix = one.tool->programs.table_prefix(one);
    if (!table.starts_with(prefix) || prefix.size() <= longest) continue;
    best = &one;
    longest = prefix.size();
  }
  return best;
}

}  // namespace pgadvise::migrations
