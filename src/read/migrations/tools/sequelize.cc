// Sequelize, by its command line or by umzug: migrations/*.js and *.ts.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "sequelizemeta"}};

bool is_one(std::string_view path, const std::string& text) {
  return is_script(path) && contains(text, "queryInterface");
}

// umzug gives what the migration needs within an object, and looks for functions by their names.
std::string text_of(const Steps& steps, const Script& script) {
  const bool umzug = contains(script.newest, "context: queryInterface");
  const bool by_name = umzug && script.module;
  const std::string type = script.typed ? "QueryInterface" : "";
  const std::string given =
      umzug ? "({ context: queryInterface }" + (script.typed ? ": { context: " + type + " }" : "") + ")"
            : "(queryInterface" + (script.typed ? ": " + type : "") + ")";
  const std::string indent = by_name ? "" : "  ";
  const auto function = [&](const std::string& name, const std::vector<std::string>& statements) {
    return indent + (by_name ? "export async function " : "async ") + name + given + " {\n" +
           in_script(statements, indent + "  ", "await queryInterface.sequelize.query") + indent +
           (by_name ? "}\n" : "},\n");
  };
  const std::string functions = function("up", steps.up) + "\n" + function("down", steps.down);
  return std::string(script.module ? "" : "'use strict';\n\n") +
         (script.typed ? "import type { QueryInterface } from 'sequelize';\n\n" : "") +
         comments(steps, "//") +
         (by_name ? functions
                  : (script.module ? "export default {\n" : "module.exports = {\n") + functions + "};\n");
}

constexpr std::string_view aliases[] = {"sequelize-cli"};

}  // namespace

constinit const MigrationTool sequelize{
    .facts = {.id = "sequelize", .sentence = "Sequelize", .tables = tables},
    .known = "migrations/*.js",
    .order = "file names",
    .programs = {.rank = 20,
                 .may_hold = numbered_script,
                 .is_one = is_one,
                 .writer = {.concurrently = Concurrently::anywhere, .write = write_script<text_of>}},
    .in_code = script_migrations("Sequelize's migrations are programs, which pgadvise does not run",
                                 "\"sequelize\""),
    .program = {.name = "sequelize", .aliases = aliases},
    .migrate = "npx sequelize-cli db:migrate",
};

}  // namespace pgadvise::migrations::tools
