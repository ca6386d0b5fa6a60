#include "migrations/interface/tools.h"

#include <algorithm>
#include <filesystem>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "sql/replay/same_statements.h"

namespace pgadvise::migrations {
namespace fs = std::filesystem;

std::string Folder::path(std::string_view name) const {
  return (fs::path(path_) / name).lexically_normal().generic_string();
}

std::string Folder::name() const {
  const fs::path path = fs::path(path_).lexically_normal();
  return path.has_filename() ? path.filename().generic_string()
                             : path.parent_path().filename().generic_string();
}

void Folder::list() const {
  if (listed_) return;
  listed_ = true;
  std::error_code code;
  std::size_t count = 0;
  for (fs::directory_iterator it(path_, code), end; !code && it != end; it.increment(code)) {
    cut_ = ++count > max_entries;
    if (cut_) break;
    std::error_code ignored;
    if (it->is_directory(ignored)) folders_.push_back(it->path().filename().generic_string());
    else if (it->is_regular_file(ignored)) files_.push_back(it->path().filename().generic_string());
  }
  std::ranges::sort(files_);
  std::ranges::sort(folders_);
}

bool Folder::cut() const { return list(), cut_; }
const std::vector<std::string>& Folder::files() const { return list(), files_; }
const std::vector<std::string>& Folder::folders() const { return list(), folders_; }

bool Folder::has(std::string_view file) const {
  std::error_code code;
  return fs::is_regular_file(path(file), code);
}

std::string Folder::head(const std::string& file, std::size_t bytes) const {
  return read_head(path(file), bytes);
}

int compare_versions(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto end_a = std::min(a.find_first_of("._"), a.size());
    const auto end_b = std::min(b.find_first_of("._"), b.size());
    if (const int order = files::compare_digits(a.substr(0, end_a), b.substr(0, end_b))) return order;
    a.remove_prefix(std::min(end_a + 1, a.size()));
    b.remove_prefix(std::min(end_b + 1, b.size()));
  }
  return 0;
}

std::string_view tool_program(std::string_view word) {
  for (const MigrationTool* tool : migration_tools())
    if (is_one_of(word, tool->program.aliases)) return tool->program.name;
  return {};
}

std::string_view tool_program_of_module(std::string_view path) {
  if (!contains(path, "node_modules/")) return {};
  for (const MigrationTool* tool : migration_tools())
    if (const auto module = tool->program.module; !module.empty() && contains(path, module))
      return tool->program.name;
  return {};
}

const std::vector<const MigrationTool*>& migration_tools_by_rank() {
  static const std::vector<const MigrationTool*> sorted = [] {
    std::vector<const MigrationTool*> out(migration_tools().begin(), migration_tools().end());
    std::ranges::stable_sort(out, [](const auto* a, const auto* b) { return a->rank < b->rank; });
    return out;
  }();
  return sorted;
}

const MigrationTool* migration_tool(std::string_view id) {
  for (const auto* tool : migration_tools()) {
    if (tool->id() == id) return tool;
    if (tool->without_comparison && tool->without_comparison->id() == id) return tool->without_comparison;
  }
  return nullptr;
}

const MigrationTool* journal_tool(const std::string& folder) {
  for (const auto* tool : migration_tools())
    if (!tool->journal.empty() && Folder(folder).has(tool->journal)) return tool;
  return nullptr;
}

const MigrationTool* recognise(const Folder& folder, std::vector<SchemaFile>& files,
                               Diagnostics& diagnostics) {
  for (const auto* tool : migration_tools_by_rank()) {
    if (!tool->files) continue;
    files = tool->files(folder, diagnostics);
    if (files.empty()) continue;
    if (folder.cut())
      warn(diagnostics, folder.path(),
           "contains more than " + std::to_string(Folder::max_entries) +
               " files and folders: pgadvise did not read the rest");
    return tool;
  }
  return nullptr;
}

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

bool same_migration(const MigrationTool& tool, const std::string& before, const std::string& after) {
  if (tool.unchanged) return tool.unchanged(before, after);
  if (tool.facts.on_edit == ToolFacts::OnEdit::stops && tool.checksums) {
    const auto known = tool.checksums(before);
    const auto now = tool.checksums(after);
    return std::find_first_of(known.begin(), known.end(), now.begin(), now.end()) != known.end();
  }
  const auto up = [&](const std::string& text) { return tool.up ? tool.up(text) : text; };
  return sql::same_statements(up(before), up(after));
}

}  // namespace pgadvise::migrations
