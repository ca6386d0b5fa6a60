#include "migrations/folders/facts.h"

#include <algorithm>
#include <filesystem>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/scripts/script_files.h"
#include "migrations/scripts/versions.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;
using Transaction = Migration::Transaction;

// Is it the name of a tool's versioned migration, without another sign beside it?
bool named_by_a_tool(std::string_view name) {
  const auto tools = migration_tools();
  return std::ranges::any_of(
      tools, [&](const MigrationTool* tool) { return tool->versioned_name && tool->versioned_name(name); });
}

struct Decision {
  const MigrationTool* tool = nullptr;
  Transaction transaction = Transaction::unknown;
};

// By what tools read in comments, whatever the folder says.
Decision by_comments(std::string_view text) {
  for (const auto* tool : migration_tools_by_rank())
    if (tool->by_comments)
      if (const auto transaction = tool->by_comments(text)) return {tool, *transaction};
  return {};
}

// By what lies beside the file, else by its name. In the folder of a known tool, only that tool decides:
// several tools have files of the same names.
Decision by_path(const MigrationTool* known, const fs::path& file, std::string_view text) {
  const auto may_run = [&](const MigrationTool* tool) {
    return !known || known->by_name_only || known == tool;
  };
  for (const auto* tool : migration_tools_by_rank())
    if (may_run(tool) && tool->by_folder)
      if (const auto transaction = tool->by_folder(file)) return {tool, *transaction};
  for (const auto* tool : migration_tools_by_rank())
    if (may_run(tool) && tool->by_name)
      if (const auto transaction = tool->by_name(file.filename().string(), text)) return {tool, *transaction};
  return {};
}

// Numbered files do not show who runs them.
Decision by_tool(const MigrationTool& tool, const fs::path& file, std::string_view text) {
  if (tool.by_name_only) return {};
  const bool none =
      (tool.file_without_transaction && tool.file_without_transaction(file)) || !in_transaction(tool, text);
  return {&tool, none ? Transaction::none : tool.transaction};
}

Decision decide(const SchemaInput& input, const std::string& file, std::string_view text) {
  if (input.tool && input.tool->unmistakable) return by_tool(*input.tool, file, text);
  Decision out = by_comments(text);
  if (!out.tool) out = by_path(input.tool, file, text);
  if (!out.tool && input.tool) out = by_tool(*input.tool, file, text);
  return out;
}

std::string entry_of(const SchemaFile& file) {
  if (!file.entry.empty()) return file.entry;
  std::string name = fs::path(file.path).filename().string();
  if (is_sql(name)) name.resize(name.size() - 4);
  return name;
}

}  // namespace

Migration describe_migration(const SchemaInput& input, const SchemaFile& file, std::string_view text) {
  Migration out;
  out.file = file.path;
  out.entry = entry_of(file);
  if (input.executed) {  // as it ran
    out.tool = input.executed->tool;
    out.transaction = input.executed->scripts.at(file.path).transaction;
    return out;
  }
  const Decision decision = decide(input, file.path, text);
  if (decision.tool) out.tool = decision.tool->id();
  out.transaction = decision.transaction;
  return out;
}

bool holds_migrations(const SchemaInput& input) {
  switch (input.kind) {
    case SchemaKind::migrations:
    case SchemaKind::executed: return true;
    case SchemaKind::sql_folder:
      if (contains(lower(input.path), "migrat")) return true;
      return std::ranges::all_of(input.files, [](const SchemaFile& file) {
        const auto name = files::base_of(file.path);
        return files::leading_digits(name).size() >= 8 || named_by_a_tool(name);
      });
    default: return false;
  }
}

std::optional<SchemaInput> migrations_around(const std::string& file) {
  std::error_code code;
  const fs::path path(file);
  if (!fs::is_regular_file(path, code) || lower(path.extension().string()) != ".sql") return std::nullopt;
  fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  const fs::path here = fs::absolute(folder, code).lexically_normal();
  const std::size_t digits = files::leading_digits(here.filename().string()).size();
  const bool nested =
      path.filename() == "migration.sql" &&
      (digits >= 4 || (digits > 0 && contains(lower(here.parent_path().filename().string()), "migrat")));
  const fs::path above = here.parent_path();
  const bool of_version =
      !version_in_name(here.filename().string()).empty() && named_for_versions(above.filename().string());
  if (nested || of_version)
    folder = folder == "." || folder.parent_path().empty() ? folder / ".." : folder.parent_path();
  // Nothing is walked that doesn't look like migrations from outside: the file may lie in somebody's home.
  const auto named = fs::absolute(folder, code).lexically_normal();
  const auto last = named.has_filename() ? named.filename() : named.parent_path().filename();
  if (!nested && !of_version && !journal_tool(folder.generic_string()) &&
      !contains(lower(last.string()), "migrat"))
    return std::nullopt;
  Diagnostics ignored;
  const auto found = find_schemas(folder.generic_string(), ignored);
  if (!found) return std::nullopt;
  for (const SchemaInput& input : *found) {
    if (!holds_migrations(input)) continue;
    for (const SchemaFile& each : input.files)
      if (fs::equivalent(each.path, path, code)) return input;
  }
  return std::nullopt;
}

bool is_dump(std::string_view text) { return contains(text.substr(0, 4096), "PostgreSQL database dump"); }

}  // namespace pgadvise::migrations
