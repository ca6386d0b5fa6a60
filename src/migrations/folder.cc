#include "migrations/folder.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "base/digest.h"
#include "base/input_file.h"
#include "base/text.h"
#include "drizzle/journal.h"
#include "files/files.h"
#include "files/json_file.h"
#include "migrations/sqitch_plan.h"

namespace pgadvise::migrations {
namespace fs = std::filesystem;
namespace {

bool below(const std::string& relative) { return !relative.starts_with("..") && !relative.starts_with("/"); }

std::vector<std::string> line_end_variants(const std::string& text) {
  const std::string lf = replace_all(text, "\r\n", "\n");
  std::vector<std::string> out = {text};
  if (lf != text) out.push_back(lf);
  else if (text.find('\n') != std::string::npos) out.push_back(replace_all(text, "\n", "\r\n"));
  return out;
}

std::vector<std::string> checksums_of(const MigrationTool& tool, const std::string& path) {
  std::vector<std::string> out;
  if (!tool.name.starts_with("drizzle") && tool.name != "prisma" && tool.name != "sqitch" && tool.name != "flyway") return {};
  const auto text = read_file(path, files::sql_limit);
  if (!text) return {};
  if (tool.name == "flyway") return {flyway_checksum(*text)};
  for (const auto& variant : line_end_variants(*text)) out.push_back(tool.name == "sqitch" ? sha1_hex(variant) : sha256_hex(variant));
  return out;
}

// The identity of a snapshot without parsing its megabytes: "id" and "prevId" are strings in front of or behind the tables,
// and no member of that name inside them is one.
struct SnapshotIds {
  std::string id;
  std::vector<std::string> previous;
};

std::string string_after(std::string_view text, std::string_view key) {
  for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    auto from = text.find_first_not_of(" \t\r\n", at + key.size());
    if (from == std::string_view::npos || text[from] != ':') continue;
    from = text.find_first_not_of(" \t\r\n", from + 1);
    if (from == std::string_view::npos || text[from] != '"') continue;
    const auto end = text.find('"', from + 1);
    if (end != std::string_view::npos) return std::string(text.substr(from + 1, end - from - 1));
  }
  return {};
}

std::vector<std::string> strings_after(std::string_view text, std::string_view key) {
  std::vector<std::string> out;
  const auto at = text.find(key);
  const auto open = at == std::string_view::npos ? at : text.find('[', at);
  const auto close = open == std::string_view::npos ? open : text.find(']', open);
  if (close == std::string_view::npos) return out;
  const auto parts = split(text.substr(open, close - open), '"');
  for (std::size_t i = 1; i < parts.size(); i += 2) out.emplace_back(parts[i]);
  return out;
}

std::optional<SnapshotIds> snapshot_ids(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file || !file->regular()) return std::nullopt;
  constexpr std::size_t part = 4096;
  std::string text = file->read_at(0, part);
  if (text.size() == part) text += file->read_at(std::max<std::uint64_t>(part, file->size() - std::min<std::uint64_t>(file->size(), part)), part);
  SnapshotIds out{string_after(text, "\"id\""), strings_after(text, "\"prevIds\"")};
  if (out.previous.empty())
    if (const auto previous = string_after(text, "\"prevId\""); !previous.empty()) out.previous.push_back(previous);
  if (out.id.empty()) return std::nullopt;
  return out;
}

bool origin_id(std::string_view id) { return id.find_first_not_of("0-") == std::string_view::npos; }

class FolderReader {
 public:
  FolderReader(const SchemaInput& input, std::string folder, const MigrationTool& tool, const std::string& root)
      : input_(input), folder_(std::move(folder)), tool_(tool), root_(root) {}

  MigrationFolder read() {
    out_.tool = tool_.name;
    out_.path = files::relative_to(folder_.path(), root_);
    if (tool_.name == "drizzle") {
      read_drizzle_journal();
    } else {
      for (const auto& file : input_.files) add(file.entry, file.path, {files::relative_to(file.path, root_), 0, 0}, 0);
      if (tool_.name == "drizzle v1") read_drizzle_folders();
      if (tool_.name == "sqitch") read_plan();
      if (tool_.name == "prisma") read_prisma_folders();
      find_same_versions();
    }
    return std::move(out_);
  }

 private:
  MigrationEntry& add(const std::string& name, const std::string& path, Place place, std::int64_t when) {
    MigrationEntry migration{.name = name, .place = std::move(place), .when = when};
    if (!path.empty()) {
      migration.file = files::relative_to(path, root_);
      migration.checksums = checksums_of(tool_, path);
    }
    return out_.migrations.emplace_back(std::move(migration));
  }

  void problem(const char* kind, std::string entry, std::string text, Place place) { out_.problems.push_back({kind, std::move(entry), std::move(text), std::move(place)}); }
  Place file_place(const std::string& name) const { return {files::relative_to(folder_.path(name), root_), 0, 0}; }

  void read_drizzle_journal() {
    // The folder whose files are missing is known by its snapshot alone.
    Diagnostics named_before;
    const auto entries = input_.journal.empty() ? drizzle::read_journal(folder_.path(), named_before) : input_.journal;
    if (!entries) return;
    std::set<std::string> tags;
    std::map<std::int64_t, std::string> indexes;
    for (const auto& entry : *entries) {
      Place place = entry.place;
      place.file = files::relative_to(place.file, root_);
      const std::string file = entry.tag + ".sql";
      const bool there = folder_.has(file);
      if (!tags.insert(entry.tag).second) {
        problem("duplicate tag", entry.tag, "the journal names " + entry.tag + " twice: the second entry runs the same file again", place);
        continue;
      }
      if (!there) problem("missing file", entry.tag, "the journal names " + entry.tag + ", and " + file + " is missing: `drizzle-kit migrate` stops here", place);
      if (const auto [same, fresh] = indexes.emplace(entry.index, entry.tag); !fresh && entry.index >= 0)
        problem("duplicate idx", entry.tag, "idx " + std::to_string(entry.index) + " is " + same->second + "'s already: the journal was merged or edited by hand", place);
      add(entry.tag, there ? folder_.path(file) : "", place, entry.when);
    }
    for (const auto& name : folder_.files())
      if (name.ends_with(".sql") && !name.ends_with(".down.sql") && !tags.count(name.substr(0, name.size() - 4)))
        problem("orphan file", name, name + " is in no entry of meta/_journal.json: drizzle never runs it", file_place(name));
    read_snapshots(*entries);
  }

  // A snapshot names the one it was made from. Two that name the same were made on two branches: the later knows nothing of
  // the earlier's changes, and the next `generate` makes them again or undoes them.
  void read_snapshots(const std::vector<drizzle::JournalEntry>& entries) {
    std::map<std::string, std::string> ids;
    std::string last;
    std::string last_entry;
    bool last_named = false;  // what goes on from before a snapshot that was named is in order again
    std::set<std::string> seen;
    for (const auto& entry : entries) {
      const std::string name = "meta/" + entry.tag.substr(0, entry.tag.find('_')) + "_snapshot.json";
      if (!seen.insert(name).second) continue;
      const auto snapshot = snapshot_ids(folder_.path(name));
      if (!snapshot) continue;
      const std::string previous = snapshot->previous.empty() ? "" : snapshot->previous.front();
      const auto [same, fresh] = ids.emplace(snapshot->id, entry.tag);
      const bool astray = fresh && !last.empty() && previous != last && !(last_named && ids.count(previous));
      if (!fresh) problem("snapshot", entry.tag, name + " has the id of the snapshot of " + same->second + ": it is a copy", file_place(name));
      if (astray) {
        const std::string origin = ids.count(previous) ? "the snapshot of " + ids[previous] : origin_id(previous) ? "nothing" : "a snapshot that is not here";
        problem("snapshot", entry.tag, name + " was made from " + origin + ", not from that of " + last_entry + " before it", file_place(name));
      }
      last_named = astray;
      last = snapshot->id;
      last_entry = entry.tag;
    }
  }

  void read_drizzle_folders() {
    std::map<std::string, std::string> ids;
    std::vector<std::pair<std::string, SnapshotIds>> snapshots;
    for (const auto& name : folder_.folders()) {
      const bool snapshot = folder_.has(name + "/snapshot.json");
      if (snapshot && !folder_.has(name + "/migration.sql")) problem("missing file", name, name + " has a snapshot and no migration.sql: drizzle stops here", file_place(name));
      if (!snapshot) continue;
      if (auto found = snapshot_ids(folder_.path(name + "/snapshot.json"))) snapshots.emplace_back(name, std::move(*found));
    }
    for (const auto& [name, snapshot] : snapshots)
      if (const auto [same, fresh] = ids.emplace(snapshot.id, name); !fresh) problem("snapshot", name, name + "/snapshot.json has the id of that of " + same->second + ": it is a copy", file_place(name + "/snapshot.json"));
    for (const auto& [name, snapshot] : snapshots)
      for (const auto& previous : snapshot.previous)
        if (!origin_id(previous) && !ids.count(previous)) problem("snapshot", name, name + "/snapshot.json was made from a snapshot that is not here", file_place(name + "/snapshot.json"));
    for (auto& migration : out_.migrations) migration.when = folder_time(migration.name);
  }

  // YYYYMMDDHHMMSS in UTC as milliseconds.
  static std::int64_t folder_time(const std::string& name) {
    std::tm time{};
    if (name.size() < 14 || name.find_first_not_of("0123456789") < 14) return 0;
    const auto part = [&](std::size_t at, std::size_t size) { return std::atoi(name.substr(at, size).c_str()); };
    time.tm_year = part(0, 4) - 1900, time.tm_mon = part(4, 2) - 1, time.tm_mday = part(6, 2);
    time.tm_hour = part(8, 2), time.tm_min = part(10, 2), time.tm_sec = part(12, 2);
    return static_cast<std::int64_t>(::timegm(&time)) * 1000;
  }

  void read_plan() {
    Diagnostics missing;
    std::map<std::string, int> lines;
    for (const auto& change : read_sqitch_plan(folder_.path(), missing)) lines[files::relative_to(change.deploy_file, root_)] = change.line;
    const Place plan = file_place("sqitch.plan");
    for (auto& migration : out_.migrations)
      if (const auto line = lines.find(migration.file); line != lines.end()) migration.place = Place{plan.file, line->second, 1};
    for (const auto& error : missing) {
      const auto colon = error.where.rfind(':');
      const std::string number = colon == std::string::npos ? "" : error.where.substr(colon + 1);
      problem("missing file", "line " + number, error.what, Place{plan.file, std::atoi(number.c_str()), 1});
    }
  }

  void read_prisma_folders() {
    if (!folder_.has("migration_lock.toml")) return;
    for (const auto& name : folder_.folders())
      if (name.size() > 14 && name.find_first_not_of("0123456789") == 14 && !folder_.has(name + "/migration.sql") && !holds_program(Folder(folder_.path(name))))
        problem("missing file", name, name + " has no migration.sql: `prisma migrate deploy` stops here", file_place(name));
  }

  void find_same_versions() {
    const bool flyway = tool_.name == "flyway";
    if (!flyway && tool_.name != "golang-migrate" && tool_.name != "goose") return;
    std::map<std::string, const MigrationEntry*> versions;
    for (const auto& migration : out_.migrations) {
      std::string version = migration.name.substr(0, migration.name.find_first_not_of(flyway ? "0123456789._" : "0123456789"));
      if (version.empty()) continue;
      if (flyway && files::base_of(migration.file).front() != 'V') continue;
      version = replace_all(std::move(version), "_", ".");
      version.erase(0, std::min(version.find_first_not_of('0'), version.size()));
      if (const auto [same, fresh] = versions.emplace(version, &migration); !fresh)
        problem("duplicate version", std::string(files::base_of(migration.file)), std::string(files::base_of(migration.file)) + " has the version of " + std::string(files::base_of(same->second->file)) + ": " + std::string(tool_.name) + " refuses to run either", migration.place);
    }
  }

  const SchemaInput& input_;
  Folder folder_;
  const MigrationTool& tool_;
  const std::string& root_;
  MigrationFolder out_;
};

// The folder whose journal named no file that is there: the input is its last snapshot.
std::string journal_folder_of(const SchemaInput& input) {
  const fs::path meta = fs::path(input.path).parent_path();
  if (input.kind != SchemaKind::drizzle_snapshot || meta.filename() != "meta") return {};
  std::error_code code;
  return fs::is_regular_file(meta / "_journal.json", code) ? meta.parent_path().generic_string() : "";
}

// May this be the table in which the folder's tool keeps what it has run? Files that are only numbered are run by many.
bool keeps(const TrackingTable& table, std::string_view tool) {
  if (tool != "numbered") return table.tool == tool;
  return table.tool != "drizzle" && table.tool != "drizzle v1" && table.tool != "prisma";
}

// What a tracking table tells of a tool's files.
class Applied {
 public:
  Applied(const SchemaInput& input, const TrackingTable& table) : tool_(input.tool->name), table_(table) {
    for (const auto& row : table.rows) {
      if (row.failed) continue;
      for (const std::string& name : {row.migration, row.checksum}) names_.insert(name);
      if (files::leading_digits(row.migration).size() == row.migration.size()) names_.emplace(files::without_zeros(row.migration));
      times_.insert(row.when);
    }
    names_.erase("");
    times_.erase(0);
    Diagnostics named_before;
    if (tool_ != "drizzle") return;
    const auto entries = input.journal.empty() ? drizzle::read_journal(input.path, named_before) : input.journal;
    if (!entries) return;
    for (const auto& entry : *entries) when_[entry.tag] = entry.when;
  }

  bool has_run(const std::string& entry) const {
    const auto time = when_.find(entry);
    if (names_.count(entry) || (time != when_.end() && times_.count(time->second))) return true;
    if (tool_ == "flyway") return names_.count(replace_all(entry, "_", ".")) > 0;
    if (tool_ == "drizzle") return false;
    if (tool_ == "diesel" && names_.count(replace_all(entry.substr(0, entry.find('_')), "-", ""))) return true;
    const auto number = files::leading_digits(entry);
    if (table_.tool == "golang-migrate") return !table_.rows.empty() && compare_versions(number, table_.rows.front().migration) <= 0;
    return !number.empty() && names_.count(std::string(files::without_zeros(number))) > 0;
  }

  // drizzle runs what is later than the latest that it has run, and nothing else.
  bool will_run(const std::string& entry) const {
    const auto time = when_.find(entry);
    return time == when_.end() || times_.empty() ? !has_run(entry) : time->second > *times_.rbegin();
  }

 private:
  std::string_view tool_;
  const TrackingTable& table_;
  std::set<std::string> names_;
  std::set<std::int64_t> times_;
  std::map<std::string, std::int64_t> when_;  // drizzle: by the journal
};

}  // namespace

std::string flyway_checksum(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  std::uint32_t crc = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    crc = crc32(text.substr(0, end), crc);
    text.remove_prefix(std::min(end + (text.substr(end, 2) == "\r\n" ? 2 : 1), text.size()));
  }
  return std::to_string(static_cast<std::int32_t>(crc));
}

void read_migrations(Project& project, const std::vector<SchemaInput>& inputs) {
  for (const auto& input : inputs) {
    const std::string journal = journal_folder_of(input);
    if (!input.tool && journal.empty()) continue;
    const std::string path = journal.empty() ? input.path : journal;
    if (!below(files::relative_to(path, project.root))) continue;
    const MigrationTool& tool = journal.empty() ? *input.tool : *migration_tool("drizzle");
    project.migrations.push_back(FolderReader(input, path, tool, project.root).read());
  }
}

AppliedPart applied_part(const SchemaInput& input, const std::vector<TrackingTable>& tracking) {
  AppliedPart out;
  out.input = input;
  std::size_t most = 0;
  for (const auto& table : tracking) {
    if (!input.tool || !keeps(table, input.tool->name)) continue;
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
  if (input.kind != SchemaKind::drizzle_migrations || input.files.empty()) return {};
  const std::string& entry = input.files.back().entry;
  const bool journal = input.tool->name == "drizzle";
  const std::string path = Folder(input.path).path(journal ? "meta/" + entry.substr(0, entry.find('_')) + "_snapshot.json" : entry + "/snapshot.json");
  std::error_code code;
  return fs::is_regular_file(path, code) ? path : "";
}

}  // namespace pgadvise::migrations
