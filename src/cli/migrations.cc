#include "cli/migrations.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/git.h"
#include "project/drizzle_journal.h"
#include "project/migration_facts.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;

std::string relative_to(const std::string& folder, const std::string& path) {
  return fs::path(path).lexically_relative(folder).generic_string();
}

std::string entry_of(const project::SchemaFile& file) { return file.entry.empty() ? fs::path(file.path).filename().string() : file.entry; }

Choice these(const std::set<std::string>& files, std::string note) {
  Choice out;
  out.migrations = true;
  out.judged.files = files;
  out.note = std::move(note);
  return out;
}

Result<Choice> by_git(const project::SchemaInput& input, const MigrationOptions& options) {
  Choice out;
  out.migrations = true;
  std::string revision = options.since;
  if (options.changed) {
    auto point = branch_point(input.path);
    if (!point) return tl::unexpected(point.error());
    revision = std::move(*point);
    out.judged.together = true;
  }
  std::map<std::string, std::string> paths;
  std::vector<std::string> names;
  for (const auto& file : input.files) {
    names.push_back(relative_to(input.path, file.path));
    paths[names.back()] = file.path;
  }
  const auto changed = changed_since(input.path, revision, names);
  if (!changed) return tl::unexpected(changed.error());
  for (const auto& name : *changed) out.judged.files.insert(paths[name]);
  out.note = fmt::format("judged {} of {} migrations, {}", out.judged.files.size(), input.files.size(),
                         options.changed ? "those that this branch adds or changes" : "those added or changed since " + ellipsis(options.since, 60));
  return out;
}

using Tool = pg::AppliedMigrations::Tool;

// The number in front of a file's name, without leading zeros; "V7__x" has one, too.
std::string version_of(const project::SchemaFile& file) {
  std::string name = entry_of(file);
  if (!name.empty() && name[0] == 'V') name.erase(0, 1);
  std::size_t end = 0;
  while (end < name.size() && name[end] >= '0' && name[end] <= '9') ++end;
  const auto first = name.find_first_not_of('0');
  return end == 0 ? std::string() : first >= end ? "0" : name.substr(first, end - first);
}

// Has it run, by this table? nullopt: the table tells nothing about such files.
std::optional<bool> has_run(const project::SchemaInput& input, const project::SchemaFile& file, const pg::AppliedMigrations& applied, const std::map<std::string, std::int64_t>& times) {
  const bool drizzle = input.kind == project::SchemaKind::drizzle_migrations;
  const bool prisma = input.kind == project::SchemaKind::prisma_migrations;
  if (drizzle != (applied.tool == Tool::drizzle) || prisma != (applied.tool == Tool::prisma)) return std::nullopt;
  if (prisma) return applied.names.count(file.entry) > 0;
  if (drizzle) {
    const auto time = times.find(file.entry);
    if (time == times.end()) return applied.names.count(file.entry) > 0;
    return applied.latest && time->second <= *applied.latest;
  }
  const std::string version = version_of(file);
  if (version.empty() || version.size() > 18) return std::nullopt;
  if (applied.latest) return std::stoll(version) <= *applied.latest;
  return applied.names.count(version) > 0;
}

// Those that have not run in the database, by the one tracking table that knows the folder; nullopt when there is none.
std::optional<Choice> pending(const project::SchemaInput& input, const std::vector<pg::AppliedMigrations>& tables) {
  std::map<std::string, std::int64_t> times;
  Diagnostics ignored;
  if (input.kind == project::SchemaKind::drizzle_migrations)
    for (const auto& entry : project::read_journal(input.path, ignored).value_or(std::vector<project::JournalEntry>{})) times[entry.tag] = entry.when;
  std::optional<Choice> out;
  for (const auto& applied : tables) {
    Choice choice;
    choice.migrations = choice.judged.together = true;
    std::size_t known = 0;
    for (const auto& file : input.files) {
      const auto run = has_run(input, file, applied, times);
      known += run.value_or(false);
      if (!run.value_or(false)) choice.judged.files.insert(file.path);
    }
    if (known == 0) continue;   // another project's, or nothing has run yet
    if (out) return std::nullopt;  // two that could be meant
    const std::size_t due = choice.judged.files.size();
    choice.note = due == 0 ? fmt::format("all {} migrations have run there, by {}", input.files.size(), display(applied.table))
                           : fmt::format("judged the {} of {} migrations that have not run there, by {}", due, input.files.size(), display(applied.table));
    out = std::move(choice);
  }
  return out;
}

}  // namespace

NamedMigrations take_out_migrations(std::vector<std::string>& paths) {
  struct Member {
    std::string input;  // its path
    std::string file;   // as the input has it
  };
  const auto plain = [](const std::string& path) { return fs::path(path).lexically_normal().generic_string(); };
  std::map<std::string, Member> members;
  NamedMigrations out;
  std::erase_if(paths, [&](const std::string& path) {
    if (!members.count(plain(path))) {
      auto around = project::migrations_around(path);
      if (!around) return false;
      for (const auto& file : around->files) members.emplace(plain(file.path), Member{around->path, file.path});
      const auto same = std::find_if(around->files.begin(), around->files.end(), [&](const auto& file) {
        std::error_code code;
        return fs::equivalent(file.path, path, code);
      });
      members.emplace(plain(path), Member{around->path, same->path});
      const bool known = std::any_of(out.inputs.begin(), out.inputs.end(), [&](const auto& input) { return input.path == around->path; });
      if (!known) out.inputs.push_back(std::move(*around));
    }
    const Member& member = members.at(plain(path));
    out.files[member.input].insert(member.file);
    return true;
  });
  return out;
}

Result<Choice> choose_migrations(const project::SchemaInput& input, const std::set<std::string>* named, const MigrationOptions& options,
                                 const std::vector<pg::AppliedMigrations>& applied) {
  if (named && input.kind == project::SchemaKind::sql_file) return these(*named, {});
  if (!project::holds_migrations(input) || input.files.empty()) return Choice{};
  if (named) {
    const std::string what = named->size() == 1 ? "the one that is named" : fmt::format("the {} that are named", named->size());
    return these(*named, fmt::format("judged {} of {} migrations; the others are replayed", what, input.files.size()));
  }
  if (options.changed || !options.since.empty()) return by_git(input, options);
  if (auto due = pending(input, applied)) return std::move(*due);
  const auto& newest = input.files.back();
  const std::size_t older = input.files.size() - 1;
  if (older == 0) return these({newest.path}, "judged " + entry_of(newest));
  return these({newest.path}, fmt::format("judged the newest, {}; the {} before it {} taken as applied (--changed, --since REV or a file's name judges others)",
                                          ellipsis(entry_of(newest), 80), older, older == 1 ? "is" : "are"));
}

}  // namespace pgadvise::cli
