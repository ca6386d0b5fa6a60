// drizzle v1: a folder with migration.sql and snapshot.json for each migration.
#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "drizzle/kit/change.h"
#include "drizzle/kit/journal.h"
#include "files/files.h"
#include "files/json_file.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/drizzle_kit.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

// The table and the schema are those of drizzle 0.x.
constexpr TrackingShape::Column columns[] = {
    {"hash", "text"}, {"created_at", "bigint"}, {"name", "text"}, {"applied_at", "timestamp"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 5, .select = "name, hash, created_at, false"}};

using Ordered = nlohmann::ordered_json;

Files files_of(const Folder& folder, Diagnostics&) {
  Files out = subfolder_files(folder, "migration.sql", any_name);
  const bool snapshots = std::ranges::any_of(
      out, [&](const SchemaFile& file) { return folder.has(file.entry + "/snapshot.json"); });
  return snapshots ? out : Files{};
}

// drizzle-kit writes the dialect into each snapshot.
bool other_database(const Folder& folder, Diagnostics& diagnostics) {
  for (const auto& name : folder.folders()) {
    const std::string path = folder.path(name + "/snapshot.json");
    const auto text = read_file(path, files::json_limit);
    if (!text) continue;
    const auto root = files::parse_json(*text, path);
    if (!root) continue;
    const std::string dialect = files::text_member(*root, "dialect");
    if (dialect.empty() || dialect.starts_with("p")) return false;  // "postgres", "pg"
    warn(diagnostics, folder.path(), "drizzle migrations of another database (" + ellipsis(dialect, 20) + ")",
         "pgadvise reads only PostgreSQL migrations");
    return true;
  }
  return false;
}

// YYYYMMDDHHMMSS in UTC as milliseconds.
std::int64_t folder_time(const std::string& name) {
  std::tm time{};
  if (name.size() < 14 || name.find_first_not_of("0123456789") < 14) return 0;
  const auto part = [&](std::size_t at, std::size_t size) {
    return std::atoi(name.substr(at, size).c_str());
  };
  time.tm_year = part(0, 4) - 1900, time.tm_mon = part(4, 2) - 1, time.tm_mday = part(6, 2);
  time.tm_hour = part(8, 2), time.tm_min = part(10, 2), time.tm_sec = part(12, 2);
  return static_cast<std::int64_t>(::timegm(&time)) * 1000;
}

void read_folder(FolderReading& reading) {
  std::map<std::string, std::string> ids;
  std::vector<std::pair<std::string, SnapshotIds>> snapshots;
  for (const auto& name : reading.folder.folders()) {
    const bool snapshot = reading.folder.has(name + "/snapshot.json");
    if (snapshot && !reading.folder.has(name + "/migration.sql"))
      reading.missing_file(name, reading.folder.path(name + "/migration.sql"),
                           name + " has a snapshot but no migration.sql: drizzle stops here",
                           reading.location_of(name));
    if (!snapshot) continue;
    if (auto found = snapshot_ids(reading.folder.path(name + "/snapshot.json")))
      snapshots.emplace_back(name, std::move(*found));
  }
  for (const auto& [name, snapshot] : snapshots)
    if (const auto [same, fresh] = ids.emplace(snapshot.id, name); !fresh)
      reading.problem(
          "snapshot", name,
          name + "/snapshot.json has the same id as the snapshot of " + same->second + ": one is a copy",
          reading.location_of(name + "/snapshot.json"));
  for (const auto& [name, snapshot] : snapshots)
    for (const auto& previous : snapshot.previous)
      if (!origin_id(previous) && !ids.count(previous))
        reading.problem("snapshot", name, name + "/snapshot.json is based on a missing snapshot",
                        reading.location_of(name + "/snapshot.json"));
  for (auto& migration : reading.out.migrations) migration.when = folder_time(migration.name);
}

std::string last_snapshot(const SchemaInput& input) {
  const Folder folder(input.path);
  const std::string name = input.files.back().entry + "/snapshot.json";
  return folder.has(name) ? folder.path(name) : "";
}

// The snapshot that no other one follows.
Result<std::string> leaf_snapshot(const SchemaInput& input) {
  std::map<std::string, std::string> ids;  // -> path
  std::set<std::string> followed;
  for (const auto& file : input.files) {
    const std::string path = files::path_under(std::string(files::folder_of(file.path)), "snapshot.json");
    const auto text = read_file(path, files::json_limit);
    if (!text) continue;
    const Ordered root = parsed_json<Ordered>(*text);
    if (!root.is_object() || !root.contains("id") || !root["id"].is_string())
      return fail(Error::Kind::nonfatal, path, why_no_json(*text, "is not a drizzle-kit snapshot"));
    ids[root["id"].get<std::string>()] = path;
    if (root.contains("prevIds") && root["prevIds"].is_array())
      for (const auto& id : root["prevIds"])
        if (id.is_string()) followed.insert(id.get<std::string>());
  }
  for (const auto& id : followed) ids.erase(id);
  if (ids.size() != 1)
    return fail(Error::Kind::nonfatal, input.path,
                ids.empty() ? "contains no last drizzle-kit snapshot" : "has several last snapshots",
                "run drizzle-kit check");
  return ids.begin()->second;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const SchemaInput& input = writing.input;
  TRY(const auto path, leaf_snapshot(input));
  TRY(const auto previous, read_file(path, files::json_limit));
  TRY(const auto replayed, replay(input, steps));
  const std::string text = drizzle_script(steps);
  TRY(auto snapshot,
      drizzle::change_snapshot(previous, path, replayed.before, replayed.after, uuid_of(previous + text)));
  const std::string folder = next_version(highest_version(input), writing.now) + "_" + steps.name;
  return Written{{{inside(input, folder + "/migration.sql"), text, std::nullopt},
                  {inside(input, folder + "/snapshot.json"), std::move(snapshot.text), std::nullopt}},
                 std::move(snapshot.notes)};
}

}  // namespace

constinit const MigrationTool drizzle_v1{
    .facts = {.id = "drizzle v1", .sentence = "drizzle", .tracking = tracking, .rows_name_all = true},
    .known = "folders with migration.sql, a snapshot.json in one of them",
    .order = "folder names",
    .rank = 20,
    .unmistakable = true,
    .label = "drizzle",
    .files = files_of,
    .up = drizzle::uncomment_introspection,
    .other_database = other_database,
    .transaction = Migration::Transaction::run,
    .read_folder = read_folder,
    .checksums = checksums<sha256_hex>,
    .last_snapshot = last_snapshot,
    .writer = {.why = "drizzle runs all pending migrations in one transaction", .write = write},
};

}  // namespace pgadvise::migrations::tools
