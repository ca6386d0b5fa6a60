// drizzle 0.x: meta/_journal.json names the files and their order.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/json_parse.h"
#include "base/text/line_ends.h"
#include "base/text/text.h"
#include "drizzle/kit/change.h"
#include "drizzle/kit/config.h"
#include "drizzle/kit/journal.h"
#include "files/files.h"
#include "files/gitignore.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/drizzle_kit.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "__drizzle_migrations"}, {.schema = "drizzle"}};

bool named(const QualifiedName& table) {
  return contains(table.name, "migration") || table.schema == "drizzle";
}

constexpr TrackingShape::Column columns[] = {{"hash", "text"}, {"created_at", "bigint"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 3, .select = "'', hash, created_at, false", .named = named}};

namespace fs = std::filesystem;
using Ordered = nlohmann::ordered_json;

struct JournalFiles {
  Files present;
  Names missing;  // without ".sql"
  Names orphans;  // files that no entry names
};

JournalFiles journal_files(const Folder& folder, const std::vector<drizzle::JournalEntry>& entries) {
  JournalFiles out;
  std::set<std::string> tags;
  for (const auto& entry : entries) {
    if (!tags.insert(entry.tag).second) continue;
    if (folder.has(entry.tag + ".sql")) out.present.push_back({folder.path(entry.tag + ".sql"), entry.tag});
    else out.missing.push_back(entry.tag);
  }
  out.orphans = sql_files(folder, [](std::string_view name) { return is_sql(name) && !is_down(name); });
  std::erase_if(out.orphans,
                [&](const std::string& name) { return tags.count(name.substr(0, name.size() - 4)) > 0; });
  return out;
}

void name_orphans(const Folder& folder, const JournalFiles& files, Diagnostics& diagnostics) {
  for (const auto& name : files.orphans)
    warn(diagnostics, folder.path(name), "is not in meta/_journal.json",
         "neither drizzle nor pgadvise runs it");
}

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  if (!folder.has("meta/_journal.json")) return {};
  const auto entries = drizzle::read_journal(folder.path(), diagnostics);
  if (!entries) return {};
  auto files = journal_files(folder, *entries);
  name_orphans(folder, files, diagnostics);
  return std::move(files.present);
}

// Of the input, or of its folder: one whose files are missing is known by its snapshot alone.
Result<std::vector<drizzle::JournalEntry>> entries_of(const SchemaInput& input, const std::string& folder) {
  Diagnostics named_before;
  if (input.journal.empty()) return drizzle::read_journal(folder, named_before);
  return input.journal;
}

std::string snapshot_name(const std::string& tag) {
  return "meta/" + tag.substr(0, tag.find('_')) + "_snapshot.json";
}

std::string snapshot_of(const Folder& folder, const std::string& tag) {
  const std::string name = snapshot_name(tag);
  return folder.has(name) ? folder.path(name) : "";
}

std::string latest_snapshot(const std::string& folder) {
  const Folder meta(files::path_under(folder, "meta"));
  std::string out;
  for (const auto& name : meta.files())
    if (name.ends_with("_snapshot.json") && (out.empty() || files::natural_less(files::base_of(out), name)))
      out = meta.path(name);
  return out;
}

// The snapshot that has the whole schema: that of the last entry, unless scripts were added behind it by
// hand.
std::string whole_snapshot(const Folder& folder, const JournalFiles& files, const std::string& last_tag) {
  const bool changed_since = std::ranges::any_of(
      files.orphans, [&](const std::string& name) { return files::natural_less(last_tag + ".sql", name); });
  return changed_since ? "" : snapshot_of(folder, last_tag);
}

Error missing_files(const Folder& folder, const JournalFiles& files, const std::string& snapshot) {
  constexpr std::size_t shown = 2;
  Names names(files.missing.begin(),
              files.missing.begin() + static_cast<std::ptrdiff_t>(std::min(shown, files.missing.size())));
  std::string what = fmt::format(
      "{} of the {} files that the journal names {} missing ({}.sql{})", files.missing.size(),
      files.missing.size() + files.present.size(), files.missing.size() == 1 ? "is" : "are",
      join(names, ".sql, "),
      files.missing.size() > shown ? fmt::format(" and {} more", files.missing.size() - shown) : "");
  if (const auto line = files::ignoring_line(folder.path(files.missing.front() + ".sql")); !line.empty())
    what += ", as git ignores them (" + line + ")";
  const std::string newest = latest_snapshot(folder.path());
  if (!snapshot.empty()) what += ": pgadvise read the last snapshot, " + snapshot + ", instead";
  else what += ": pgadvise can't know the schema";
  if (snapshot.empty() && !newest.empty())
    what += !files.orphans.empty() ? ", as scripts that the journal does not name follow " + newest
                                   : ", as " + newest + " is older than the last migration";
  return {Error::Kind::nonfatal, folder.path("meta/_journal.json"), what,
          snapshot.empty()
              ? "commit the migrations, or use --db, or pass a dump: pg_dump -s > schema.sql, then "
                "--schema schema.sql"
              : "are the migrations committed?"};
}

Result<std::vector<SchemaInput>> open_journal(const std::string& path, Diagnostics& diagnostics) {
  const Folder folder(path);
  Diagnostics named;
  TRY(auto entries, drizzle::read_journal(path, named));
  auto files = journal_files(folder, entries);
  diagnostics.insert(diagnostics.end(), named.begin(), named.end());
  SchemaInput input{SchemaKind::migrations, folder.path(), files.present, &drizzle};
  std::vector<SchemaInput> out;
  if (!files.missing.empty()) {
    const std::string snapshot = whole_snapshot(folder, files, entries.back().tag);
    diagnostics.push_back(missing_files(folder, files, snapshot));
    input.incomplete = true;
    if (!snapshot.empty()) out.push_back({SchemaKind::drizzle_snapshot, snapshot, {{snapshot, ""}}});
  }
  name_orphans(folder, files, diagnostics);
  input.journal = std::move(entries);
  if (out.empty() || !input.files.empty()) out.insert(out.begin(), std::move(input));
  return out;
}

// A snapshot names the one it was made from. Two that name the same were made on two branches: the later
// knows nothing of the earlier's changes, and the next `generate` makes them again or undoes them.
void read_snapshots(FolderReading& reading, const std::vector<drizzle::JournalEntry>& entries) {
  std::map<std::string, std::string> ids;
  std::string last;
  std::string last_entry;
  bool last_named = false;  // what goes on from before a snapshot that was named is in order again
  std::set<std::string> seen;
  for (const auto& entry : entries) {
    const std::string name = snapshot_name(entry.tag);
    if (!seen.insert(name).second) continue;
    const auto snapshot = snapshot_ids(reading.folder.path(name));
    if (!snapshot) continue;
    const std::string previous = snapshot->previous.empty() ? "" : snapshot->previous.front();
    const auto [same, fresh] = ids.emplace(snapshot->id, entry.tag);
    const bool astray = fresh && !last.empty() && previous != last && !(last_named && ids.count(previous));
    if (!fresh)
      reading.problem("snapshot", entry.tag,
                      name + " has the same id as the snapshot of " + same->second + ": one is a copy",
                      reading.location_of(name));
    if (astray) {
      const std::string origin = ids.count(previous)   ? "the snapshot of " + ids[previous]
                                 : origin_id(previous) ? "nothing"
                                                       : "a missing snapshot";
      reading.problem(
          "snapshot", entry.tag,
          name + " is based on " + origin + ", not on the snapshot of " + last_entry + " before it",
          reading.location_of(name));
    }
    last_named = astray;
    last = snapshot->id;
    last_entry = entry.tag;
  }
}

void read_journal(FolderReading& reading) {
  const auto entries = entries_of(reading.input, reading.folder.path());
  if (!entries) return;
  std::set<std::string> tags;
  std::map<std::int64_t, std::string> indexes;
  for (const auto& entry : *entries) {
    SourceLocation place = entry.place;
    place.file = files::relative_to(place.file, reading.root);
    const std::string file = entry.tag + ".sql";
    const bool there = reading.folder.has(file);
    if (!tags.insert(entry.tag).second) {
      reading.problem("duplicate tag", entry.tag,
                      "the journal lists " + entry.tag + " twice: the second entry runs the same file again",
                      place);
      continue;
    }
    if (!there)
      reading.missing_file(entry.tag, reading.folder.path(file),
                           "the journal lists " + entry.tag + ", and " + file +
                               " is missing: `drizzle-kit migrate` stops here",
                           place);
    if (const auto [same, fresh] = indexes.emplace(entry.index, entry.tag); !fresh && entry.index >= 0)
      reading.problem("duplicate idx", entry.tag,
                      "idx " + std::to_string(entry.index) + " is " + same->second +
                          "'s, too: the journal was merged or edited by hand",
                      place);
    reading.add(entry.tag, there ? reading.folder.path(file) : "", place, entry.when);
  }
  for (const auto& name : reading.folder.files())
    if (name.ends_with(".sql") && !name.ends_with(".down.sql") &&
        !tags.count(name.substr(0, name.size() - 4)))
      reading.problem("orphan file", name, name + " is not in meta/_journal.json: drizzle never runs it",
                      reading.location_of(name));
  read_snapshots(reading, *entries);
}

std::string folder_of_snapshot(const SchemaInput& input) {
  const fs::path meta = fs::path(input.path).parent_path();
  if (input.kind != SchemaKind::drizzle_snapshot || meta.filename() != "meta") return {};
  std::error_code code;
  return fs::is_regular_file(meta / "_journal.json", code) ? meta.parent_path().generic_string() : "";
}

std::string last_snapshot(const SchemaInput& input) {
  return snapshot_of(Folder(input.path), input.files.back().entry);
}

std::map<std::string, std::int64_t> times(const SchemaInput& input) {
  std::map<std::string, std::int64_t> out;
  const auto entries = entries_of(input, input.path);
  if (!entries) return out;
  for (const auto& entry : *entries) out[entry.tag] = entry.when;
  return out;
}

bool is_config(std::string_view path) { return files::base_of(path).starts_with("drizzle.config."); }

bool says_postgresql(const std::string& path, const std::string& text) {
  const auto dialects = drizzle::read_drizzle_config(path, text).dialects;
  return std::ranges::find(dialects, "postgresql") != dialects.end();
}

// As drizzle-kit writes them: numbers of four digits, times, seconds since 1970.
std::string drizzle_prefix(const std::string& last_tag, std::int64_t index, std::int64_t now) {
  const std::string digits(files::leading_digits(last_tag));
  return digits.size() >= 10 ? next_version(digits, now) : fmt::format("{:04}", index);
}

struct Journal {
  std::string path, text;
  Ordered root;
  std::int64_t index = -1;  // the largest
  std::int64_t when = 0;
  std::string tag;  // of the last entry
};

Result<Journal> journal_of(const SchemaInput& input) {
  Journal out;
  out.path = inside(input, "meta/_journal.json");
  TRY(out.text, read_file(out.path, files::json_limit));
  out.root = parsed_json<Ordered>(out.text);
  if (!out.root.is_object() || !out.root.contains("entries") || !out.root["entries"].is_array())
    return fail(Error::Kind::nonfatal, out.path, why_no_json(out.text, "is not a drizzle-kit journal"));
  for (const auto& entry : out.root["entries"]) {
    const auto number = [&](const char* name) {
      return entry.is_object() && entry.contains(name) && entry[name].is_number_integer()
                 ? entry[name].get<std::int64_t>()
                 : -1;
    };
    out.index = std::max(out.index, number("idx"));
    out.when = std::max(out.when, number("when"));
    if (entry.is_object() && entry.contains("tag") && entry["tag"].is_string())
      out.tag = entry["tag"].get<std::string>();
  }
  constexpr std::int64_t largest =
      (std::int64_t{1} << 53) - 2;  // one more, and JavaScript no longer counts it exactly
  if (out.index > largest || out.when > largest)
    return fail(Error::Kind::nonfatal, out.path, "has an idx or when that is too large to continue");
  return out;
}

// drizzle-kit goes on from the last snapshot by name.
Result<std::string> last_snapshot_of(const SchemaInput& input) {
  const Folder meta(inside(input, "meta"));
  std::string last;
  for (const auto& name : meta.files())
    if (name.ends_with("_snapshot.json")) last = std::max(last, name);
  if (last.empty())
    return fail(Error::Kind::nonfatal, meta.path(), "contains no drizzle-kit snapshot",
                "drizzle-kit generate writes one with each migration: are they committed?");
  return last;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const SchemaInput& input = writing.input;
  TRY(auto journal, journal_of(input));
  TRY(const auto last, last_snapshot_of(input));
  const std::string previous_path = inside(input, "meta/" + last);
  TRY(const auto previous, read_file(previous_path, files::json_limit));
  TRY(const auto replayed, replay(input, steps));
  const std::int64_t when = std::max(writing.now, journal.when + 1);
  const std::string text = drizzle_script(steps);
  TRY(auto snapshot, drizzle::change_snapshot(previous, previous_path, replayed.before, replayed.after,
                                              uuid_of(previous + text)));
  const std::string prefix = drizzle_prefix(journal.tag, journal.index + 1, writing.now);
  const std::string name = prefix + "_snapshot.json";
  if (name <= last)
    return fail(Error::Kind::nonfatal, previous_path,
                "is the last snapshot by name, but not the last migration's",
                "drizzle-kit check reports the problem in the journal");
  const std::string tag = prefix + "_" + steps.name;
  std::string version = "7";
  if (auto& entries = journal.root["entries"];
      !entries.empty() && entries.back().contains("version") && entries.back()["version"].is_string())
    version = entries.back()["version"].get<std::string>();
  journal.root["entries"].push_back(Ordered{
      {"idx", journal.index + 1}, {"version", version}, {"when", when}, {"tag", tag}, {"breakpoints", true}});
  Written out;
  out.notes = std::move(snapshot.notes);
  out.files.push_back({inside(input, tag + ".sql"), text, std::nullopt});
  out.files.push_back({inside(input, "meta/" + name), std::move(snapshot.text), std::nullopt});
  const std::string end = journal.text.ends_with("\n") ? "\n" : "";
  out.files.push_back(
      {journal.path,
       with_line_ends_of(journal.text,
                         journal.root.dump(2, ' ', false, Ordered::error_handler_t::replace) + end),
       journal.text});
  return out;
}

}  // namespace

constinit const MigrationTool drizzle{
    .facts = {.id = "drizzle",
              .sentence = "drizzle",
              .tables = tables,
              .tracking = tracking,
              .row_key = ToolFacts::RowKey::when,
              .rows_name_all = true,
              .application = "drizzle-kit"},
    .known = "meta/_journal.json",
    .order = "the journal",
    .rank = 10,
    .unmistakable = true,
    .files = files_of,
    .up = drizzle::uncomment_introspection,
    .journal = "meta/_journal.json",
    .open_journal = open_journal,
    .transaction = Migration::Transaction::run,
    .read_journal = read_journal,
    .checksums = checksums<sha256_hex>,
    .times = times,
    .last_snapshot = last_snapshot,
    .folder_of = folder_of_snapshot,
    .writer = {.why = "drizzle runs all pending migrations in one transaction", .write = write},
    .in_code = {.what = "drizzle's schema has no migrations, and pgadvise does not read the schema itself: "
                        "no table of its "
                        "source is known, or this build lacks the TypeScript grammar",
                .holds = is_config,
                .hint = "drizzle-kit export > schema.sql, then --schema schema.sql; or --db",
                .says_postgresql = says_postgresql},
    .program = {.name = "drizzle-kit", .module = "node_modules/drizzle-kit/"},
    .migrate = "npx drizzle-kit migrate",
};

}  // namespace pgadvise::migrations::tools
