// Entity Framework: programs, which are only named.
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "__efmigrationshistory"}};
constexpr std::string_view evidence[] = {"*.csproj", "Directory.Packages.props"};
constexpr std::string_view words[] = {"Npgsql"};

bool is_migration(std::string_view path) { return in_folder(path, "Migrations/", ".cs"); }

}  // namespace

constinit const MigrationTool entity_framework{
    .facts = {.id = "entity-framework", .sentence = "Entity Framework", .tables = tables},
    .in_code = {.what = "Entity Framework's migrations are programs, which pgadvise does not run",
                .holds = is_migration,
                .evidence = evidence,
                .words = words,
                .hint = "dotnet ef migrations script -o schema.sql, then --schema schema.sql; or --db",
                .programs = true},
};

}  // namespace pgadvise::migrations::tools
