#include "project/schema_input.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "project/drizzle_journal.h"
#include "project/drizzle_snapshot.h"
#include "project/files.h"

namespace pgadvise::project {
namespace fs = std::filesystem;
namespace {

using Found = Result<std::vector<SchemaInput>>;

std::string under(const std::string& folder, std::string_view name) {
  return (fs::path(folder) / name).lexically_normal().generic_string();
}

bool is_file(const std::string& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

// The names directly inside a folder, in natural order; those of folders by their bytes, as prisma and drizzle order them.
std::vector<std::string> names_in(const std::string& folder, bool folders) {
  std::vector<std::string> out;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    std::error_code ignored;
    if (folders ? it->is_directory(ignored) : it->is_regular_file(ignored)) out.push_back(it->path().filename().string());
    if (out.size() >= 100'000) break;
  }
  if (folders) {
    std::sort(out.begin(), out.end());
  } else {
    std::sort(out.begin(), out.end(), natural_less);
  }
  return out;
}

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

bool up_migration(const std::string& name) {
  const std::string lowered = lower(name);
  return ends_with(lowered, ".sql") && !ends_with(lowered, ".down.sql") && !ends_with(lowered, "_down.sql") &&
         lowered != "down.sql";
}

bool digits_in_front(std::string_view name, std::size_t count) {
  return name.size() > count &&
         std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(count), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_journal(const std::string& folder) { return is_file(under(folder, "meta/_journal.json")); }

// Every .sql of the folder that no entry names.
void name_orphans(const std::string& folder, const std::set<std::string>& tags, Diagnostics& diagnostics) {
  for (const auto& name : names_in(folder, false))
    if (up_migration(name) && !tags.count(name.substr(0, name.size() - 4)))
      diagnostics.push_back({Error::Kind::passing, under(folder, name), "no entry of meta/_journal.json names this file",
                             "drizzle never runs it, and it is not replayed"});
}

std::string latest_snapshot(const std::string& folder) {
  std::string out;
  for (const auto& name : names_in(under(folder, "meta"), false))
    if (ends_with(name, "_snapshot.json")) out = under(folder, "meta/" + name);
  return out;
}

Found journal_folder(const std::string& folder, Diagnostics& diagnostics) {
  const auto entries = read_journal(folder, diagnostics);
  if (!entries) return tl::unexpected(entries.error());
  SchemaInput input{SchemaKind::drizzle_migrations, folder, {}};
  std::set<std::string> tags;
  Diagnostics missing;
  for (const auto& entry : *entries) {
    if (!tags.insert(entry.tag).second) continue;
    const std::string path = under(folder, entry.tag + ".sql");
    if (is_file(path)) {
      input.files.push_back({path, entry.tag});
    } else {
      missing.push_back({Error::Kind::passing, under(folder, "meta/_journal.json"),
                         "the file of entry " + ellipsis(entry.tag, 80) + " is missing: " + ellipsis(path, 200),
                         "is it committed?"});
    }
  }
  const std::string snapshot = input.files.empty() && !missing.empty() ? latest_snapshot(folder) : "";
  if (!snapshot.empty()) {
    diagnostics.push_back({Error::Kind::passing, folder, "none of the journal's .sql files is here: the last snapshot is read instead",
                           "are the migrations committed?"});
    return std::vector<SchemaInput>{{SchemaKind::drizzle_snapshot, snapshot, {{snapshot, ""}}}};
  }
  diagnostics.insert(diagnostics.end(), missing.begin(), missing.end());
  name_orphans(folder, tags, diagnostics);
  return std::vector<SchemaInput>{std::move(input)};
}

// Subfolders with a migration.sql each: prisma's form, and drizzle-kit 1's, which has a snapshot.json beside it.
SchemaInput subfolder_migrations(const std::string& folder) {
  SchemaInput input{SchemaKind::none, folder, {}};
  bool drizzle = false;
  for (const auto& name : names_in(folder, true)) {
    const std::string path = under(folder, name + "/migration.sql");
    if (!is_file(path)) continue;
    input.files.push_back({path, name});
    drizzle = drizzle || is_file(under(folder, name + "/snapshot.json"));
  }
  if (!input.files.empty()) input.kind = drizzle ? SchemaKind::drizzle_migrations : SchemaKind::prisma_migrations;
  return input;
}

bool foreign_lock(const std::string& folder, Diagnostics& diagnostics) {
  const std::string path = under(folder, "migration_lock.toml");
  if (!is_file(path)) return false;
  const auto text = read_file(path, text_limit);
  if (!text || text->find("provider") == std::string::npos) return false;
  if (text->find("\"postgresql\"") != std::string::npos || text->find("\"cockroachdb\"") != std::string::npos) return false;
  diagnostics.push_back({Error::Kind::passing, path, "prisma migrations of another database", "only PostgreSQL migrations are read"});
  return true;
}

SchemaInput plain_folder(const std::string& folder) {
  SchemaInput input{SchemaKind::none, folder, {}};
  for (const auto& name : names_in(folder, false))
    if (up_migration(name)) input.files.push_back({under(folder, name), ""});
  if (!input.files.empty()) input.kind = SchemaKind::sql_folder;
  return input;
}

// "20240101000000_init", "drizzle/0001_x", "prisma/migrations/01_init": a number in front, the longer the surer.
bool migration_folder(std::string_view folder) {
  const auto parent = base_of(folder_of(folder));
  return digits_in_front(base_of(folder), 4) ||
         (digits_in_front(base_of(folder), 1) && (parent == "migrations" || parent == "migration"));
}

// A journal or a snapshot of another dialect, or a broken one, ends nothing in a repository: it is named, the rest goes on.
void add_journal(const std::string& folder, std::vector<SchemaInput>& out, Diagnostics& diagnostics) {
  auto found = journal_folder(folder, diagnostics);
  if (found) {
    out.insert(out.end(), found->begin(), found->end());
  } else {
    Error error = found.error();
    error.kind = Error::Kind::passing;
    diagnostics.push_back(std::move(error));
  }
}

Found repository(const std::string& root, Diagnostics& diagnostics) {
  std::set<std::string> journals;
  std::set<std::string> subfolders;
  std::set<std::string> supabase;
  for (const auto& file : list_files(root, diagnostics)) {
    const std::string folder(folder_of(file));
    if (base_of(file) == "_journal.json" && base_of(folder) == "meta") journals.insert(std::string(folder_of(folder)));
    if (base_of(file) == "migration.sql" && migration_folder(folder)) subfolders.insert(std::string(folder_of(folder)));
    if ((folder == "supabase/migrations" || ends_with(folder, "/supabase/migrations")) && up_migration(std::string(base_of(file))))
      supabase.insert(folder);
  }
  std::vector<SchemaInput> out;
  for (const auto& folder : journals) add_journal(under(root, folder), out, diagnostics);
  for (const auto& folder : subfolders)
    if (!foreign_lock(under(root, folder), diagnostics)) out.push_back(subfolder_migrations(under(root, folder)));
  for (const auto& folder : supabase)
    if (!journals.count(folder)) out.push_back(plain_folder(under(root, folder)));
  std::sort(out.begin(), out.end(), [](const SchemaInput& a, const SchemaInput& b) { return natural_less(a.path, b.path); });
  return out;
}

// package.json and the like: what is named is a project, and its .sql files are its own business.
bool looks_like_repository(const std::string& folder) {
  for (const auto name : {"package.json", ".git", "pnpm-workspace.yaml", "Dockerfile", "docker-compose.yml", "Cargo.toml",
                          "go.mod", "pyproject.toml", "Gemfile", "pom.xml", "composer.json"}) {
    std::error_code code;
    if (fs::exists(under(folder, name), code)) return true;
  }
  return false;
}

Found folder_input(const std::string& path, Diagnostics& diagnostics) {
  if (has_journal(path)) return journal_folder(path, diagnostics);
  if (is_file(under(path, "_journal.json")) && fs::path(path).filename() == "meta")
    return journal_folder(fs::path(path).parent_path().generic_string(), diagnostics);
  if (auto input = subfolder_migrations(path); input.kind != SchemaKind::none) {
    if (foreign_lock(path, diagnostics)) return std::vector<SchemaInput>{};
    return std::vector<SchemaInput>{std::move(input)};
  }
  // Loose scripts beside migrations are queries, seeds and the like: they count only where there is nothing else.
  auto found = repository(path, diagnostics);
  if (!found || !found->empty() || looks_like_repository(path)) return found;
  if (auto input = plain_folder(path); input.kind != SchemaKind::none) found->push_back(std::move(input));
  return found;
}

Found file_input(const std::string& path, Diagnostics& diagnostics) {
  const fs::path file(path);
  if (file.filename() == "_journal.json" && file.parent_path().filename() == "meta")
    return journal_folder(file.parent_path().parent_path().generic_string(), diagnostics);
  if (ends_with(lower(path), ".sql")) return std::vector<SchemaInput>{{SchemaKind::sql_file, path, {{path, ""}}}};
  const auto text = read_file(path, sql_limit);
  if (!text) return tl::unexpected(text.error());
  if (looks_like_snapshot(*text)) return std::vector<SchemaInput>{{SchemaKind::drizzle_snapshot, path, {{path, ""}}}};
  if (text->substr(0, 5) == "PGDMP")
    return fail(Error::Kind::input, path, "is a dump in PostgreSQL's own format", "make SQL of it: pg_restore -s -f schema.sql");
  if (ends_with(lower(path), ".json") || text->find('\0') != std::string::npos)
    return fail(Error::Kind::input, path, "is neither SQL nor a drizzle snapshot", "name a .sql file, a migrations folder or a repository");
  return std::vector<SchemaInput>{{SchemaKind::sql_file, path, {{path, ""}}}};
}

}  // namespace

std::string SchemaInput::what() const {
  const auto counted = [&](std::string_view name) {
    return fmt::format("{} ({} {})", name, files.size(), files.size() == 1 ? "file" : "files");
  };
  switch (kind) {
    case SchemaKind::sql_file: return "SQL script";
    case SchemaKind::drizzle_migrations: return counted("drizzle migrations");
    case SchemaKind::prisma_migrations: return counted("prisma migrations");
    case SchemaKind::sql_folder: return counted("SQL files");
    case SchemaKind::drizzle_snapshot: return "drizzle snapshot";
    case SchemaKind::none: break;
  }
  return "nothing";
}

Result<std::vector<SchemaInput>> find_schemas(const std::string& path, Diagnostics& diagnostics) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (!fs::exists(status)) return fail(Error::Kind::input, path, "there is no such file or folder", "check the name");
  return fs::is_directory(status) ? folder_input(path, diagnostics) : file_input(path, diagnostics);
}

}  // namespace pgadvise::project
