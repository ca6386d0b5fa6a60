// Knex: migrations/*.js and *.ts.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "knex_migrations"}, {.name = "knex_migrations_lock"}};

bool is_one(std::string_view path, const std::string& text) {
  return is_script(path) && contains(lower(text), "knex");
}

// Knex takes ? for a parameter.
std::vector<std::string> escaped(std::vector<std::string> statements) {
  for (auto& one : statements) one = replace_all(std::move(one), "?", "\\?");
  return statements;
}

std::string text_of(const Steps& steps, const Script& script) {
  const auto function = [&](const std::string& name, const std::vector<std::string>& statements) {
    const std::string head =
        script.module ? "export async function " + name : "exports." + name + " = async function ";
    return head + (script.typed ? "(knex: Knex): Promise<void>" : "(knex)") + " {\n" +
           in_script(escaped(statements), "  ", "await knex.raw") + (script.module ? "}\n" : "};\n");
  };
  return std::string(script.typed ? "import type { Knex } from 'knex';\n\n" : "") + comments(steps, "//") +
         (steps.concurrent ? std::string(script.module ? "export const config" : "exports.config") +
                                 " = { transaction: false };\n\n"
                           : "") +
         function("up", steps.up) + "\n" + function("down", steps.down);
}

}  // namespace

constinit const MigrationTool knex{
    .facts = {.id = "knex", .sentence = "Knex", .tables = tables},
    .known = "migrations/*.js, *.ts",
    .order = "file names",
    .programs = {.rank = 40,
                 .may_hold = numbered_script,
                 .is_one = is_one,
                 .writer = {.concurrently = Concurrently::together, .write = write_script<text_of>}},
    .in_code = script_migrations("Knex's migrations are programs, which pgadvise does not run", "\"knex\""),
    .migrate = "npx knex migrate:latest",
};

}  // namespace pgadvise::migrations::tools
