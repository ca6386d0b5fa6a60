// GORM: its AutoMigrate makes the tables, and keeps none of its own.
#include "files/files.h"
#include "migrations/all_tools.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr std::string_view evidence[] = {"go.mod"};
constexpr std::string_view words[] = {"gorm.io/driver/postgres"};

bool is_module(std::string_view path) { return files::base_of(path) == "go.mod"; }

}  // namespace

constinit const MigrationTool gorm{
    .facts = {.id = "gorm", .sentence = "GORM"},
    .in_code = {.what = "GORM creates tables from Go types, which pgadvise does not read",
                .holds = is_module,
                .evidence = evidence,
                .words = words,
                .hint = "pg_dump -s > schema.sql, then --schema schema.sql; or --db"},
};

}  // namespace pgadvise::migrations::tools
