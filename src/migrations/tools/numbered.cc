// Nothing but numbers in front: sqlx, refinery, postgres-migrations, yoyo, runners that somebody wrote.
#include "migrations/all_tools.h"
#include "migrations/script_files.h"
#include "migrations/writing.h"

namespace pgadvise::migrations::tools {
namespace {

// yoyo's, postgres-migrations' and what runners of one's own are used to.
constexpr OwnTable tables[] = {{.name = "_yoyo_migration"}, {.name = "_yoyo_log"},
                               {.name = "_yoyo_version"},   {.name = "yoyo_lock"},
                               {.name = "dbversion"},       {.name = "migrations", .column = "hash"}};

Files files_of(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, is_numbered);
  const auto all = sql_files(folder, [](std::string_view name) { return is_sql(name) && !is_down(name); });
  if (names.empty() || names.size() * 2 < all.size()) return {};
  by_number(names);
  return as_files(folder, names);
}

Result<Written> write(Writing& writing, const Steps& steps) {
  return one_file(inside(writing.input, give_version(writing) + "_" + steps.name + ".sql"),
                  comments(steps) + script(steps.up));
}

}  // namespace

constinit const MigrationTool numbered{
    .facts = {.id = "numbered", .sentence = "Numbered", .tables = tables},
    .known = "file names that begin with a number",
    .order = "numbers by value",
    .rank = 90,
    .by_name_only = true,
    .files = files_of,
    .writer = {.why = "the tool that runs these files is unknown, and may use a transaction", .write = write},
};

}  // namespace pgadvise::migrations::tools
