// Ecto: programs, which are only named; priv/repo/structure.sql is read.
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "schema_migrations"}};
constexpr std::string_view evidence[] = {"mix.exs"};
constexpr std::string_view words[] = {":postgrex"};

bool is_migration(std::string_view path) {
  const std::string_view folder = files::folder_of(path);
  const bool other_repo = in_folder(path, "priv/", ".exs") && files::base_of(folder) == "migrations";
  return (other_repo || in_folder(path, "priv/repo/migrations/", ".exs")) &&
         !files::leading_digits(files::base_of(path)).empty();
}

}  // namespace

constinit const MigrationTool ecto{
    .facts = {.id = "ecto", .sentence = "Ecto", .tables = tables},
    .in_code = {.what = "Ecto's migrations are programs, which pgadvise does not run",
                .holds = is_migration,
                .evidence = evidence,
                .words = words,
                .hint = "mix ecto.dump makes priv/repo/structure.sql; or --db",
                .programs = true},
};

}  // namespace pgadvise::migrations::tools
