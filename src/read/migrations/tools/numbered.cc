// Nothing but numbers in front, perhaps behind a V: sqlx, refinery, postgres-migrations, yoyo, runners that
// somebody wrote.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

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
  Files out = as_files(folder, names);
  for (auto& file : out)
    if (lower(file.entry).ends_with(".up")) file.entry.resize(file.entry.size() - 3);
  return out;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string_view newest = writing.input.files.back().entry;
  if (without_v(newest) != newest)
    return fail(Error::Kind::nonfatal, writing.input.path,
                "is run by a program of the project's own, whose names of files pgadvise does not write",
                "copy the statements into a new migration");
  return one_file(next_path(writing, steps) + ".sql", up_script(steps));
}

}  // namespace

constinit const MigrationTool numbered{
    .facts = {.id = "numbered", .sentence = "Numbered", .tables = tables},
    .known = "file names that begin with a number, or V and a number",
    .order = "numbers by value",
    .rank = 90,
    .by_name_only = true,
    .files = files_of,
    .writer = {.why = "the tool that runs these files is unknown, and may use a transaction", .write = write},
};

}  // namespace pgadvise::migrations::tools
