// graphile-migrate: committed files that name the previous one.
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.schema = "graphile_migrate"}};

Part part_of(std::string_view line) {
  return line.starts_with("--! Previous:") || line.starts_with("--! Hash:") ? Part::up : Part::same;
}

}  // namespace

constinit const MigrationTool graphile_migrate{
    .facts = {.id = "graphile-migrate", .sentence = "Graphile-migrate", .tables = tables},
    .known = "--! Previous: in the committed files",
    .order = "numbers by value",
    .rank = 50,
    .files = marked_files<part_of>,
    .no_transaction = "! no-transaction",
};

}  // namespace pgadvise::migrations::tools
