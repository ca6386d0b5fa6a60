// Prisma: a folder with migration.sql for each migration; migration_lock.toml tells the database.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "_prisma_migrations"}};
constexpr TrackingShape::Column columns[] = {{"checksum", "character varying"},
                                             {"finished_at", "timestamp"},
                                             {"migration_name", "character varying"},
                                             {"rolled_back_at", "timestamp"},
                                             {"applied_steps_count", "integer"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns,
     .max_columns = 8,
     .select = "migration_name, checksum, 0, finished_at IS NULL OR rolled_back_at IS NOT NULL"}};

bool fourteen_digits(std::string_view name) { return files::leading_digits(name).size() == 14; }

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  Files out = subfolder_files(folder, "migration.sql", any_name);
  const bool lock = folder.has("migration_lock.toml");
  const bool dated = std::ranges::any_of(
      out, [](const SchemaFile& file) { return !files::leading_digits(file.entry).empty(); });
  if (out.empty() || (!lock && !dated)) return {};
  for (const auto& name : folder.folders()) {
    if (!lock || !fourteen_digits(name) || folder.has(name + "/migration.sql")) continue;
    if (holds_program(Folder(folder.path(name))))
      warn(diagnostics, folder.path(name), "a migration that is a program: not replayed",
           "pgadvise does not know its changes");
    else
      warn(diagnostics, folder.path(name), "a prisma migration without its migration.sql",
           "is it committed? `prisma migrate deploy` stops here");
  }
  return out;
}

bool other_database(const Folder& folder, Diagnostics& diagnostics) {
  if (!folder.has("migration_lock.toml")) return false;
  const std::string path = folder.path("migration_lock.toml");
  const auto text = read_file(path, files::text_limit);
  if (!text || text->find("provider") == std::string::npos) return false;
  if (text->find("\"postgresql\"") != std::string::npos || text->find("\"cockroachdb\"") != std::string::npos)
    return false;
  const auto words = split(std::string_view(*text).substr(text->find("provider")), '"');
  warn(
      diagnostics, path,
      "prisma migrations of another database" + (words.size() < 3 ? "" : " (" + ellipsis(words[1], 20) + ")"),
      "pgadvise reads only PostgreSQL migrations");
  return true;
}

void read_folder(FolderReading& reading) {
  if (!reading.folder.has("migration_lock.toml")) return;
  for (const auto& name : reading.folder.folders())
    if (name.size() > 14 && name.find_first_not_of("0123456789") == 14 &&
        !reading.folder.has(name + "/migration.sql") && !holds_program(Folder(reading.folder.path(name))))
      reading.missing_file(name, reading.folder.path(name + "/migration.sql"),
                           name + " has no migration.sql: `prisma migrate deploy` stops here",
                           reading.location_of(name));
}

Result<Written> write(Writing& writing, const Steps& steps) {
  return one_file(next_path(writing, steps) + "/migration.sql", up_script(steps));
}

// Prisma's word for a type that rules turn columns into; "" for others.
std::string prisma_type(const std::string& type) {
  static const std::map<std::string, std::string> words = {
      {"jsonb", "Json"},           {"timestamp with time zone", "DateTime @db.Timestamptz"},
      {"bigint", "BigInt"},        {"integer", "Int"},
      {"uuid", "String @db.Uuid"}, {"text", "String"},
      {"numeric", "Decimal"}};
  const auto known = words.find(type);
  return known == words.end() ? std::string() : known->second;
}

void column_notes(const std::string& model, const Table& before, const Table& after,
                  std::vector<std::string>& notes) {
  for (const auto& column : after.columns) {
    const Column* old = before.column(column.name);
    if (!old || (old->type == column.type && old->not_null == column.not_null)) continue;
    std::string word = prisma_type(column.type);
    if (const auto attributes = word.find(' '); !column.not_null && !word.empty())
      word.insert(std::min(attributes, word.size()), "?");
    notes.push_back(fmt::format("{}: {} is {}{} now{}", model, column.name, column.type,
                                column.not_null ? " NOT NULL" : "", word.empty() ? "" : ", " + word));
  }
}

void index_notes(const std::string& model, const Table& before, const Table& after,
                 std::vector<std::string>& notes) {
  for (const auto& index : before.indexes)
    if (!after.index(index.name)) notes.push_back(fmt::format("{}: no index {} any more", model, index.name));
  for (const auto& index : after.indexes) {
    if (before.index(index.name) || index.predicate || !index.include.empty()) continue;
    std::vector<std::string> keys;
    for (const auto& key : index.keys) keys.push_back(key.column + (key.descending ? "(sort: Desc)" : ""));
    if (std::ranges::any_of(index.keys, [](const IndexKey& key) { return key.column.empty(); })) continue;
    notes.push_back(fmt::format("{}: {}([{}], map: \"{}\")", model, index.unique ? "@@unique" : "@@index",
                                join(keys, ", "), index.name));
  }
}

// prisma's own schema has to say what the migration does, or the next `migrate dev` takes it back.
void add_notes(const SchemaInput& input, std::span<const Steps> parts, std::vector<std::string>& notes) {
  for (const auto& part : parts) {
    const auto replayed = replay(input, part);
    if (!replayed) continue;
    for (const auto& [name, table] : replayed->after.tables) {
      const Table* before = replayed->before.table(name);
      if (!before) continue;
      const std::string model = "schema.prisma, in the model of " + display(name);
      column_notes(model, *before, table, notes);
      index_notes(model, *before, table, notes);
    }
  }
}

}  // namespace

constinit const MigrationTool prisma{
    .facts = {.id = "prisma",
              .sentence = "Prisma",
              .tables = tables,
              .tracking = tracking,
              .rows_name_all = true,
              .application = "prisma-migrate",
              .on_edit = ToolFacts::OnEdit::warns,
              .notices_edit =
                  "`prisma migrate deploy` warns and continues, `prisma migrate dev` asks to reset "
                  "the database"},
    .known = "folders with migration.sql; migration_lock.toml names the database",
    .order = "folder names",
    .rank = 30,
    .unmistakable = true,
    .files = files_of,
    .other_database = other_database,
    .transaction = Migration::Transaction::script,
    .read_folder = read_folder,
    .checksums = checksums<sha256_hex>,
    .writer = {.concurrently = Concurrently::alone, .write = write, .add_notes = add_notes},
    .program = {.name = "prisma", .module = "/prisma/"},
    .migrate = "npx prisma migrate deploy",
};

}  // namespace pgadvise::migrations::tools
