#include "migrations/tools.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/input_file.h"
#include "base/text.h"
#include "drizzle/journal.h"
#include "files/files.h"
#include "migrations/dialect.h"
#include "migrations/sqitch_plan.h"

namespace pgadvise::migrations {
namespace fs = std::filesystem;

std::string Folder::path(std::string_view name) const { return (fs::path(path_) / name).lexically_normal().generic_string(); }

std::string Folder::name() const {
  const fs::path path = fs::path(path_).lexically_normal();
  return path.has_filename() ? path.filename().generic_string() : path.parent_path().filename().generic_string();
}

void Folder::list() const {
  if (listed_) return;
  listed_ = true;
  std::error_code code;
  std::size_t count = 0;
  for (fs::directory_iterator it(path_, code), end; !code && it != end; it.increment(code)) {
    cut_ = ++count > max_entries;
    if (cut_) break;
    std::error_code ignored;
    if (it->is_directory(ignored)) folders_.push_back(it->path().filename().generic_string());
    else if (it->is_regular_file(ignored)) files_.push_back(it->path().filename().generic_string());
  }
  std::sort(files_.begin(), files_.end());
  std::sort(folders_.begin(), folders_.end());
}

bool Folder::cut() const { return list(), cut_; }
const std::vector<std::string>& Folder::files() const { return list(), files_; }
const std::vector<std::string>& Folder::folders() const { return list(), folders_; }

bool Folder::has(const std::string& file) const {
  std::error_code code;
  return fs::is_regular_file(path(file), code);
}

std::string Folder::head(const std::string& file, std::size_t bytes) const { return read_head(path(file), bytes); }

namespace {

using Files = std::vector<SchemaFile>;
using Names = std::vector<std::string>;

bool is_sql(std::string_view name) { return name.size() > 4 && lower(name.substr(name.size() - 4)) == ".sql"; }

bool is_down(std::string_view name) {
  const std::string low = lower(name);
  return low == "down.sql" || low.ends_with(".down.sql") || low.ends_with("_down.sql") || low.ends_with("-down.sql") ||
         low.ends_with(".undo.sql") || low.ends_with(".rollback.sql") || low.ends_with("_rollback.sql");
}

bool numbered(std::string_view name) { return is_sql(name) && !is_down(name) && !files::leading_digits(name).empty(); }

void by_number(Names& names) {
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    const int order = files::compare_digits(files::leading_digits(a), files::leading_digits(b));
    return order != 0 ? order < 0 : a < b;
  });
}

Names sql_files(const Folder& folder, bool (*wanted)(std::string_view)) {
  Names out;
  for (const auto& name : folder.files())
    if (wanted(name)) out.push_back(name);
  return out;
}

Files as_files(const Folder& folder, const Names& names) {
  Files out;
  for (const auto& name : names) out.push_back({folder.path(name), name.substr(0, name.size() - 4)});
  return out;
}

// Comment markers at the beginning of lines. What stands before the first is `otherwise`.

enum class Part { same, up, down };
using MarkerOf = Part (*)(std::string_view line);

void blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i)
    if (text[i] != '\n' && text[i] != '\r') text[i] = ' ';
}

std::string keep_up(std::string text, MarkerOf marker, Part otherwise) {
  bool any = false;
  Part part = otherwise;
  std::string out = text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const Part now = marker(std::string_view(text).substr(at, end - at));
    if (now != Part::same) part = now;
    // What a tool reads stays: the markers, and the comments in front of the first ("-- +goose NO TRANSACTION").
    const bool told = trim(std::string_view(text).substr(at, end - at)).starts_with("--") && (now != Part::same || !any);
    any = any || now != Part::same;
    if ((part == Part::down || now != Part::same) && !told) blank(out, at, end);
    at = end;
  }
  return any ? out : text;
}

// "-- +goose Up" and its like: the words after the dashes, in lower case.
std::string comment_words(std::string_view line, std::string_view opening = "--") {
  line = trim(line);
  if (line.substr(0, 3) == "\xef\xbb\xbf") line.remove_prefix(3);
  if (line.substr(0, opening.size()) != opening) return {};
  return lower(trim(line.substr(opening.size())));
}

bool word_starts(std::string_view words, std::string_view start) {
  return words.substr(0, start.size()) == start && (words.size() == start.size() || words[start.size()] == ' ' || words[start.size()] == '\t');
}

Part marked(std::string_view words, std::string_view up, std::string_view down) {
  return word_starts(words, up) ? Part::up : word_starts(words, down) ? Part::down : Part::same;
}

Part goose_part(std::string_view line) { return marked(comment_words(line), "+goose up", "+goose down"); }
Part sql_migrate_part(std::string_view line) { return marked(comment_words(line), "+migrate up", "+migrate down"); }
Part dbmate_part(std::string_view line) { return marked(comment_words(line), "migrate:up", "migrate:down"); }
Part node_pg_part(std::string_view line) {
  const std::string words = comment_words(line);
  const std::string_view rest = std::string_view(words).substr(std::min(words.find_first_not_of("- \t"), words.size()));
  return marked(rest, "up migration", "down migration");
}
Part tern_part(std::string_view line) { return line.find("---- create above / drop below ----") != line.npos ? Part::down : Part::same; }
Part mybatis_part(std::string_view line) {
  const std::string words = comment_words(line);
  return word_starts(words, "//@undo") || word_starts(words, "@undo") ? Part::down : Part::same;
}
Part play_part(std::string_view line) {
  std::string words = comment_words(line);
  if (words.empty()) words = comment_words(line, "#");
  const std::string_view rest = std::string_view(words).substr(std::min(words.find_first_not_of("- \t"), words.size()));
  return marked(rest, "!ups", "!downs");
}

template <MarkerOf marker, Part otherwise>
std::string up_part(std::string text) { return keep_up(std::move(text), marker, otherwise); }

// Do the files carry the tool's marker? A few are enough: the first may be a hand-made one.
bool carries(const Folder& folder, const Names& names, MarkerOf marker) {
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i) {
    const std::string head = folder.head(names[i]);
    for (const auto line : split(head, '\n'))
      if (marker(line) != Part::same) return true;
  }
  return false;
}

template <MarkerOf marker>
Files marked_files(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, numbered);
  if (!carries(folder, names, marker)) return {};
  by_number(names);
  return as_files(folder, names);
}

// Migrations that are programs can't be replayed; a schema without them may lack something.
void name_programs(const Folder& folder, std::string_view extension, Diagnostics& diagnostics) {
  int count = 0;
  for (const auto& name : folder.files())
    count += name.ends_with(extension) && !name.ends_with("_test.go") && !files::leading_digits(name).empty();
  if (count)
    diagnostics.push_back({Error::Kind::passing, folder.path(), std::to_string(count) + " migrations are programs (" + std::string(extension) + "): not replayed",
                           "what they change is not known here"});
}

Files goose_files(const Folder& folder, Diagnostics& diagnostics) {
  Files out = marked_files<goose_part>(folder, diagnostics);
  if (!out.empty()) name_programs(folder, ".go", diagnostics);
  return out;
}

Files play_files(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, [](std::string_view name) { return is_sql(name) && files::leading_digits(name).size() == name.size() - 4; });
  if (!carries(folder, names, play_part)) return {};
  by_number(names);
  return as_files(folder, names);
}

// A folder for each migration, with one script of that name in each.
Files subfolder_files(const Folder& folder, const std::string& script, bool (*wanted)(std::string_view)) {
  Files out;
  for (const auto& name : folder.folders())
    if (wanted(name) && folder.has(name + "/" + script)) out.push_back({folder.path(name + "/" + script), name});
  return out;
}

bool any_name(std::string_view) { return true; }
bool fourteen_digits(std::string_view name) { return files::leading_digits(name).size() == 14; }
bool milliseconds(std::string_view name) { return files::leading_digits(name).size() == 13; }

// Every .sql of the folder that no entry names.
void name_orphans(const Folder& folder, const std::set<std::string>& tags, Diagnostics& diagnostics) {
  for (const auto& name : sql_files(folder, [](std::string_view n) { return is_sql(n) && !is_down(n); }))
    if (!tags.count(name.substr(0, name.size() - 4)))
      diagnostics.push_back({Error::Kind::passing, folder.path(name), "no entry of meta/_journal.json names this file",
                             "drizzle never runs it, and it is not replayed"});
}

Files journal_files(const Folder& folder, Diagnostics& diagnostics) {
  if (!folder.has("meta/_journal.json")) return {};
  const auto journal = drizzle::read_journal(folder.path(), diagnostics);
  return journal ? drizzle_files(folder, *journal, diagnostics) : Files{};
}

Files drizzle_one_files(const Folder& folder, Diagnostics&) {
  Files out = subfolder_files(folder, "migration.sql", any_name);
  const bool snapshots = std::any_of(out.begin(), out.end(), [&](const SchemaFile& file) { return folder.has(file.entry + "/snapshot.json"); });
  return snapshots ? out : Files{};
}

Files prisma_files(const Folder& folder, Diagnostics& diagnostics) {
  Files out = subfolder_files(folder, "migration.sql", any_name);
  const bool lock = folder.has("migration_lock.toml");
  const bool dated = std::any_of(out.begin(), out.end(), [](const SchemaFile& file) { return !files::leading_digits(file.entry).empty(); });
  if (out.empty() || (!lock && !dated)) return {};
  for (const auto& name : folder.folders()) {
    if (!lock || !fourteen_digits(name) || folder.has(name + "/migration.sql")) continue;
    if (holds_program(Folder(folder.path(name))))
      diagnostics.push_back({Error::Kind::passing, folder.path(name), "a migration that is a program: not replayed", "what it changes is not known here"});
    else
      diagnostics.push_back({Error::Kind::passing, folder.path(name), "a prisma migration without its migration.sql", "is it committed? `prisma migrate deploy` stops here"});
  }
  return out;
}

// Diesel goes by the name up to the first underscore, without hyphens.
Files diesel_files(const Folder& folder, Diagnostics&) {
  Files out = subfolder_files(folder, "up.sql", any_name);
  const auto version = [](const SchemaFile& file) { return replace_all(file.entry.substr(0, file.entry.find('_')), "-", ""); };
  std::stable_sort(out.begin(), out.end(), [&](const SchemaFile& a, const SchemaFile& b) { return version(a) < version(b); });
  return out;
}

Files hasura_files(const Folder& folder, Diagnostics&) { return subfolder_files(folder, "up.sql", milliseconds); }

Files golang_migrate_files(const Folder& folder, Diagnostics& diagnostics) {
  Names names = sql_files(folder, [](std::string_view name) { return numbered(name) && lower(name).ends_with(".up.sql"); });
  // Others beside them: somebody's own runner, which runs those as well.
  if (!sql_files(folder, [](std::string_view name) { return numbered(name) && !lower(name).ends_with(".up.sql"); }).empty()) return {};
  by_number(names);
  Files out = as_files(folder, names);
  for (auto& file : out) file.entry.resize(file.entry.size() - 3);  // ".up"
  for (std::size_t i = 1; i < names.size(); ++i)
    if (files::compare_digits(files::leading_digits(names[i]), files::leading_digits(names[i - 1])) == 0)
      diagnostics.push_back({Error::Kind::passing, folder.path(names[i]), "has the same version as " + names[i - 1], "golang-migrate refuses such a folder"});
  return out;
}

// 001.do.what.sql, 001.undo.what.sql: postgrator runs the first alone.
Files postgrator_files(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, [](std::string_view name) {
    const auto digits = files::leading_digits(name);
    const std::string rest = lower(name.substr(digits.size()));
    return is_sql(name) && !digits.empty() && (rest.starts_with(".do.") || rest == ".do.sql");
  });
  by_number(names);
  return as_files(folder, names);
}

// Flyway: V1.2__what.sql by version, R__what.sql last and by name, from the newest baseline B on; U and callbacks are not run.

struct FlywayName {
  char kind = 0;  // V R B
  std::string version;
  std::string description;
};

std::optional<FlywayName> flyway_name(std::string_view name) {
  if (!is_sql(name) || (name[0] != 'V' && name[0] != 'R' && name[0] != 'B')) return std::nullopt;
  const auto bar = name.find("__");
  if (bar == std::string_view::npos) return std::nullopt;
  FlywayName out{name[0], std::string(name.substr(1, bar - 1)), std::string(name.substr(bar + 2, name.size() - bar - 6))};
  if ((out.kind == 'R') != out.version.empty()) return std::nullopt;
  if (out.version.find_first_not_of("0123456789._") != std::string::npos) return std::nullopt;
  return out;
}

struct FlywayFile {
  std::string path;
  FlywayName name;
};

// A location's subfolders belong to it, but for those of another database.
void flyway_collect(const Folder& folder, int depth, std::vector<FlywayFile>& out, Names& foreign) {
  for (const auto& name : folder.files())
    if (const auto parsed = flyway_name(name)) out.push_back({folder.path(name), *parsed});
  if (depth == 0) return;
  for (const auto& name : folder.folders()) {
    std::vector<FlywayFile> below;
    flyway_collect(Folder(folder.path(name)), depth - 1, below, foreign);
    if (below.empty()) continue;
    if (foreign_folder(name)) foreign.push_back(folder.path(name));
    else out.insert(out.end(), below.begin(), below.end());
  }
}

bool same_version_twice(const std::vector<FlywayFile>& files) {
  for (std::size_t i = 1; i < files.size(); ++i)
    if (files[i].name.kind == 'V' && files[i - 1].name.kind == 'V' && compare_versions(files[i].name.version, files[i - 1].name.version) == 0) return true;
  return false;
}

bool has_flyway_names(const Folder& folder) {
  return std::any_of(folder.files().begin(), folder.files().end(), [](const std::string& name) { return flyway_name(name).has_value(); });
}

// A folder of folders is one location when several of them hold scripts, and no version twice; else each is its own.
std::ptrdiff_t flyway_subfolders(const Folder& folder) {
  return std::count_if(folder.folders().begin(), folder.folders().end(), [&](const std::string& name) { return has_flyway_names(Folder(folder.path(name))); });
}

Files flyway_files(const Folder& folder, Diagnostics& diagnostics) {
  if (!has_flyway_names(folder) && flyway_subfolders(folder) < 2) return {};
  std::vector<FlywayFile> found;
  Names foreign;
  flyway_collect(folder, 3, found, foreign);
  std::stable_sort(found.begin(), found.end(), [](const FlywayFile& a, const FlywayFile& b) {
    if (a.name.kind != b.name.kind) return a.name.kind != 'R' && (b.name.kind == 'R' || a.name.kind == 'B');
    if (a.name.kind == 'R') return a.name.description < b.name.description;
    return compare_versions(a.name.version, b.name.version) < 0;
  });
  if (found.empty() || (!has_flyway_names(folder) && same_version_twice(found))) return {};
  for (const auto& path : foreign)
    diagnostics.push_back({Error::Kind::passing, path, "migrations of another database: passed over", ""});
  std::string baseline;
  for (const auto& file : found)
    if (file.name.kind == 'B') baseline = file.name.version;
  Files out;
  for (const auto& [path, name] : found) {
    if (name.kind == 'B' && name.version != baseline) continue;
    if (name.kind == 'V' && !baseline.empty() && compare_versions(name.version, baseline) <= 0) continue;
    out.push_back({path, name.kind == 'R' ? name.description : name.version});
  }
  return out;
}

Files sqitch_files(const Folder& folder, Diagnostics& diagnostics) {
  if (!folder.has("sqitch.plan")) return {};
  Files out;
  for (auto& change : read_sqitch_plan(folder.path(), diagnostics)) out.push_back({change.deploy_file, change.name});
  return out;
}

Files supabase_files(const Folder& folder, Diagnostics& diagnostics) {
  if (folder.name() != "migrations" || fs::path(folder.path()).lexically_normal().parent_path().filename() != "supabase") return {};
  Names names = sql_files(folder, [](std::string_view name) { return numbered(name) && name.size() > files::leading_digits(name).size() && name[files::leading_digits(name).size()] == '_'; });
  for (const auto& name : folder.files())
    if (is_sql(name) && std::find(names.begin(), names.end(), name) == names.end())
      diagnostics.push_back({Error::Kind::passing, folder.path(name), "is not named <timestamp>_name.sql: the supabase command line passes it over, and it is not replayed", ""});
  return as_files(folder, names);
}

Files atlas_files(const Folder& folder, Diagnostics&) {
  return folder.has("atlas.sum") ? as_files(folder, sql_files(folder, [](std::string_view name) { return is_sql(name) && !is_down(name); })) : Files{};
}

Part graphile_mark(std::string_view line) { return line.starts_with("--! Previous:") || line.starts_with("--! Hash:") ? Part::up : Part::same; }
Part liquibase_mark(std::string_view line) { return word_starts(comment_words(line), "liquibase formatted sql") ? Part::up : Part::same; }

Files graphile_files(const Folder& folder, Diagnostics& diagnostics) { return marked_files<graphile_mark>(folder, diagnostics); }

Files liquibase_files(const Folder& folder, Diagnostics&) {
  const Names names = sql_files(folder, [](std::string_view name) { return is_sql(name); });
  return carries(folder, names, liquibase_mark) ? as_files(folder, names) : Files{};
}

// Nothing but numbers in front: sqlx, refinery, postgres-migrations, hand-made ones.
Files numbered_files(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, numbered);
  const auto all = sql_files(folder, [](std::string_view name) { return is_sql(name) && !is_down(name); });
  if (names.empty() || names.size() * 2 < all.size()) return {};
  by_number(names);
  return as_files(folder, names);
}

using Transaction = MigrationTool::Transaction;

// The first that recognises a folder has it: those with the surest signs stand in front.
constexpr MigrationTool tools[] = {
    {"drizzle", "meta/_journal.json", "the journal", journal_files, nullptr, Transaction::of_all_files},
    {"drizzle v1", "folders with migration.sql, a snapshot.json in one of them", "folder names", drizzle_one_files, nullptr, Transaction::of_all_files},
    {"prisma", "folders with migration.sql; migration_lock.toml tells the database", "folder names", prisma_files},
    {"hasura", "folders <milliseconds>_name with up.sql", "folder names", hasura_files},
    {"diesel", "folders with up.sql", "the name up to the first _, hyphens left out", diesel_files, nullptr, Transaction::of_each_file},
    {"sqitch", "sqitch.plan", "the plan; deploy/ only, reworked changes by their tag", sqitch_files, nullptr, Transaction::none},
    {"flyway", "V<version>__name.sql, R__name.sql, B<version>__name.sql", "versions by value, R last; from the newest B on; U and callbacks are not run", flyway_files},
    {"golang-migrate", "<number>_name.up.sql", "numbers by value", golang_migrate_files},
    {"postgrator", "<number>.do.name.sql", "numbers by value", postgrator_files},
    {"goose", "-- +goose Up", "numbers by value", goose_files, up_part<goose_part, Part::down>, Transaction::of_each_file, "+goose no transaction"},
    {"dbmate", "-- migrate:up", "numbers by value", marked_files<dbmate_part>, up_part<dbmate_part, Part::down>, Transaction::of_each_file, "migrate:up transaction:false"},
    {"sql-migrate", "-- +migrate Up", "numbers by value", marked_files<sql_migrate_part>, up_part<sql_migrate_part, Part::down>, Transaction::of_each_file, "+migrate up notransaction"},
    {"node-pg-migrate", "-- Up Migration", "numbers by value", marked_files<node_pg_part>, up_part<node_pg_part, Part::up>, Transaction::of_all_files},
    {"tern", "---- create above / drop below ----", "numbers by value", marked_files<tern_part>, up_part<tern_part, Part::up>},
    {"mybatis", "-- //@UNDO", "numbers by value", marked_files<mybatis_part>, up_part<mybatis_part, Part::up>, Transaction::of_each_file},
    {"play evolutions", "# --- !Ups in 1.sql, 2.sql …", "numbers by value", play_files, up_part<play_part, Part::down>, Transaction::none},
    {"graphile-migrate", "--! Previous: in the committed files", "numbers by value", graphile_files, nullptr, Transaction::of_each_file, "! no-transaction"},
    {"supabase", "supabase/migrations/<timestamp>_name.sql", "file names", supabase_files},
    {"atlas", "atlas.sum", "file names", atlas_files, nullptr, Transaction::of_each_file, "atlas:txmode none"},
    {"liquibase", "--liquibase formatted sql", "file names, as includeAll has them", liquibase_files},
    {"numbered", "file names that begin with a number", "numbers by value", numbered_files, nullptr, Transaction::of_each_file, {}, true},
};

}  // namespace

bool holds_program(const Folder& folder) {
  return std::any_of(folder.files().begin(), folder.files().end(), [](const std::string& name) {
    return name.ends_with(".ts") || name.ends_with(".js") || name.ends_with(".mjs") || name.ends_with(".cjs") || name.ends_with(".py");
  });
}

std::vector<SchemaFile> drizzle_files(const Folder& folder, const std::vector<drizzle::JournalEntry>& journal, Diagnostics& diagnostics) {
  Files out;
  std::set<std::string> tags;
  for (const auto& entry : journal) {
    if (!tags.insert(entry.tag).second) continue;
    if (folder.has(entry.tag + ".sql")) {
      out.push_back({folder.path(entry.tag + ".sql"), entry.tag});
    } else {
      diagnostics.push_back({Error::Kind::passing, folder.path("meta/_journal.json"),
                             "the file of entry " + ellipsis(entry.tag, 80) + " is missing: " + ellipsis(folder.path(entry.tag + ".sql"), 200),
                             "is it committed?"});
    }
  }
  name_orphans(folder, tags, diagnostics);
  return out;
}

int compare_versions(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const auto end_a = std::min(a.find_first_of("._"), a.size());
    const auto end_b = std::min(b.find_first_of("._"), b.size());
    if (const int order = files::compare_digits(a.substr(0, end_a), b.substr(0, end_b))) return order;
    a.remove_prefix(std::min(end_a + 1, a.size()));
    b.remove_prefix(std::min(end_b + 1, b.size()));
  }
  return 0;
}

std::span<const MigrationTool> migration_tools() { return tools; }

const MigrationTool* migration_tool(std::string_view name) {
  for (const auto& tool : tools)
    if (tool.name == name) return &tool;
  return nullptr;
}

const MigrationTool* recognise(const Folder& folder, std::vector<SchemaFile>& files, Diagnostics& diagnostics) {
  for (const auto& tool : tools) {
    files = tool.files(folder, diagnostics);
    if (files.empty()) continue;
    if (folder.cut())
      diagnostics.push_back({Error::Kind::passing, folder.path(), "holds more than " + std::to_string(Folder::max_entries) + " files and folders: pgadvise did not look at the rest", ""});
    return &tool;
  }
  return nullptr;
}

bool in_transaction(const MigrationTool& tool, std::string_view text) {
  if (tool.transaction == Transaction::none) return false;
  if (tool.no_transaction.empty()) return true;
  for (const auto line : split(text, '\n')) {
    std::string words = replace_all(comment_words(line), "\t", " ");
    while (words.find("  ") != std::string::npos) words = replace_all(words, "  ", " ");
    if (words.find(tool.no_transaction) == 0) return false;
  }
  return true;
}

}  // namespace pgadvise::migrations
