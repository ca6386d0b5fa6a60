#include "check/load/migrations.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/files/boundary.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/changes/git.h"
#include "check/load/inputs.h"
#include "files/files.h"
#include "migrations/folders/facts.h"
#include "migrations/folders/folder.h"
#include "migrations/folders/git_facts.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

std::string entry_of(const migrations::SchemaFile& file) {
  return file.entry.empty() ? fs::path(file.path).filename().string() : file.entry;
}

// Not one that a library of the project brings, where a command ran it last.
const migrations::SchemaFile& newest_of(const migrations::SchemaInput& input) {
  if (input.executed)
    for (auto file = input.files.rbegin(); file != input.files.rend(); ++file)
      if (input.executed->scripts.at(file->path).has_file) return *file;
  return input.files.back();
}

Choice these(const std::set<std::string>& files, std::string note) {
  return {.migrations = true, .checked = {.files = files}, .note = std::move(note)};
}

Result<Choice> by_git(files::Git& git, const migrations::SchemaInput& input,
                      const MigrationOptions& options) {
  Choice out{.migrations = true};
  std::string revision = options.since;
  if (options.changed) {
    TRY(revision, branch_point(git, input.path));
    out.checked.together = true;
  }
  std::map<std::string, std::string> paths;
  std::vector<std::string> names;
  for (const auto& file : input.files) {
    names.push_back(files::relative_to(file.path, input.path));
    paths[names.back()] = file.path;
  }
  TRY(const auto changed, changed_since(git, input.path, revision, names));
  for (const auto& name : changed) out.checked.files.insert(paths[name]);
  out.note =
      fmt::format("checked {} of {}, {}", out.checked.files.size(), counted(input.files.size(), "migration"),
                  options.changed ? "those that this branch adds or changes"
                                  : "those added or changed since " + ellipsis(options.since, 60));
  return out;
}

// Those that have not run in the database, when a tracking table tells.
std::optional<Choice> pending(const migrations::SchemaInput& input,
                              const std::vector<TrackingTable>& tracking) {
  auto applied = migrations::applied_part(input, tracking);
  if (!applied.known) return std::nullopt;
  Choice out;
  out.migrations = out.checked.together = true;
  out.checked.files = std::move(applied.due);
  const std::size_t due = out.checked.files.size();
  out.note =
      due == 0
          ? fmt::format("{} been applied, according to {}",
                        input.files.size() == 1 ? "the migration has"
                                                : fmt::format("all {} migrations have", input.files.size()),
                        display(applied.table))
          : fmt::format("checked {} of {}{}, according to {}", due, counted(input.files.size(), "migration"),
                        due < input.files.size() ? ": the others have been applied" : "",
                        display(applied.table));
  return out;
}

// Nothing, where the newest release has the newest migration as it is.
std::optional<Choice> released(files::Git& git, const migrations::SchemaInput& input) {
  if (input.executed || !is_folder(input.path)) return std::nullopt;
  const auto& newest = newest_of(input);
  const auto release =
      migrations::newest_release_with(git, input.path, files::relative_to(newest.path, input.path));
  if (!release) return std::nullopt;
  return these({}, fmt::format("checked none of {}: the newest, {}, is in the release {} (to check "
                               "others: --changed, --since REV, or a file's name)",
                               counted(input.files.size(), "migration"), ellipsis(entry_of(newest), 80),
                               ellipsis(*release, 60)));
}

}  // namespace

NamedMigrations take_out_migrations(std::vector<std::string>& paths) {
  struct Member {
    std::string input;  // its path
    std::string file;   // as the input has it
  };
  const auto plain = [](const std::string& path) {
    return fs::path(path).lexically_normal().generic_string();
  };
  std::map<std::string, Member> members;
  NamedMigrations out;
  std::erase_if(paths, [&](const std::string& path) {
    if (!members.count(plain(path))) {
      auto around = migrations::migrations_around(path);
      if (!around || leads_outside(path)) return false;
      Diagnostics of_others;  // of files that are not named
      leave_out_outside(*around, boundary_of(around->path), of_others);
      for (const auto& file : around->files)
        members.emplace(plain(file.path), Member{around->path, file.path});
      const auto* same = find_first(around->files, [&](const auto& file) {
        std::error_code code;
        return fs::equivalent(file.path, path, code);
      });
      if (!same) return false;
      members.emplace(plain(path), Member{around->path, same->path});
      const bool known =
          std::ranges::any_of(out.inputs, [&](const auto& input) { return input.path == around->path; });
      if (!known) out.inputs.push_back(std::move(*around));
    }
    const Member& member = members.at(plain(path));
    out.files[member.input].insert(member.file);
    return true;
  });
  return out;
}

Result<Choice> choose_migrations(files::Git& git, const migrations::SchemaInput& input,
                                 const std::set<std::string>* named, const MigrationOptions& options,
                                 const std::vector<TrackingTable>& tracking) {
  if (named && input.kind == migrations::SchemaKind::sql_file) return these(*named, {});
  if (!migrations::holds_migrations(input) || input.files.empty()) return Choice{};
  if (named) {
    return these(*named, fmt::format("checked the {} named of {} migrations, and replayed the others",
                                     named->size(), input.files.size()));
  }
  if (options.changed || !options.since.empty()) return by_git(git, input, options);
  if (auto due = pending(input, tracking)) return std::move(*due);
  if (auto none = released(git, input)) return std::move(*none);
  const auto& newest = newest_of(input);
  const std::size_t older = input.files.size() - 1;
  if (older == 0) return these({newest.path}, "checked " + entry_of(newest));
  return these({newest.path},
               fmt::format("checked the newest migration, {}, and assumed that the {}earlier "
                           "{} been applied (to check others: --changed, --since REV, or a file's name)",
                           ellipsis(entry_of(newest), 80), older == 1 ? "" : std::to_string(older) + " ",
                           older == 1 ? "one has" : "ones have"));
}

std::optional<std::vector<Migration>> checked_migrations(const migrations::SchemaInput& input,
                                                         Choice choice) {
  if (!choice.migrations) return std::nullopt;
  auto& found = choice.checked.found;
  if (input.kind != migrations::SchemaKind::sql_file) return std::move(found);
  const bool dump = migrations::is_dump(read_file(input.path, file_limit, input.user_paths).value_or(""));
  for (const auto& migration : found)
    for (const auto& step : migration.steps)
      for (const auto& action : step.actions)
        if (!dump && !action.on_new_table) return std::move(found);
  return std::nullopt;
}

}  // namespace pgadvise::check
