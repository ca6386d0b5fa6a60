#include "migrations/folders/folder.h"

#include <algorithm>
#include <map>
#include <set>

#include "files/files.h"
#include "migrations/folders/folder_reading.h"

namespace pgadvise::migrations {
namespace {

bool below(const std::string& relative) { return !relative.starts_with("..") && !relative.starts_with("/"); }

void find_same_versions(FolderReading& reading) {
  std::map<std::string, const MigrationEntry*> versions;
  std::string effect = std::string(reading.tool.id()) + " runs neither";
  if (reading.tool.runs_elsewhere && reading.tool.runs_elsewhere(reading.folder))
    effect = "tools that know a migration by its version run only one of them";
  for (const auto& migration : reading.out.migrations) {
    std::string version = reading.tool.version(migration);
    if (version.empty()) continue;
    version.erase(0, std::min(version.find_first_not_of('0'), version.size()));
    const auto [same, fresh] = versions.emplace(version, &migration);
    if (fresh) continue;
    const std::string name(files::base_of(migration.file));
    reading.problem(
        "duplicate version", name,
        name + " has the same version as " + std::string(files::base_of(same->second->file)) + ": " + effect,
        migration.place);
  }
}

MigrationFolder read_folder(const SchemaInput& input, const std::string& path, const MigrationTool& tool,
                            const std::string& root) {
  FolderReading reading{input, Folder(path), tool, root, {}};
  const bool compares = !tool.without_comparison || tool.compares(reading.folder);
  reading.out.tool = compares ? tool.id() : tool.without_comparison->id();
  reading.out.path = files::relative_to(path, root);
  if (tool.read_journal) {
    tool.read_journal(reading);
    return std::move(reading.out);
  }
  for (const auto& file : input.files)
    reading.add(file.entry, file.path, {files::relative_to(file.path, root), 0, 0}, 0);
  if (tool.read_folder) tool.read_folder(reading);
  if (tool.version) find_same_versions(reading);
  return std::move(reading.out);
}

// The tool of an input's folder, and its path; nullptr: the input belongs to no migrations folder.
std::pair<const MigrationTool*, std::string> folder_of(const SchemaInput& input) {
  for (const auto* tool : migration_tools())
    if (tool->folder_of)
      if (auto path = tool->folder_of(input); !path.empty()) return {tool, std::move(path)};
  return {input.tool, input.path};
}

// May this be the table in which the folder's tool keeps what it has run? Files that are only numbered are
// run by many.
bool keeps(const TrackingTable& table, const MigrationTool& tool) {
  if (!tool.by_name_only) return table.tool == tool.id();
  const MigrationTool* keeper = migration_tool(table.tool);
  return !keeper || !keeper->unmistakable;
}

// What a tracking table says of a tool's files.
class Applied {
 public:
  Applied(const SchemaInput& input, const TrackingTable& table) : tool_(*input.tool), table_(table) {
    for (const auto& row : table.rows) {
      if (row.failed) continue;
      for (const std::string& name : {row.migration, row.checksum}) names_.insert(name);
      if (files::leading_digits(row.migration).size() == row.migration.size())
        names_.emplace(files::without_zeros(row.migration));
      times_.insert(row.when);
    }
    names_.erase("");
    times_.erase(0);
    if (tool_.times) when_ = tool_.times(input);
  }

  bool has_run(const std::string& entry) const {
    const auto time = when_.find(entry);
    if (names_.count(entry) || (time != when_.end() && times_.count(time->second))) return true;
    const bool tracked = tool_.tracked_name && names_.count(tool_.tracked_name(entry));
    const auto key = tool_.facts.row_key;
    if (tracked || (key != ToolFacts::RowKey::name && key != ToolFacts::RowKey::number)) return tracked;
    const auto number = files::leading_digits(entry);
    const ToolFacts* keeper = find_tool_facts(table_.tool);
    if (keeper && keeper->newest_row_only)
      return !table_.rows.empty() && compare_versions(number, table_.rows.front().migration) <= 0;
    return !number.empty() && names_.count(std::string(files::without_zeros(number))) > 0;
  }

  // A tool that goes by times runs what is later than the latest that it has run, and nothing else.
  bool will_run(const std::string& entry) const {
    const auto time = when_.find(entry);
    return time == when_.end() || times_.empty() ? !has_run(entry) : time->second > *times_.rbegin();
  }

 private:
  const MigrationTool& tool_;
  const TrackingTable& table_;
  std::set<std::string> names_;
  std::set<std::int64_t> times_;
  std::map<std::string, std::int64_t> when_;  // of entries, by the journal
};

}  // namespace

void read_migrations(Project& project, const std::vector<SchemaInput>& inputs) {
  for (const auto& input : inputs) {
    const auto [tool, path] = folder_of(input);
    if (!tool || !below(files::relative_to(path, project.root))) continue;
    const bool known = std::ranges::any_of(inputs, [&, &folder = path](const SchemaInput& other) {
      return &other != &input && other.tool && other.path == folder;
    });
    if (!input.tool && known) continue;  // a snapshot beside the migrations of its folder
    project.migrations.push_back(read_folder(input, path, *tool, project.root));
  }
}

AppliedPart applied_part(const SchemaInput& input, const std::vector<TrackingTable>& tracking) {
  AppliedPart out;
  out.input = input;
  std::size_t most = 0;
  for (const auto& table : tracking) {
    if (!input.tool || !keeps(table, *input.tool)) continue;
    const Applied applied(input, table);
    AppliedPart part;
    part.input = input;
    part.input.files.clear();
    part.table = {table.schema, table.name};
    for (const auto& file : input.files) {
      if (applied.has_run(file.entry)) part.input.files.push_back(file);
      if (applied.will_run(file.entry)) part.due.insert(file.path);
    }
    const std::size_t known = part.input.files.size();
    if (known < most || known == 0) continue;  // another project's, or nothing has run yet
    part.known = known > most;                 // else two that could be meant
    most = known;
    out = std::move(part);
  }
  if (out.known) return out;
  AppliedPart all;
  all.input = input;
  return all;
}

std::string last_snapshot(const SchemaInput& input) {
  if (!input.tool || !input.tool->last_snapshot || input.files.empty()) return {};
  return input.tool->last_snapshot(input);
}

}  // namespace pgadvise::migrations
