// db-migrate: migrations/*.js and *.ts, which may run SQL files of migrations/sqls.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"

namespace pgadvise::migrations::tools {
namespace {

// An application may have a table migrations of its own; db-migrate's has the column run_on.
constexpr OwnTable tables[] = {{.name = "migrations", .column = "run_on"}};
constexpr std::string_view drivers[] = {"\"db-migrate-pg\""};

// What `db-migrate create` writes: "exports.setup = function(options, seedLink) { dbm = options.dbmigrate;".
bool is_one(std::string_view path, const std::string& text) {
  return is_script(path) && contains_any(text, {"options.dbmigrate", "'db-migrate", "\"db-migrate"});
}

}  // namespace

constinit const MigrationTool db_migrate{
    .facts = {.id = "db-migrate", .sentence = "Db-migrate", .tables = tables},
    .known = "migrations/*.js, *.ts",
    .order = "file names",
    .programs = {.rank = 15, .may_hold = numbered_script, .is_one = is_one},
    .in_code = script_migrations("db-migrate's migrations are programs, which pgadvise does not run",
                                 "\"db-migrate\"", drivers),
    .program = {.name = "db-migrate"},
    .migrate = "npx db-migrate up",
};

}  // namespace pgadvise::migrations::tools
