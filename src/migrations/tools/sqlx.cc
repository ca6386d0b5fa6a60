// sqlx: its files are only numbered; its table identifies it, and a comment that turns the transaction off.
#include "base/text.h"
#include "migrations/all_tools.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "_sqlx_migrations"}};
constexpr TrackingShape::Column columns[] = {
    {"version", "bigint"}, {"description", "text"}, {"success", "boolean"}, {"checksum", "bytea"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 6, .select = "version, '', 0, NOT success"}};

std::optional<Migration::Transaction> by_comments(std::string_view text) {
  if (!starts_with_nocase(text, "-- no-transaction")) return std::nullopt;
  return Migration::Transaction::none;
}

}  // namespace

constinit const MigrationTool sqlx{
    .facts = {.id = "sqlx",
              .sentence = "sqlx",
              .tables = tables,
              .tracking = tracking,
              .leave_transaction = "Put it into a migration of its own that begins with -- no-transaction"},
    .rank = 91,
    .by_comments = by_comments,
};

}  // namespace pgadvise::migrations::tools
