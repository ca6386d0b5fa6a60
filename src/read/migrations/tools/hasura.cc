// Hasura: a folder <milliseconds>_name with up.sql for each migration.
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.schema = "hdb_catalog"}};

bool milliseconds(std::string_view name) { return files::leading_digits(name).size() == 13; }

Files files_of(const Folder& folder, Diagnostics&) { return subfolder_files(folder, "up.sql", milliseconds); }

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string folder = next_path(writing, steps);
  return up_and_down(folder + "/up.sql", folder + "/down.sql", steps);
}

}  // namespace

constinit const MigrationTool hasura{
    .facts = {.id = "hasura", .sentence = "Hasura", .tables = tables},
    .known = "folders <milliseconds>_name with up.sql",
    .order = "folder names",
    .rank = 20,
    .files = files_of,
    .writer = {.why = "hasura runs each migration in a transaction", .write = write},
};

}  // namespace pgadvise::migrations::tools
