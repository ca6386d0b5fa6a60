// postgrator: <number>.do.name.sql and .undo.name.sql.
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "schemaversion"}};

// 001.do.what.sql, 001.undo.what.sql: postgrator runs the first alone.
Files files_of(const Folder& folder, Diagnostics&) {
  Names names = sql_files(folder, [](std::string_view name) {
    const auto digits = files::leading_digits(name);
    const std::string rest = lower(name.substr(digits.size()));
    return is_sql(name) && !digits.empty() && (rest.starts_with(".do.") || rest == ".do.sql");
  });
  by_number(names);
  return as_files(folder, names);
}

std::optional<Migration::Transaction> by_name(std::string_view name, std::string_view) {
  const auto rest = lower(name.substr(files::leading_digits(name).size()));
  if (!rest.starts_with(".do.") || rest.size() == name.size()) return std::nullopt;
  return Migration::Transaction::script;
}

// 002.do.name.sql and 002.undo.name.sql.
Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string number = inside(writing.input, give_version(writing));
  return up_and_down(number + ".do." + steps.name + ".sql", number + ".undo." + steps.name + ".sql", steps);
}

}  // namespace

constinit const MigrationTool postgrator{
    .facts = {.id = "postgrator",
              .sentence = "Postgrator",
              .tables = tables,
              .on_edit = ToolFacts::OnEdit::stops,
              .notices_edit = "Postgrator compares the MD5 of all files before it migrates, and fails unless "
                              "validateChecksums is off"},
    .known = "<number>.do.name.sql",
    .order = "numbers by value",
    .rank = 40,
    .files = files_of,
    .by_name = by_name,
    .unchanged = same_bytes,
    .writer = {.concurrently = Concurrently::alone, .write = write},
};

}  // namespace pgadvise::migrations::tools
