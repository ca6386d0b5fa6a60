// sqlx: numbered files beside a Cargo.toml that names it; a comment turns the transaction off.
#include "base/files/digest.h"
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "_sqlx_migrations"}};
constexpr TrackingShape::Column columns[] = {
    {"version", "bigint"}, {"description", "text"}, {"success", "boolean"}, {"checksum", "bytea"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 6, .select = "version, encode(checksum, 'hex'), 0, NOT success"}};

// Whether a Cargo.toml names sqlx and no other library of migrations.
std::optional<bool> names_sqlx(const std::string& cargo_toml) {
  if (contains(cargo_toml, "refinery") || contains(cargo_toml, "diesel") ||
      contains(cargo_toml, "sea-orm-migration"))
    return false;
  return contains(cargo_toml, "sqlx") ? std::optional(true) : std::nullopt;
}

// <version>_<description>.sql, or .up.sql with .down.sql.
Files files_of(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, is_numbered_name);
  if (names.empty() || !contains(lower(folder.name()), "migrat") ||
      !decided_above(folder, "Cargo.toml", names_sqlx))
    return {};
  by_number(names);
  return as_files(folder, names);
}

std::optional<Migration::Transaction> by_comments(std::string_view text) {
  if (!starts_with_nocase(text, "-- no-transaction")) return std::nullopt;
  return Migration::Transaction::none;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string& last = writing.input.files.back().path;
  const std::string name = next_path(writing, steps);
  const std::string body = (steps.concurrent ? "-- no-transaction\n" : "") + up_script(steps);
  if (!last.ends_with(".up.sql")) return one_file(name + ".sql", body);
  return Written{{{name + ".up.sql", body, {}}, {name + ".down.sql", down_script(steps), {}}}, {}};
}

}  // namespace

constinit const MigrationTool sqlx{
    .facts = {.id = "sqlx",
              .sentence = "sqlx",
              .tables = tables,
              .tracking = tracking,
              .row_key = ToolFacts::RowKey::number,
              .leave_transaction = "Put it into a migration of its own that begins with -- no-transaction",
              .on_edit = ToolFacts::OnEdit::stops,
              .notices_edit = "sqlx compares the checksums of all files before it migrates, and fails"},
    .known = "migrations/<version>_name.sql in a crate whose Cargo.toml names sqlx",
    .order = "numbers by value",
    .rank = 39,
    .files = files_of,
    .by_comments = by_comments,
    .checksums = checksums<sha384_hex>,
    .writer = {.concurrently = Concurrently::alone, .write = write},
};

}  // namespace pgadvise::migrations::tools
