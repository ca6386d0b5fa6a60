#include "migrations/new_migration.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/input_file.h"
#include "base/line_ends.h"
#include "base/text.h"
#include "drizzle/change.h"
#include "files/files.h"
#include "files/json_file.h"
#include "migrations/code_migrations.h"
#include "migrations/schema_load.h"
#include "sql/lexer.h"
#include "sql/replay.h"
#include "sql/statement.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;
using Ordered = nlohmann::ordered_json;

constexpr std::string_view breakpoint = "--> statement-breakpoint";

// Where a tool can run CREATE INDEX CONCURRENTLY.
enum class Concurrently {
  nowhere,   // there is a transaction around whatever it runs
  alone,     // in a file with no other statement
  together,  // in files of nothing but such statements
  anywhere,  // in any file, with the marker that keeps the transaction away
};

using Part = Steps;

struct Target {
  const SchemaInput& input;
  std::int64_t now;
  std::string version;  // of the last one that was given out
  std::string last;     // migration that was written in this run, where each names the one before it
};

struct Writer {
  std::string_view tool;
  Concurrently concurrently;
  std::string_view why;  // for `nowhere`
  Result<std::vector<files::NewFile>> (*files)(Target& target, const Part& part);
  std::string_view note = {};  // what the person has to know of each
};

// Statements.

struct Head {
  std::vector<std::string> words;     // the first, in lower case
  std::size_t concurrently = std::string::npos;  // offset of the word
};

Head head_of(std::string_view statement) {
  Head out;
  sql::Lexer lexer(statement);
  for (auto token = lexer.next_token(); out.words.size() < 4 && token.kind == sql::Lexeme::Kind::word; token = lexer.next_token()) {
    if (token.is_word("concurrently")) out.concurrently = token.offset;
    out.words.push_back(lower(token.text));
  }
  return out;
}

bool is(const Head& head, std::string_view first, std::string_view second) {
  return head.words.size() > 1 && head.words[0] == first && head.words[1] == second;
}

bool creates_index(const Head& head) { return is(head, "create", "index") || (is(head, "create", "unique") && head.words.size() > 2 && head.words[2] == "index"); }

// Why a statement has no place in a migration; "" when it has.
std::string not_for_migrations(const Head& head) {
  if (creates_index(head) || is(head, "drop", "index") || is(head, "alter", "index") || is(head, "alter", "table") || is(head, "alter", "policy") || is(head, "create", "extension")) return {};
  const std::string first = head.words.empty() ? std::string() : head.words[0];
  if (first == "reindex" || first == "vacuum" || first == "analyze") return "it is upkeep, to be run once and by hand: no migration";
  if (is(head, "alter", "system") || is(head, "alter", "database") || is(head, "alter", "role")) return "it is a setting of the server: no migration";
  return "it is the application's code that has to change";
}

std::string without_concurrently(std::string text, const Head& head) {
  std::size_t end = head.concurrently + std::string_view("concurrently").size();
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t' || text[end] == '\n' || text[end] == '\r')) ++end;
  return text.erase(head.concurrently, end - head.concurrently);
}

std::vector<std::string> statements_of(const std::string& script, bool keep_concurrently, bool& concurrent) {
  std::vector<std::string> out;
  for (const auto& statement : sql::split(script)) {
    std::string text(statement.text);
    const Head head = head_of(text);
    const bool found = head.concurrently != std::string::npos;
    concurrent = concurrent || (found && keep_concurrently);
    out.push_back(found && !keep_concurrently ? without_concurrently(std::move(text), head) : std::move(text));
  }
  return out;
}

bool is_concurrent(const std::string& statement) { return head_of(statement).concurrently != std::string::npos; }

// Versions.

std::string utc(std::int64_t milliseconds, const char* form) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[32];
  return {out, std::strftime(out, sizeof out, form, &parts)};
}

std::string plus_one(std::string digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') return ++digits[i], digits;
    digits[i] = '0';
  }
  return "1" + digits;
}

// Above `last`, in its own form: a time of so many digits, or a number as wide.
std::string next_version(const std::string& last, std::int64_t now) {
  std::string by_clock;
  if (last.size() == 14) by_clock = utc(now, "%Y%m%d%H%M%S");
  else if (last.size() == 12) by_clock = utc(now, "%Y%m%d%H%M");
  else if (last.size() == 13) by_clock = std::to_string(now);
  else if (last.size() == 10) by_clock = std::to_string(now / 1000);
  return files::compare_digits(by_clock, last) > 0 ? by_clock : plus_one(last);
}

std::string highest(const SchemaInput& input) {
  std::string out;
  for (const auto& file : input.files)
    if (const std::string digits(files::leading_digits(file.entry)); files::compare_digits(digits, out) > 0 || out.empty()) out = digits;
  return out;
}

const std::string& give_version(Target& target) {
  if (target.version.empty()) target.version = highest(target.input);
  return target.version = next_version(target.version, target.now);
}

// Texts.

std::string comments(const Part& part) {
  std::string out;
  for (const auto& title : part.titles) out += "-- " + replace_all(printable(title), "-->", "->") + "\n";
  return out;
}

std::string script(const std::vector<std::string>& statements) {
  std::string out;
  for (const auto& statement : statements) out += statement + ";\n";
  return out;
}

std::string down_script(const Part& part) { return part.down.empty() ? "-- nothing takes this back\n" : script(part.down); }

std::string in(const SchemaInput& input, const std::string& name) { return files::path_under(input.path, name); }

using Files = Result<std::vector<files::NewFile>>;

Files one_file(const std::string& path, std::string content) { return std::vector<files::NewFile>{{path, std::move(content), std::nullopt}}; }

Files prisma_files(Target& target, const Part& part) {
  return one_file(in(target.input, give_version(target) + "_" + part.name + "/migration.sql"), comments(part) + script(part.up));
}

Files hasura_files(Target& target, const Part& part) {
  const std::string folder = give_version(target) + "_" + part.name;
  return std::vector<files::NewFile>{{in(target.input, folder + "/up.sql"), comments(part) + script(part.up), std::nullopt}, {in(target.input, folder + "/down.sql"), down_script(part), std::nullopt}};
}

// V2__x -> V3__x, V1.4 -> V1.5, V007 -> V008, beside the newest one.
Files flyway_files(Target& target, const Part& part) {
  const SchemaFile* newest = nullptr;
  for (const auto& file : target.input.files)
    if (std::string_view(files::base_of(file.path)).starts_with("V") && (!newest || compare_versions(file.entry, newest->entry) > 0)) newest = &file;
  if (!newest) return fail(Error::Kind::passing, target.input.path, "holds no versioned migration (V1__name.sql) that another could follow");
  const std::string last = target.version.empty() ? newest->entry : target.version;
  const std::size_t at = last.find_last_of("._");
  const std::size_t from = at == std::string::npos ? 0 : at + 1;
  target.version = last.substr(0, from) + next_version(last.substr(from), target.now);
  return one_file(files::path_under(std::string(files::folder_of(newest->path)), "V" + target.version + "__" + part.name + ".sql"), comments(part) + script(part.up));
}

Files golang_migrate_files(Target& target, const Part& part) {
  const std::string name = give_version(target) + "_" + part.name;
  return std::vector<files::NewFile>{{in(target.input, name + ".up.sql"), comments(part) + script(part.up), std::nullopt}, {in(target.input, name + ".down.sql"), down_script(part), std::nullopt}};
}

Files goose_files(Target& target, const Part& part) {
  return one_file(in(target.input, give_version(target) + "_" + part.name + ".sql"),
                  std::string(part.concurrent ? "-- +goose NO TRANSACTION\n" : "") + "-- +goose Up\n" + comments(part) + script(part.up) + "\n-- +goose Down\n" + down_script(part));
}

Files dbmate_files(Target& target, const Part& part) {
  const std::string how = part.concurrent ? " transaction:false\n" : "\n";
  return one_file(in(target.input, give_version(target) + "_" + part.name + ".sql"),
                  "-- migrate:up" + how + comments(part) + script(part.up) + "\n-- migrate:down" + how + down_script(part));
}

Files sql_migrate_files(Target& target, const Part& part) {
  const std::string how = part.concurrent ? " notransaction\n" : "\n";
  return one_file(in(target.input, give_version(target) + "_" + part.name + ".sql"),
                  "-- +migrate Up" + how + comments(part) + script(part.up) + "\n-- +migrate Down" + how + down_script(part));
}

Files node_pg_migrate_files(Target& target, const Part& part) {
  return one_file(in(target.input, give_version(target) + "_" + replace_all(part.name, "_", "-") + ".sql"),
                  "-- Up Migration\n" + comments(part) + script(part.up) + "\n-- Down Migration\n" + down_script(part));
}

Files tern_files(Target& target, const Part& part) {
  return one_file(in(target.input, give_version(target) + "_" + part.name + ".sql"),
                  comments(part) + script(part.up) + "\n---- create above / drop below ----\n\n" + down_script(part));
}

Files plain_migration_files(Target& target, const Part& part) {
  return one_file(in(target.input, give_version(target) + "_" + part.name + ".sql"), comments(part) + script(part.up));
}

// 002.do.name.sql and 002.undo.name.sql.
Files postgrator_files(Target& target, const Part& part) {
  const std::string number = give_version(target);
  return std::vector<files::NewFile>{{in(target.input, number + ".do." + part.name + ".sql"), comments(part) + script(part.up), std::nullopt},
                              {in(target.input, number + ".undo." + part.name + ".sql"), down_script(part), std::nullopt}};
}

// The scripts, and a line of the plan in the name of who planned the last change.
Files sqitch_files(Target& target, const Part& part) {
  const std::string plan = in(target.input, "sqitch.plan");
  const auto text = read_file(plan, files::json_limit);
  if (!text) return tl::unexpected(text.error());
  const std::string so_far = target.last.empty() ? *text : target.last;
  std::string planner, project;
  std::set<std::string> names;
  for (const auto raw : split(*text, '\n')) {
    const auto line = trim(raw);
    if (line.starts_with("%project=")) project = line.substr(9);
    if (line.empty() || line[0] == '%' || line[0] == '#') continue;
    names.insert(std::string(line.substr(0, line.find(' '))));
    const auto end = line.find('>');
    const auto time = line.rfind("Z ", end);
    if (end != std::string_view::npos && time != std::string_view::npos) planner = line.substr(time + 2, end - time - 1);
  }
  if (planner.empty()) return fail(Error::Kind::passing, plan, "names nobody who planned a change", "sqitch add makes the first one");
  std::string name = part.name;
  for (int number = 2; names.count(name) || contains(so_far, "\n" + name + " "); ++number) name = fmt::format("{}_{}", part.name, number);
  const SchemaFile& newest = target.input.files.back();  // whose change may have folders in its name
  std::string deploy(files::folder_of(newest.path));
  for (auto folders = std::count(newest.entry.begin(), newest.entry.end(), '/'); folders > 0; --folders) deploy = std::string(files::folder_of(deploy));
  const auto body = [&](std::string_view what, const std::string& statements) {
    const std::string head = fmt::format("-- {} {}:{}\n\n", what, project, name);
    return head + (part.concurrent ? statements : "BEGIN;\n\n" + statements + "\nCOMMIT;\n");
  };
  target.last = so_far + (so_far.ends_with("\n") ? "" : "\n") + name + " " + utc(target.now, "%Y-%m-%dT%H:%M:%SZ") + " " + planner + " # " + replace_all(printable(join(part.titles, "; ")), "#", "") + "\n";
  return std::vector<files::NewFile>{{files::path_under(deploy, name + ".sql"), body("Deploy", comments(part) + script(part.up)), std::nullopt},
                              {files::path_under(files::path_under(std::string(files::folder_of(deploy)), "revert"), name + ".sql"), body("Revert", down_script(part)), std::nullopt},
                              {plan, with_line_ends_of(*text, target.last), *text}};
}

Files program_files(Target& target, const Part& part) {
  auto made = code_migration(target.input, part, give_version(target), target.last);
  if (!made) return tl::unexpected(made.error());
  return std::vector<files::NewFile>{std::move(*made)};
}

// Drizzle.

struct Replayed {
  Catalog before, after;
};

Result<Replayed> replay(const SchemaInput& input, const Part& part) {
  Diagnostics named;
  const auto scripts = schema_sql(input, named);
  if (!scripts) return tl::unexpected(scripts.error());
  sql::Replayer replayer;
  for (const auto& [file, text] : *scripts) replayer.run(text, file);
  Replayed out;
  out.before = replayer.catalog();
  const int not_understood = replayer.counts().not_understood;
  replayer.run(script(part.up), "the fix");
  if (replayer.counts().not_understood > not_understood) return fail(Error::Kind::passing, "", "the migrations here do not make what it changes", "was it made by hand, in the database?");
  out.after = replayer.take();
  return out;
}

std::string drizzle_text(const Part& part) {
  std::string out = comments(part);
  for (std::size_t i = 0; i < part.up.size(); ++i) out += (i ? std::string(breakpoint) + "\n" : "") + part.up[i] + ";";
  return out;
}

// The form of a random one, and the same for the same change: a run that is repeated writes the same bytes.
std::string uuid_of(const std::string& what) {
  std::string hex = sha256_hex(what).substr(0, 32);
  hex[12] = '4';
  hex[16] = "89ab"[(hex[16] >= 'a' ? hex[16] - 'a' + 10 : hex[16] - '0') & 3];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
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
  std::string tag;          // of the last entry
};

Result<Journal> journal_of(const SchemaInput& input) {
  Journal out;
  out.path = in(input, "meta/_journal.json");
  auto text = read_file(out.path, files::json_limit);
  if (!text) return tl::unexpected(text.error());
  out.text = std::move(*text);
  out.root = Ordered::parse(out.text, nullptr, false);
  if (!out.root.is_object() || !out.root.contains("entries") || !out.root["entries"].is_array()) return fail(Error::Kind::passing, out.path, "is no journal of drizzle-kit");
  for (const auto& entry : out.root["entries"]) {
    const auto number = [&](const char* name) { return entry.is_object() && entry.contains(name) && entry[name].is_number_integer() ? entry[name].get<std::int64_t>() : -1; };
    out.index = std::max(out.index, number("idx"));
    out.when = std::max(out.when, number("when"));
    if (entry.is_object() && entry.contains("tag") && entry["tag"].is_string()) out.tag = entry["tag"].get<std::string>();
  }
  constexpr std::int64_t largest = (std::int64_t{1} << 53) - 2;  // one more, and JavaScript no longer counts it exactly
  if (out.index > largest || out.when > largest) return fail(Error::Kind::passing, out.path, "has an idx or when that is too large to go on from");
  return out;
}

// drizzle-kit goes on from the last snapshot by name.
Result<std::string> last_snapshot_of(const SchemaInput& input) {
  const Folder meta(in(input, "meta"));
  std::string last;
  for (const auto& name : meta.files())
    if (name.ends_with("_snapshot.json")) last = std::max(last, name);
  if (last.empty()) return fail(Error::Kind::passing, meta.path(), "holds no snapshot of drizzle-kit", "drizzle-kit generate writes one with each migration: are they committed?");
  return last;
}

// The notes of the last call, since writers give files alone.
struct Drizzle {
  std::vector<files::NewFile> files;
  std::vector<std::string> notes;
};

Result<Drizzle> drizzle_migration(const SchemaInput& input, const Part& part, std::int64_t now) {
  auto journal = journal_of(input);
  if (!journal) return tl::unexpected(journal.error());
  const auto last = last_snapshot_of(input);
  if (!last) return tl::unexpected(last.error());
  const std::string previous_path = in(input, "meta/" + *last);
  const auto previous = read_file(previous_path, files::json_limit);
  if (!previous) return tl::unexpected(previous.error());
  const auto replayed = replay(input, part);
  if (!replayed) return tl::unexpected(replayed.error());
  const std::int64_t when = std::max(now, journal->when + 1);
  const std::string text = drizzle_text(part);
  auto snapshot = drizzle::change_snapshot(*previous, previous_path, replayed->before, replayed->after, uuid_of(*previous + text));
  if (!snapshot) return tl::unexpected(snapshot.error());
  const std::string prefix = drizzle_prefix(journal->tag, journal->index + 1, now);
  const std::string name = prefix + "_snapshot.json";
  if (name <= *last) return fail(Error::Kind::passing, previous_path, "is the last snapshot by name, and not that of the last migration", "drizzle-kit check tells what is wrong with the journal");
  const std::string tag = prefix + "_" + part.name;
  std::string version = "7";
  if (auto& entries = journal->root["entries"]; !entries.empty() && entries.back().contains("version") && entries.back()["version"].is_string()) version = entries.back()["version"].get<std::string>();
  journal->root["entries"].push_back(Ordered{{"idx", journal->index + 1}, {"version", version}, {"when", when}, {"tag", tag}, {"breakpoints", true}});
  Drizzle out;
  out.notes = std::move(snapshot->notes);
  out.files.push_back({in(input, tag + ".sql"), text, std::nullopt});
  out.files.push_back({in(input, "meta/" + name), std::move(snapshot->text), std::nullopt});
  const std::string end = journal->text.ends_with("\n") ? "\n" : "";
  out.files.push_back({journal->path, with_line_ends_of(journal->text, journal->root.dump(2, ' ', false, Ordered::error_handler_t::replace) + end), journal->text});
  return out;
}

// The snapshot that no other one follows.
Result<std::string> leaf_snapshot(const SchemaInput& input) {
  std::map<std::string, std::string> ids;  // -> path
  std::set<std::string> followed;
  for (const auto& file : input.files) {
    const std::string path = files::path_under(std::string(files::folder_of(file.path)), "snapshot.json");
    const auto text = read_file(path, files::json_limit);
    if (!text) continue;
    const Ordered root = Ordered::parse(*text, nullptr, false);
    if (!root.is_object() || !root.contains("id") || !root["id"].is_string()) return fail(Error::Kind::passing, path, "is no snapshot of drizzle-kit");
    ids[root["id"].get<std::string>()] = path;
    if (root.contains("prevIds") && root["prevIds"].is_array())
      for (const auto& id : root["prevIds"])
        if (id.is_string()) followed.insert(id.get<std::string>());
  }
  for (const auto& id : followed) ids.erase(id);
  if (ids.size() != 1) return fail(Error::Kind::passing, input.path, ids.empty() ? "holds no last snapshot of drizzle-kit" : "has several last snapshots", "drizzle-kit check tells what to do");
  return ids.begin()->second;
}

Result<Drizzle> drizzle_one_migration(const SchemaInput& input, const Part& part, std::int64_t now) {
  const auto path = leaf_snapshot(input);
  if (!path) return tl::unexpected(path.error());
  const auto previous = read_file(*path, files::json_limit);
  if (!previous) return tl::unexpected(previous.error());
  const auto replayed = replay(input, part);
  if (!replayed) return tl::unexpected(replayed.error());
  const std::string text = drizzle_text(part);
  auto snapshot = drizzle::change_snapshot(*previous, *path, replayed->before, replayed->after, uuid_of(*previous + text));
  if (!snapshot) return tl::unexpected(snapshot.error());
  const std::string folder = next_version(highest(input), now) + "_" + part.name;
  return Drizzle{{{in(input, folder + "/migration.sql"), text, std::nullopt}, {in(input, folder + "/snapshot.json"), std::move(snapshot->text), std::nullopt}}, std::move(snapshot->notes)};
}

bool is_drizzle(const MigrationTool& tool) { return tool.name == "drizzle" || tool.name == "drizzle v1"; }

constexpr Writer writers[] = {
    {"drizzle", Concurrently::nowhere, "drizzle runs all pending migrations in one transaction", nullptr},
    {"drizzle v1", Concurrently::nowhere, "drizzle runs all pending migrations in one transaction", nullptr},
    {"prisma", Concurrently::alone, {}, prisma_files},
    {"flyway", Concurrently::nowhere, "Flyway from 9.1 on waits for itself at it, unless flyway.postgresql.transactional.lock=false", flyway_files},
    {"golang-migrate", Concurrently::alone, {}, golang_migrate_files},
    {"goose", Concurrently::anywhere, {}, goose_files},
    {"dbmate", Concurrently::alone, {}, dbmate_files},
    {"sql-migrate", Concurrently::anywhere, {}, sql_migrate_files},
    {"supabase", Concurrently::nowhere, "supabase's command line before 2.109 sends a migration's statements in one go, which makes them one transaction", plain_migration_files},
    {"node-pg-migrate", Concurrently::nowhere, "node-pg-migrate runs all pending migrations in SQL in one transaction", node_pg_migrate_files},
    {"postgrator", Concurrently::alone, {}, postgrator_files},
    {"sqitch", Concurrently::together, {}, sqitch_files},
    {"tern", Concurrently::nowhere, "tern runs each migration in a transaction", tern_files},
    {"hasura", Concurrently::nowhere, "hasura runs each migration in a transaction", hasura_files},
    {"numbered", Concurrently::nowhere, "what runs these files is not known, and may do so in a transaction", plain_migration_files},
};

// Of migrations that are programs.
constexpr Writer program_writers[] = {
    {"rails", Concurrently::together, {}, program_files},
    {"django", Concurrently::together, {}, program_files, "Django's models don't know of it: makemigrations neither makes it again nor takes it back"},
    {"alembic", Concurrently::together, {}, program_files, "the models have to say it, too, or alembic revision --autogenerate takes it back"},
    {"knex", Concurrently::together, {}, program_files},
    {"sequelize", Concurrently::anywhere, {}, program_files},
    {"typeorm", Concurrently::nowhere, "TypeORM runs all pending migrations in one transaction", program_files, "the entities have to say it, too, or typeorm migration:generate takes it back"},
    {"node-pg-migrate", Concurrently::together, {}, program_files},
};

bool is_program(const MigrationTool& tool) { return !tool.files; }

// What a Flyway project's settings say, in the migrations' folder or above it.
bool flyway_lets_go(const SchemaInput& input) {
  std::error_code code;
  fs::path at = fs::absolute(input.path, code).lexically_normal();
  for (int up = 0; !code && up < 8 && at != at.parent_path(); ++up, at = at.parent_path())
    for (const char* name : {"flyway.conf", "conf/flyway.conf", "flyway.toml", "application.properties", "application.yml", "application.yaml", "pom.xml", "build.gradle", "build.gradle.kts"}) {
      const auto text = read_file((at / name).generic_string(), files::text_limit);
      if (!text) continue;
      const std::string said = replace_all(lower(*text), "-", ".");
      const auto place = std::min(said.find("transactional.lock"), said.find("transactional:"));
      if (place != std::string::npos && said.substr(place, 80).find("false") != std::string::npos) return true;
    }
  return false;
}

const Writer* writer_for(const MigrationTool* tool) {
  if (!tool) return nullptr;
  const auto all = is_program(*tool) ? std::span<const Writer>(program_writers) : std::span<const Writer>(writers);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Writer& writer) { return writer.tool == tool->name; });
  return found == all.end() ? nullptr : &*found;
}

Concurrently how_of(const SchemaInput* input) {
  const Writer* writer = writer_for(input ? input->tool : nullptr);
  if (!writer) return Concurrently::anywhere;
  return writer->tool == "flyway" && flyway_lets_go(*input) ? Concurrently::together : writer->concurrently;
}

std::string slug(std::string_view text) {
  std::string out;
  for (const char c : lower(text))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    else if (!out.empty() && out.back() != '_') out += '_';
  out.resize(std::min<std::size_t>(out.size(), 48));
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

// The index's name in CREATE INDEX.
std::string index_name(const std::string& statement) {
  sql::Lexer lexer(statement);
  bool index = false;
  for (auto token = lexer.next_token(); token.kind != sql::Lexeme::Kind::end; token = lexer.next_token()) {
    if (!index) {
      index = token.is_word("index");
      continue;
    }
    if (token.is_word("concurrently")) continue;
    return token.is_word("on") ? std::string() : std::string(token.text);
  }
  return {};
}

std::string name_of(const std::vector<std::string>& statements) {
  const bool indexes = std::all_of(statements.begin(), statements.end(), [](const std::string& one) { return creates_index(head_of(one)); });
  const std::string only = statements.size() == 1 && indexes ? slug(index_name(statements[0])) : std::string();
  return !only.empty() ? "add_" + only : indexes ? "add_indexes" : "pgadvise_fixes";
}

// Why the next check need not tell of an index that is built while writes wait: whoever accepted it was told.
std::string with_reason(const std::string& statement, const Fitted& fitted) {
  const bool locks = !fitted.note.empty() && creates_index(head_of(statement));
  return locks ? "-- pgadvise: ignore blocking-index-build " + fitted.note + "\n" + statement : statement;
}

// What a tool of this kind runs as one.
std::vector<Part> parts_of(const std::vector<Change>& changes, const std::vector<Fitted>& fitted, Concurrently how, bool with_reasons) {
  std::vector<Part> out;
  const bool one = how == Concurrently::nowhere || how == Concurrently::anywhere;
  for (const bool concurrent : {false, true})
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (!one && fitted[i].concurrent != concurrent) continue;
      if (one && concurrent) continue;
      bool first = true;
      for (const auto& statement : fitted[i].up) {
        const bool alone = is_concurrent(statement);
        const bool joins = !out.empty() && (one || (out.back().concurrent == alone && (!alone || how == Concurrently::together)));
        if (!joins) out.push_back({});
        Part& part = out.back();
        part.concurrent = part.concurrent || alone;
        part.up.push_back(with_reasons ? with_reason(statement, fitted[i]) : statement);
        if (std::exchange(first, false)) {
          part.titles.push_back(changes[i].title);
          part.down.insert(part.down.begin(), fitted[i].down.begin(), fitted[i].down.end());
        }
      }
    }
  for (auto& part : out) {
    part.name = name_of(part.up);
    // Beside others, or in a transaction, an index can only be dropped under its lock.
    if (how == Concurrently::anywhere || (part.concurrent && (how == Concurrently::together || part.down.size() == 1))) continue;
    for (auto& statement : part.down)
      if (const Head head = head_of(statement); head.concurrently != std::string::npos) statement = without_concurrently(std::move(statement), head);
  }
  return out;
}

std::string free_name(const std::string& folder) {
  std::error_code code;
  for (int number = 1;; ++number) {
    std::string path = files::path_under(folder, number == 1 ? std::string("pgadvise-fixes.sql") : fmt::format("pgadvise-fixes-{}.sql", number));
    if (fs::symlink_status(path, code).type() == fs::file_type::not_found) return path;
  }
}

// Prisma's word for a type that rules turn columns into; "" for others.
std::string prisma_type(const std::string& type) {
  static const std::map<std::string, std::string> words = {{"jsonb", "Json"},   {"timestamp with time zone", "DateTime @db.Timestamptz"}, {"bigint", "BigInt"},
                                                           {"integer", "Int"},  {"uuid", "String @db.Uuid"},                              {"text", "String"},
                                                           {"numeric", "Decimal"}};
  const auto known = words.find(type);
  return known == words.end() ? std::string() : known->second;
}

void tell_prisma_columns(const std::string& model, const Table& before, const Table& after, std::vector<std::string>& notes) {
  for (const auto& column : after.columns) {
    const Column* old = before.column(column.name);
    if (!old || (old->type == column.type && old->not_null == column.not_null)) continue;
    std::string word = prisma_type(column.type);
    if (const auto attributes = word.find(' '); !column.not_null && !word.empty()) word.insert(std::min(attributes, word.size()), "?");
    notes.push_back(fmt::format("{}: {} is {}{} now{}", model, column.name, column.type, column.not_null ? " NOT NULL" : "", word.empty() ? "" : ", " + word));
  }
}

void tell_prisma_indexes(const std::string& model, const Table& before, const Table& after, std::vector<std::string>& notes) {
  for (const auto& index : before.indexes)
    if (!after.index(index.name)) notes.push_back(fmt::format("{}: no index {} any more", model, index.name));
  for (const auto& index : after.indexes) {
    if (before.index(index.name) || index.predicate || !index.include.empty()) continue;
    std::vector<std::string> keys;
    for (const auto& key : index.keys) keys.push_back(key.column + (key.descending ? "(sort: Desc)" : ""));
    if (std::any_of(index.keys.begin(), index.keys.end(), [](const IndexKey& key) { return key.column.empty(); })) continue;
    notes.push_back(fmt::format("{}: {}([{}], map: \"{}\")", model, index.unique ? "@@unique" : "@@index", join(keys, ", "), index.name));
  }
}

// prisma's own schema has to say what the migration does, or the next `migrate dev` takes it back.
void tell_prisma(const SchemaInput& input, const std::vector<Part>& parts, std::vector<std::string>& notes) {
  for (const auto& part : parts) {
    const auto replayed = replay(input, part);
    if (!replayed) continue;
    for (const auto& [name, table] : replayed->after.tables) {
      const Table* before = replayed->before.table(name);
      if (!before) continue;
      const std::string model = "schema.prisma, in the model of " + display(name);
      tell_prisma_columns(model, *before, table, notes);
      tell_prisma_indexes(model, *before, table, notes);
    }
  }
}

}  // namespace

bool writes_for(const MigrationTool& tool) { return writer_for(&tool) != nullptr; }

Result<Fitted> fit(const SchemaInput* input, const Change& change) {
  const Writer* writer = writer_for(input ? input->tool : nullptr);
  const bool keep = how_of(input) != Concurrently::nowhere;
  Fitted out;
  bool any = false;
  for (const auto& statement : sql::split(change.up)) {
    const std::string text(statement.text);
    if (const auto parsed = sql::fingerprint(text); !parsed) return fail(Error::Kind::passing, "", "its SQL is not understood: " + parsed.error().what);
    const Head head = head_of(text);
    if (auto why = not_for_migrations(head); !why.empty()) return fail(Error::Kind::passing, "", why);
    if (contains(text, breakpoint)) return fail(Error::Kind::passing, "", "its SQL holds drizzle's own mark");
    any = any || head.concurrently != std::string::npos;
  }
  out.up = statements_of(change.up, keep, out.concurrent);
  if (out.up.empty()) return fail(Error::Kind::passing, "", "there is no SQL that mends it");
  bool ignored = false;
  out.down = statements_of(change.down, keep, ignored);
  if (any && !keep) out.note = "without CONCURRENTLY: " + std::string(writer->why);
  return out;
}

Result<NewMigration> new_migration(const SchemaInput* input, const std::string& folder, const std::vector<Change>& changes, std::int64_t now) {
  const MigrationTool* tool = input ? input->tool : nullptr;
  const Writer* writer = writer_for(tool);
  NewMigration out;
  std::vector<Fitted> fitted;
  for (const auto& change : changes) {
    auto one = fit(input, change);
    if (!one) return tl::unexpected(one.error());
    if (!one->note.empty() && std::find(out.notes.begin(), out.notes.end(), one->note) == out.notes.end()) out.notes.push_back(one->note);
    fitted.push_back(std::move(*one));
  }
  const auto parts = parts_of(changes, fitted, how_of(input), writer && !is_program(*tool));
  if (!writer) {
    std::string text = "-- Each statement by itself, in no transaction: psql -f does that.\n";
    for (const auto& part : parts) text += comments(part) + script(part.up);
    out.files.push_back({free_name(folder), std::move(text), std::nullopt});
    return out;
  }
  out.tool = tool->name;
  if (is_drizzle(*tool)) {
    auto made = tool->name == "drizzle" ? drizzle_migration(*input, parts.at(0), now) : drizzle_one_migration(*input, parts.at(0), now);
    if (!made) return tl::unexpected(made.error());
    out.files = std::move(made->files);
    out.notes.insert(out.notes.end(), made->notes.begin(), made->notes.end());
    return out;
  }
  Target target{*input, now, {}, {}};
  for (const auto& part : parts) {
    auto files = writer->files(target, part);
    if (!files) return tl::unexpected(files.error());
    for (auto& file : *files) {
      if (file.before) std::erase_if(out.files, [&](const files::NewFile& other) { return other.path == file.path; });  // sqitch's plan, once more
      out.files.push_back(std::move(file));
    }
  }
  if (!writer->note.empty()) out.notes.emplace_back(writer->note);
  if (tool->name == "prisma") tell_prisma(*input, parts, out.notes);
  return out;
}

}  // namespace pgadvise::migrations
