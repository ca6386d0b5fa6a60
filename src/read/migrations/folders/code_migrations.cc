#include "migrations/folders/code_migrations.h"

#include <algorithm>
#include <map>

#include "base/files/input_file.h"
#include "files/files.h"
#include "files/tree.h"
#include "migrations/interface/tools.h"

namespace pgadvise::migrations {

std::vector<SchemaInput> find_code_migrations(const std::string& root) {
  Diagnostics told_elsewhere;
  std::map<std::string, std::vector<std::string>> folders;
  for (const auto& file : files::list_files(root, told_elsewhere))
    if (!files::never_deployed(file) && may_be_program(files::folder_of(file), files::base_of(file)))
      folders[std::string(files::folder_of(file))].emplace_back(files::base_of(file));
  std::vector<SchemaInput> out;
  for (auto& [folder, names] : folders) {
    std::ranges::stable_sort(names, files::natural_less);
    SchemaInput input;
    input.path = folder.empty() ? root : files::path_under(root, folder);
    for (const auto& name : names) input.files.push_back({files::path_under(input.path, name), name});
    input.programs = true;
    const std::string& newest = input.files.back().path;
    input.tool = tool_of_program(newest, read_file(newest, files::text_limit).value_or(""));
    if (!input.tool) continue;
    input.kind = SchemaKind::migrations;
    out.push_back(std::move(input));
  }
  return out;
}

const SchemaInput* code_migrations_of(const std::vector<SchemaInput>& found, const std::string& table) {
  const auto has_prefix = [](const SchemaInput& one) { return one.tool->programs.table_prefix != nullptr; };
  if (std::ranges::none_of(found, has_prefix)) return found.size() == 1 ? &found.front() : nullptr;
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
