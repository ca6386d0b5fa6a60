// sql-migrate: numbered files with "-- +migrate Up" and "-- +migrate Down".
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "gorp_migrations"}};

bool named(const QualifiedName& table) { return table.name == "gorp_migrations"; }

constexpr TrackingShape::Column columns[] = {{"id", "text"}, {"applied_at", "timestamp"}};
constexpr TrackingShape tracking[] = {{.columns = columns,
                                       .max_columns = 2,
                                       .select = "regexp_replace(id, '[.]sql$', ''), '', 0, false",
                                       .named = named}};

Part part_of(std::string_view line) { return marked(comment_words(line), "+migrate up", "+migrate down"); }

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string how = steps.concurrent ? " notransaction" : "";
  return one_file(next_path(writing, steps) + ".sql",
                  marked_scripts("-- +migrate Up" + how, "-- +migrate Down" + how, steps));
}

}  // namespace

constinit const MigrationTool sql_migrate{
    .facts = {.id = "sql-migrate", .sentence = "Sql-migrate", .tables = tables, .tracking = tracking},
    .known = "-- +migrate Up",
    .order = "numbers by value",
    .rank = 50,
    .files = marked_files<part_of>,
    .up = up_part<part_of, Part::down>,
    .no_transaction = "+migrate up notransaction",
    .writer = {.concurrently = Concurrently::anywhere, .write = write},
};

}  // namespace pgadvise::migrations::tools
