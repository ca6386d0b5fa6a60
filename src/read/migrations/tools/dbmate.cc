// dbmate: numbered files with "-- migrate:up" and "-- migrate:down".
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "schema_migrations"}};
constexpr TrackingShape::Column as_varchar[] = {{"version", "character varying"}};
constexpr TrackingShape::Column as_text[] = {{"version", "text"}};

bool named(const QualifiedName& table) {
  return table.name.ends_with("schema_migrations") || table.name == "migrations";
}

constexpr TrackingShape tracking[] = {
    {.columns = as_varchar,
     .max_columns = 1,
     .select = "version, '', 0, false",
     .named = named,
     .digits_only = true},
    {.columns = as_text,
     .max_columns = 1,
     .select = "version, '', 0, false",
     .named = named,
     .digits_only = true},
};

Part part_of(std::string_view line) { return marked(comment_words(line), "migrate:up", "migrate:down"); }

std::optional<Migration::Transaction> by_comments(std::string_view text) {
  const auto up = line_with(text, "-- migrate:up");
  if (up.empty()) return std::nullopt;
  return contains(up, "transaction:false") ? Migration::Transaction::none : Migration::Transaction::file;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string how = steps.concurrent ? " transaction:false" : "";
  return one_file(next_path(writing, steps) + ".sql",
                  marked_scripts("-- migrate:up" + how, "-- migrate:down" + how, steps));
}

}  // namespace

constinit const MigrationTool dbmate{
    .facts = {.id = "dbmate",
              .sentence = "dbmate",
              .tables = tables,
              .tracking = tracking,
              .command = "dbmate up",
              .application = "dbmate",
              .leave_transaction = "Put it into a migration of its own with -- migrate:up transaction:false"},
    .known = "-- migrate:up",
    .order = "numbers by value",
    .rank = 50,
    .files = marked_files<part_of>,
    .up = up_part<part_of, Part::down>,
    .no_transaction = "migrate:up transaction:false",
    .by_comments = by_comments,
    .writer = {.concurrently = Concurrently::alone, .write = write},
};

}  // namespace pgadvise::migrations::tools
