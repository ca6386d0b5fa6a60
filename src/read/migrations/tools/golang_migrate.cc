// golang-migrate: <number>_name.up.sql and .down.sql.
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

// A go.mod that does not require golang-migrate: a runner of the project's own, or golang-migrate's program.
std::optional<bool> requires_none(const std::string& go_mod) {
  return !contains(go_mod, "golang-migrate/migrate");
}
bool runs_elsewhere(const Folder& folder) { return decided_above(folder, "go.mod", requires_none); }

constexpr OwnTable tables[] = {{.name = "schema_migrations"}};

bool named(const QualifiedName& table) {
  return table.name.ends_with("schema_migrations") || table.name == "migrations";
}

constexpr TrackingShape::Column columns[] = {{"version", "bigint"}, {"dirty", "boolean"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 2, .select = "version, '', 0, dirty", .named = named}};

// Applications with a runner of their own add programs of this name.
bool is_program(std::string_view name) {
  return name.ends_with(".up.go") && !files::leading_digits(name).empty();
}

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  Names names = sql_files(folder, [](std::string_view name) {
    return !files::leading_digits(name).empty() && lower(name).ends_with(".up.sql");
  });
  // Others beside them: somebody's own runner, which runs those as well.
  if (!sql_files(folder, [](std::string_view name) {
         return is_numbered(name) && !lower(name).ends_with(".up.sql");
       }).empty())
    return {};
  if (!names.empty()) name_programs(folder, is_program, "in Go (.go)", diagnostics);
  by_number(names);
  for (std::size_t i = 1; i < names.size(); ++i)
    if (files::compare_digits(files::leading_digits(names[i]), files::leading_digits(names[i - 1])) == 0)
      warn(diagnostics, folder.path(names[i]), "has the same version as " + names[i - 1],
           runs_elsewhere(folder) ? "tools that know a migration by its version run only one of them"
                                  : "golang-migrate refuses such a folder");
  return as_files(folder, names, ".up.sql");
}

std::optional<Migration::Transaction> by_name(std::string_view name, std::string_view) {
  if (!name.ends_with(".up.sql")) return std::nullopt;
  return Migration::Transaction::script;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string name = next_path(writing, steps);
  return up_and_down(name + ".up.sql", name + ".down.sql", steps);
}

}  // namespace

constinit const MigrationTool golang_migrate{
    .facts = {.id = "golang-migrate",
              .sentence = "Golang-migrate",
              .tables = tables,
              .tracking = tracking,
              .newest_row_only = true},
    .known = "<number>_name.up.sql",
    .order = "numbers by value",
    .rank = 40,
    .files = files_of,
    .by_name = by_name,
    .version = leading_version,
    .runs_elsewhere = runs_elsewhere,
    .writer = {.concurrently = Concurrently::alone, .write = write},
};

}  // namespace pgadvise::migrations::tools
