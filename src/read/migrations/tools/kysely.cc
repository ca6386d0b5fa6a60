// Kysely: programs, which are not read; only its tables are known.
#include "migrations/all_tools.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "kysely_migration"}, {.name = "kysely_migration_lock"}};

}  // namespace

constinit const MigrationTool kysely{
    .facts = {.id = "kysely", .sentence = "Kysely", .tables = tables},
};

}  // namespace pgadvise::migrations::tools
