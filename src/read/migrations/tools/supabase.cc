// Supabase's command line: supabase/migrations/<timestamp>_name.sql.
#include <filesystem>

#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.schema = "supabase_migrations"}};

bool named(const QualifiedName& table) { return table.schema == "supabase_migrations"; }

constexpr TrackingShape::Column columns[] = {{"version", "text"}, {"statements", "text[]"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 8, .select = "version, '', 0, false", .named = named}};

namespace fs = std::filesystem;

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  if (folder.name() != "migrations" ||
      fs::path(folder.path()).lexically_normal().parent_path().filename() != "supabase")
    return {};
  const Names names = sql_files(folder, is_numbered_name);
  for (const auto& name : folder.files())
    if (is_sql(name) && !is_one_of(name, names))
      warn(diagnostics, folder.path(name),
           "is not named <timestamp>_name.sql: neither the supabase command line nor pgadvise runs it");
  return as_files(folder, names);
}

std::optional<Migration::Transaction> by_folder(const fs::path& file) {
  const fs::path folder = file.parent_path();
  if (folder.filename() != "migrations" || folder.parent_path().filename() != "supabase") return std::nullopt;
  return Migration::Transaction::script;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  return one_file(next_path(writing, steps) + ".sql", up_script(steps));
}

}  // namespace

constinit const MigrationTool supabase{
    .facts =
        {.id = "supabase",
         .sentence = "Supabase",
         .tables = tables,
         .tracking = tracking,
         .leave_transaction =
             "Put it into a migration of its own. supabase 2.109 and later (for DROP INDEX, a still later "
             "version) runs such a statement outside its batch. Older versions run it in a transaction, in "
             "which CONCURRENTLY fails: with them, run it by hand before the deployment",
         .leaving_may_fail = true,
         .runs_script =
             "Supabase sends a migration and the row that records it as one batch, which is one transaction"},
    .known = "supabase/migrations/<timestamp>_name.sql",
    .order = "file names",
    .rank = 60,
    .files = files_of,
    .by_folder = by_folder,
    .writer = {.why = "the supabase command line before 2.109 sends a migration's statements in one batch, "
                      "which is one transaction",
               .write = write},
};

}  // namespace pgadvise::migrations::tools
