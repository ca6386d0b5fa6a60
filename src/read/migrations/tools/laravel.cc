// Laravel: programs, which are only named.
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"

namespace pgadvise::migrations::tools {
namespace {

// An application may have a table migrations of its own; Laravel's has the column batch.
constexpr OwnTable tables[] = {{.name = "migrations", .column = "batch"}};
constexpr std::string_view evidence[] = {".env.example", "docker-compose.yml"};
constexpr std::string_view words[] = {"DB_CONNECTION=pgsql", "image: postgres"};

bool is_migration(std::string_view path) { return in_folder(path, "database/migrations/", ".php"); }

}  // namespace

constinit const MigrationTool laravel{
    .facts = {.id = "laravel", .sentence = "Laravel", .tables = tables},
    .in_code = {.what = "Laravel's migrations are programs, which pgadvise does not run",
                .holds = is_migration,
                .evidence = evidence,
                .words = words,
                .hint = "php artisan schema:dump makes database/schema/pgsql-schema.sql; or --db",
                .programs = true},
};

}  // namespace pgadvise::migrations::tools
