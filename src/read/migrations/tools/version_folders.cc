// Folders that are named by versions, with the scripts of each: runners that somebody wrote. They are one
// schema if all of them together, from the first on, make it.
#include <algorithm>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/scripts/versions.h"
#include "sql/parse/placeholders.h"
#include "sql/replay/replay.h"

namespace pgadvise::migrations::tools {
namespace {

// By the folder's own name, or one of the two above it; not if it takes versions back.
bool named_for_sql(const std::string& path) {
  auto parts = split(path, '/');
  if (parts.size() > 3) parts.erase(parts.begin(), parts.end() - 3);
  const auto any = [&](const auto& is_one) { return std::ranges::any_of(parts, is_one); };
  return any(named_for_versions) && !any([](std::string_view part) {
           return part.starts_with("rollback") || part.starts_with("down") || part.starts_with("undo") ||
                  part.starts_with("revert");
         });
}

// Do the scripts make tables, and find nearly all that they change? Else the first versions were deleted, or
// each folder makes the whole schema of its version.
bool make_a_schema(const Files& files) {
  constexpr int max_share = 10;  // one statement of so many may fail
  sql::Placeholders placeholders;
  sql::Replayer replayer;
  for (const auto& file : files)
    if (const auto text = read_file(file.path, files::text_limit))
      replayer.run(placeholders.fill(*text), file.path);
  const auto& counts = replayer.counts();
  return !replayer.catalog().tables.empty() &&
         (counts.missing + counts.existing) * max_share <= counts.replayed;
}

Files files_of(const Folder& folder, Diagnostics&) {
  const auto versions = folders_of_versions(folder);
  if (versions.size() < 2 || !named_for_sql(folder.path())) return {};
  Files out;
  for (const auto& version : versions) {
    const Folder inside(folder.path(version));
    Names names = sql_files(inside, [](std::string_view name) { return is_sql(name) && !is_down(name); });
    std::ranges::sort(names, files::natural_less);
    for (const auto& name : names)
      out.push_back({inside.path(name), version + "/" + name.substr(0, name.size() - 4)});
  }
  return make_a_schema(out) ? out : Files{};
}

}  // namespace

constinit const MigrationTool version_folders{
    .facts = {.id = "version folders", .sentence = "A runner of version folders"},
    .known = "folders named by versions (3.14, v1.0, 01), whose scripts together create the schema",
    .order = "versions by value, then file names",
    .rank = 80,
    .label = "versioned",
    .files = files_of,
    .transaction = Migration::Transaction::unknown,
};

}  // namespace pgadvise::migrations::tools
