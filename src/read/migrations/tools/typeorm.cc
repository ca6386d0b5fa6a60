// TypeORM: migrations/*.ts and *.js.
#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/interface/program_names.h"
#include "migrations/writing/program_text.h"

namespace pgadvise::migrations::tools {
namespace {

// An application may have a table migrations of its own; TypeORM's has the column timestamp.
constexpr OwnTable tables[] = {{.name = "typeorm_metadata"}, {.name = "migrations", .column = "timestamp"}};

bool is_one(std::string_view path, const std::string& text) {
  return is_script(path) && (contains(text, "MigrationInterface") || contains(text, "queryRunner"));
}

std::string text_of(const Steps& steps, const Script& script) {
  const std::string name = camel(steps.name) + script.version;
  const std::string given = script.typed ? "(queryRunner: QueryRunner): Promise<void>" : "(queryRunner)";
  const std::string access = script.typed ? "public async " : "async ";
  return std::string(script.typed ? "import { MigrationInterface, QueryRunner } from 'typeorm';\n\n" : "") +
         comments(steps, "//") + (script.module ? "export class " : "module.exports = class ") + name +
         (script.typed ? " implements MigrationInterface" : "") + " {\n  name = '" + name + "';\n\n  " +
         access + "up" + given + " {\n" + in_script(steps.up, "    ", "await queryRunner.query") +
         "  }\n\n  " + access + "down" + given + " {\n" +
         in_script(steps.down, "    ", "await queryRunner.query") + "  }\n" +
         (script.module ? "}\n" : "};\n");
}

constexpr std::string_view aliases[] = {"typeorm-ts-node-commonjs", "typeorm-ts-node-esm"};

}  // namespace

constinit const MigrationTool typeorm{
    .facts = {.id = "typeorm", .sentence = "TypeORM", .tables = tables},
    .known = "migrations/*.ts, *.js",
    .order = "numbers by value",
    .programs =
        {.rank = 10,
         .may_hold = numbered_script,
         .is_one = is_one,
         .writer = {.why = "TypeORM runs all pending migrations in one transaction",
                    .write = write_script<text_of>,
                    .note =
                        "change the entities, too; otherwise typeorm migration:generate reverts the change"}},
    .in_code =
        script_migrations("TypeORM's migrations are programs, which pgadvise does not run", "\"typeorm\""),
    .program = {.name = "typeorm", .aliases = aliases, .module = "node_modules/typeorm/cli"},
    .migrate = "npx typeorm migration:run -d DATA_SOURCE",
};

}  // namespace pgadvise::migrations::tools
