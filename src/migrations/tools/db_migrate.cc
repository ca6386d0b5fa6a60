// db-migrate: migrations/*.js and *.ts, which may run SQL files of migrations/sqls.
#include <string_view>

#include "migrations/all_tools.h"
#include "migrations/program_names.h"

namespace pgadvise::migrations::tools {
namespace {

// An application may have a table migrations of its own; db-migrate's has the column run_on.
constexpr OwnTable tables[] = {{.name = "migrations", .column = "run_on"}};
constexpr std::string_view drivers[] = {"\"db-migrate-pg\""};

}  // namespace

constinit const MigrationTool db_migrate{
    .facts = {.id = "db-migrate", .sentence = "Db-migrate", .tables = tables},
    .known = "migrations/*.js, *.ts",
    .order = "file names",
    .in_code = {.what = "db-migrate's migrations are programs, which pgadvise does not run",
                .holds = script_migration,
                .or_else_holds = numbered_script,
                .evidence = package_json,
                .words = drivers,
                .programs = true,
                .and_word = "\"db-migrate\""},
    .program = {.name = "db-migrate"},
    .migrate = "npx db-migrate up",
};

}  // namespace pgadvise::migrations::tools
