// MikroORM: programs, which are only named.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "mikro_orm_migrations"}};
constexpr std::string_view words[] = {"@mikro-orm/postgresql"};

bool is_one(std::string_view path, const std::string& text) {
  return is_script(path) && contains(text, "mikro-orm");
}

constexpr std::string_view aliases[] = {"mikro-orm-esm"};

}  // namespace

constinit const MigrationTool mikro_orm{
    .facts = {.id = "mikro-orm", .sentence = "MikroORM", .tables = tables},
    .programs = {.rank = 1, .may_hold = numbered_script, .is_one = is_one},
    .in_code = {.what = "MikroORM's migrations are programs, which pgadvise does not run",
                .holds = script_migration,
                .evidence = package_json,
                .words = words,
                .hint = "mikro-orm schema:create --dump > schema.sql, then --schema schema.sql; or --db",
                .programs = true},
    .program = {.name = "mikro-orm", .aliases = aliases},
};

}  // namespace pgadvise::migrations::tools
