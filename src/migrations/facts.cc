#include "migrations/facts.h"

#include <algorithm>
#include <filesystem>

#include "base/input_file.h"
#include "base/text.h"
#include "files/files.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;
using Transaction = Migration::Transaction;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// "V7__add_x.sql", "V1.2__x.sql", "U…" and "R…" are not run once.
bool flyway_name(std::string_view name) {
  return name.size() > 3 && name[0] == 'V' && name[1] >= '0' && name[1] <= '9' && has(name, "__");
}

int digits_in_front(std::string_view name) {
  return static_cast<int>(std::find_if(name.begin(), name.end(), [](char c) { return c < '0' || c > '9'; }) - name.begin());
}

// The line that begins with `mark`, lower case; "" when there is none.
std::string line_with(std::string_view text, std::string_view mark) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = trim(text.substr(at, end - at));
    if (starts_with_nocase(line, mark)) return lower(line);
    at = end + 1;
  }
  return {};
}

struct Tool {
  std::string name;
  Transaction transaction = Transaction::unknown;
};

// Comments that a tool reads.
Tool tool_in_comments(std::string_view text) {
  if (!line_with(text, "-- +goose").empty())
    return {"goose", line_with(text, "-- +goose no transaction").empty() ? Transaction::file : Transaction::none};
  if (const auto up = line_with(text, "-- migrate:up"); !up.empty())
    return {"dbmate", has(up, "transaction:false") ? Transaction::none : Transaction::file};
  if (!line_with(text, "--liquibase formatted sql").empty() || !line_with(text, "-- liquibase formatted sql").empty())
    return {"liquibase", has(lower(text.substr(0, 4096)), "runintransaction:false") ? Transaction::none : Transaction::file};
  if (const auto mode = line_with(text, "-- atlas:txmode"); !mode.empty()) return {"atlas", has(mode, "none") ? Transaction::none : Transaction::file};
  if (starts_with_nocase(text, "-- no-transaction")) return {"sqlx", Transaction::none};
  return {};
}

Tool tool_by_name(const fs::path& file, std::string_view text) {
  const fs::path folder = file.parent_path();
  const std::string name = file.filename().string();
  if (folder.filename() == "migrations" && folder.parent_path().filename() == "supabase") return {"supabase", Transaction::script};
  if (is_file(folder / "atlas.sum")) return {"atlas", Transaction::file};
  if (is_file(folder / "sqitch.plan") || is_file(folder.parent_path() / "sqitch.plan")) return {"sqitch", Transaction::none};
  // Flyway looks at the statements: a script whose statements all run outside a transaction gets none.
  if (flyway_name(name)) return {"flyway", has(lower(text), " concurrently ") ? Transaction::none : Transaction::file};
  if (name.ends_with(".up.sql")) return {"golang-migrate", Transaction::script};
  if (const auto rest = lower(std::string_view(name).substr(files::leading_digits(name).size())); rest.starts_with(".do.") && rest.size() < name.size()) return {"postgrator", Transaction::script};
  return {};
}

// Numbered files tell nothing of who runs them.
Tool tool_of_folder(const MigrationTool& tool, const fs::path& file, std::string_view text) {
  if (tool.by_name_only) return {};
  if (tool.name == "diesel")  // run_in_transaction = false, beside up.sql
    if (const auto settings = read_file((file.parent_path() / "metadata.toml").string(), files::text_limit); settings && has(replace_all(*settings, " ", ""), "run_in_transaction=false"))
      return {"diesel", Transaction::none};
  const bool all = tool.transaction == MigrationTool::Transaction::of_all_files;
  return {std::string(tool.name), !in_transaction(tool, text) ? Transaction::none : all ? Transaction::run : Transaction::file};
}

std::string entry_of(const SchemaFile& file) {
  if (!file.entry.empty()) return file.entry;
  std::string name = fs::path(file.path).filename().string();
  if (name.size() > 4 && lower(name.substr(name.size() - 4)) == ".sql") name.resize(name.size() - 4);
  return name;
}

}  // namespace

Migration describe_migration(const SchemaInput& input, const SchemaFile& file, std::string_view text) {
  Tool tool = tool_in_comments(text);
  if (input.kind == SchemaKind::drizzle_migrations) tool = {"drizzle", Transaction::run};
  if (input.kind == SchemaKind::prisma_migrations) tool = {"prisma", Transaction::script};
  if (tool.name.empty()) tool = tool_by_name(file.path, text);
  if (tool.name.empty() && input.tool) tool = tool_of_folder(*input.tool, file.path, text);
  Migration out;
  out.file = file.path;
  out.entry = entry_of(file);
  out.tool = tool.name;
  out.transaction = tool.transaction;
  return out;
}

bool holds_migrations(const SchemaInput& input) {
  switch (input.kind) {
    case SchemaKind::drizzle_migrations:
    case SchemaKind::prisma_migrations:
    case SchemaKind::migrations:
      return true;
    case SchemaKind::sql_folder:
      if (has(lower(input.path), "migrat")) return true;
      return std::all_of(input.files.begin(), input.files.end(), [](const SchemaFile& file) {
        const auto name = files::base_of(file.path);
        return digits_in_front(name) >= 8 || flyway_name(name);
      });
    default:
      return false;
  }
}

std::optional<SchemaInput> migrations_around(const std::string& file) {
  std::error_code code;
  const fs::path path(file);
  if (!is_file(path) || lower(path.extension().string()) != ".sql") return std::nullopt;
  fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  const fs::path here = fs::absolute(folder, code).lexically_normal();
  const int digits = digits_in_front(here.filename().string());
  const bool nested = path.filename() == "migration.sql" && (digits >= 4 || (digits > 0 && has(lower(here.parent_path().filename().string()), "migrat")));
  if (nested) folder = folder == "." || folder.parent_path().empty() ? folder / ".." : folder.parent_path();
  // Nothing is walked that doesn't look like migrations from outside: the file may lie in somebody's home.
  const auto named = fs::absolute(folder, code).lexically_normal();
  const auto last = named.has_filename() ? named.filename() : named.parent_path().filename();
  if (!nested && !is_file(folder / "meta" / "_journal.json") && !has(lower(last.string()), "migrat")) return std::nullopt;
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

bool is_dump(std::string_view text) { return has(text.substr(0, 4096), "PostgreSQL database dump"); }

}  // namespace pgadvise::migrations
