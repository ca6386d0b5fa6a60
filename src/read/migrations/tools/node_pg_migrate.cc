// node-pg-migrate: numbered SQL files with "-- Up Migration", or programs in JavaScript and TypeScript.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "pgmigrations"}};

bool named(const QualifiedName& table) { return table.name == "pgmigrations"; }

constexpr TrackingShape::Column columns[] = {{"name", "character varying"}, {"run_on", "timestamp"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 3, .select = "name, '', 0, false", .named = named}};

Part part_of(std::string_view line) {
  const std::string words = comment_words(line);
  return marked(after_dashes(words), "up migration", "down migration");
}

Result<Written> write_sql(Writing& writing, const Steps& steps) {
  const std::string name = give_version(writing) + "_" + replace_all(steps.name, "_", "-") + ".sql";
  return one_file(inside(writing.input, name), marked_scripts("-- Up Migration", "-- Down Migration", steps));
}

bool is_one(std::string_view path, const std::string& text) {
  return is_script(path) && contains(text, "pgm");
}

std::string text_of(const Steps& steps, const Script& script) {
  const auto function = [&](const std::string& name, const std::vector<std::string>& statements) {
    const std::string head = script.module ? "export const " + name + " = " : "exports." + name + " = ";
    return head + (script.typed ? "(pgm: MigrationBuilder): void" : "(pgm)") + " => {\n" +
           (steps.concurrent ? "  pgm.noTransaction();\n" : "") + in_script(statements, "  ", "pgm.sql") +
           "};\n";
  };
  return std::string(script.typed ? "import type { MigrationBuilder } from 'node-pg-migrate';\n\n" : "") +
         comments(steps, "//") + function("up", steps.up) + "\n" + function("down", steps.down);
}

}  // namespace

constinit const MigrationTool node_pg_migrate{
    .facts = {.id = "node-pg-migrate", .sentence = "Node-pg-migrate", .tables = tables, .tracking = tracking},
    .known = "-- Up Migration",
    .order = "numbers by value",
    .rank = 50,
    .files = marked_files<part_of>,
    .up = up_part<part_of, Part::up>,
    .transaction = Migration::Transaction::run,
    .writer = {.why = "node-pg-migrate runs all pending migrations in SQL in one transaction",
               .write = write_sql},
    .programs = {.rank = 30,
                 .may_hold = numbered_script,
                 .is_one = is_one,
                 .writer = {.concurrently = Concurrently::together, .write = write_script<text_of>}},
};

}  // namespace pgadvise::migrations::tools
