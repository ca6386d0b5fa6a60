// refinery: its files are only numbered, or named as Flyway's; its table identifies it.
#include "migrations/all_tools.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "refinery_schema_history"}};
constexpr TrackingShape::Column columns[] = {{"version", "integer"},
                                             {"name", "character varying"},
                                             {"applied_on", "character varying"},
                                             {"checksum", "character varying"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 4, .select = "version, '', 0, false"}};

}  // namespace

constinit const MigrationTool refinery{
    .facts = {.id = "refinery", .sentence = "Refinery", .tables = tables, .tracking = tracking},
};

}  // namespace pgadvise::migrations::tools
