// goose: numbered files with "-- +goose Up" and "-- +goose Down".

#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "goose_db_version"}};
constexpr TrackingShape::Column columns[] = {{"version_id", "bigint"}, {"is_applied", "boolean"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 4, .select = "version_id, '', 0, NOT is_applied"}};

Part part_of(std::string_view line) { return marked(comment_words(line), "+goose up", "+goose down"); }

// Goose runs programs beside the scripts.
bool is_program(std::string_view name) {
  return name.ends_with(".go") && !name.ends_with("_test.go") && !files::leading_digits(name).empty();
}

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  Files out = files_with(folder, part_of);
  if (!out.empty()) name_programs(folder, is_program, "in Go (.go)", diagnostics);
  return out;
}

std::optional<Migration::Transaction> by_comments(std::string_view text) {
  if (line_with(text, "-- +goose").empty()) return std::nullopt;
  return line_with(text, "-- +goose no transaction").empty() ? Migration::Transaction::file
                                                             : Migration::Transaction::none;
}

Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string how = steps.concurrent ? "-- +goose NO TRANSACTION\n" : "";
  return one_file(next_path(writing, steps) + ".sql",
                  how + marked_scripts("-- +goose Up", "-- +goose Down", steps));
}

}  // namespace

constinit const MigrationTool goose{
    .facts = {.id = "goose",
              .sentence = "goose",
              .tables = tables,
              .tracking = tracking,
              .command = "goose up",
              .application = "goose",
              .leave_transaction =
                  "Put it into a migration of its own that begins with -- +goose NO TRANSACTION"},
    .known = "-- +goose Up",
    .order = "numbers by value",
    .rank = 50,
    .files = files_of,
    .up = up_part<part_of, Part::down>,
    .no_transaction = "+goose no transaction",
    .by_comments = by_comments,
    .version = leading_version,
    .writer = {.concurrently = Concurrently::anywhere, .write = write},
    .migrate = "goose -dir MIGRATIONS postgres \"$DATABASE_URL\" up",
};

}  // namespace pgadvise::migrations::tools
