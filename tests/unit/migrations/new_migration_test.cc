#include "migrations/writing/new_migration.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "drizzle/schema/table_location.h"
#include "files/files.h"
#include "migrations/folders/code_migrations.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/interface/tools.h"
#include "migrations/writing/edit_migration.h"
#include "support/paths.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;
using testing_support::TempTree;

constexpr std::int64_t noon = 1'767'960'000'000;  // 2026-01-09 12:00:00 UTC

const Change index_on_orders{
    "unindexed-foreign-key: Create an index on orders",
    "CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id);",
    "DROP INDEX CONCURRENTLY public.orders_customer_id_idx;"};
const Change index_on_lines{"another",
                            "CREATE INDEX CONCURRENTLY lines_order_id_idx ON public.lines (order_id);",
                            "DROP INDEX CONCURRENTLY public.lines_order_id_idx;"};
const Change not_null{"required", "ALTER TABLE public.orders ALTER COLUMN customer_id SET NOT NULL;",
                      "ALTER TABLE public.orders ALTER COLUMN customer_id DROP NOT NULL;"};

SchemaInput input_of(const std::string& path) {
  Diagnostics diagnostics;
  auto found = find_schemas(path, diagnostics);
  EXPECT_TRUE(found && found->size() == 1) << path;
  return found && !found->empty() ? found->front() : SchemaInput{};
}

std::vector<std::string> names(const NewMigration& made, const std::string& root) {
  std::vector<std::string> out;
  for (const auto& file : made.files) out.push_back(files::relative_to(file.path, root));
  return out;
}

NewMigration make(const SchemaInput& input, const std::vector<Change>& changes) {
  auto made = new_migration(&input, ".", changes, noon);
  EXPECT_TRUE(made) << (made ? "" : made.error().line());
  return made ? std::move(*made) : NewMigration{};
}

std::string text_of(const std::string& path) { return read_file(path).value_or("(missing)"); }

// Line ends of Unix in a file of Windows.
std::size_t lone_line_feeds(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) count += text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
  return count;
}

constexpr const char* tables =
    "CREATE TABLE orders (id int PRIMARY KEY, customer_id int);\nCREATE TABLE lines (id int PRIMARY KEY, "
    "order_id int REFERENCES orders);\n";
using Names = std::vector<std::string>;

TEST(NewMigration, AFixMayContainThePlaceholdersOfTheMigrations) {
  const TempTree tree{
      {"flyway.conf", "flyway.postgresql.transactional.lock=false\n"},
      {"sql/V1__a.sql", "CREATE TABLE ${schema}.orders (id int PRIMARY KEY, customer_id int);"}};
  const Change index{"an index", "CREATE INDEX CONCURRENTLY i ON ${schema}.orders (customer_id);",
                     "DROP INDEX CONCURRENTLY ${schema}.i;"};
  const auto made = make(input_of(tree.path("sql")), {index});
  ASSERT_FALSE(made.files.empty());
  EXPECT_NE(made.files[0].content.find("ON ${schema}.orders (customer_id)"), std::string::npos)
      << made.files[0].content;
}

TEST(NewMigration, FlywayGetsTheNextVersionInItsForm) {
  const TempTree tree{{"flyway.conf", "flyway.postgresql.transactional.lock=false\n"},
                      {"sql/V009__a.sql", tables},
                      {"sql/V010__b.sql", "SELECT 1;"},
                      {"sql/R__views.sql", "SELECT 2;"}};
  const auto made = make(input_of(tree.path("sql")), {not_null, index_on_orders, index_on_lines});
  EXPECT_EQ(names(made, tree.path()), (Names{"sql/V011__pgadvise_fixes.sql", "sql/V012__add_indexes.sql"}));
  EXPECT_EQ(made.files[0].content,
            "-- required\nALTER TABLE public.orders ALTER COLUMN customer_id SET NOT NULL;\n");
  EXPECT_EQ(made.files[1].content,
            "-- unindexed-foreign-key: Create an index on orders\n-- another\nCREATE INDEX CONCURRENTLY "
            "orders_customer_id_idx ON public.orders (customer_id);\n"
            "CREATE INDEX CONCURRENTLY lines_order_id_idx ON public.lines (order_id);\n");
  EXPECT_TRUE(made.notes.empty());
}

TEST(NewMigration, WhatRewritesATableIsAloneAndNoNewFinding) {
  const TempTree tree{{"m/000001_a.up.sql", tables}, {"m/000001_a.down.sql", "DROP TABLE lines, orders;"}};
  const Change rewrite{"a type", "ALTER TABLE public.orders ALTER COLUMN customer_id SET DATA TYPE bigint;",
                       "ALTER TABLE public.orders ALTER COLUMN customer_id TYPE int;"};
  const Change type_column{"not a type", "ALTER TABLE public.lines ADD COLUMN type int;",
                           "ALTER TABLE public.lines DROP COLUMN type;"};
  const auto made = make(input_of(tree.path("m")), {rewrite, not_null, rewrite, type_column});
  ASSERT_EQ(6u, made.files.size());
  EXPECT_TRUE(contains(made.files[0].content, "SET NOT NULL")) << made.files[0].content;
  EXPECT_TRUE(contains(made.files[0].content, "ADD COLUMN type")) << made.files[0].content;
  for (const auto* file : {&made.files[2], &made.files[4]})
    EXPECT_TRUE(contains(file->content,
                         "-- pgadvise: ignore blocking-alter the fix was accepted with its lock "
                         "impact\nALTER TABLE public.orders"))
        << file->content;
}

TEST(NewMigration, FlywayThatWouldWaitForItselfGetsNoConcurrentIndex) {
  const TempTree tree{{"sql/V1__a.sql", tables}};
  const auto made = make(input_of(tree.path("sql")), {index_on_orders});
  EXPECT_FALSE(contains(made.files[0].content, "CONCURRENTLY orders"));
  EXPECT_TRUE(contains(made.files[0].content,
                       "-- pgadvise: ignore blocking-index-build without CONCURRENTLY: Flyway 9.1 and later"))
      << made.files[0].content;
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_TRUE(contains(made.notes[0], "transactional.lock=false"));
}

TEST(NewMigration, AnIndexOnOnlyTheParentHasNoFindingToSuppress) {
  const TempTree tree{{"sql/V1__a.sql", tables}};
  const Change partitioned{"Create an index on events",
                           "CREATE INDEX events_a_idx ON ONLY public.events (a);\n"
                           "CREATE INDEX CONCURRENTLY events_1_a_idx ON public.events_1 (a);\n"
                           "ALTER INDEX public.events_a_idx ATTACH PARTITION public.events_1_a_idx;",
                           "DROP INDEX public.events_a_idx;"};
  const auto made = make(input_of(tree.path("sql")), {partitioned});
  ASSERT_FALSE(made.files.empty());
  const std::string& content = made.files[0].content;
  EXPECT_TRUE(contains(content, "\nCREATE INDEX events_a_idx ON ONLY")) << content;
  const auto first = content.find("-- pgadvise: ignore blocking-index-build");
  EXPECT_GT(first, content.find("events_a_idx ON ONLY")) << content;
  EXPECT_LT(first, content.find("CREATE INDEX events_1_a_idx")) << content;
  EXPECT_EQ(content.find("-- pgadvise: ignore", first + 1), std::string::npos) << content;
}

TEST(NewMigration, FlywayVersionsOfSeveralPartsGoOnAtTheLast) {
  const TempTree tree{{"sql/V1.9__a.sql", tables}};
  EXPECT_EQ(names(make(input_of(tree.path("sql")), {index_on_orders}), tree.path()),
            (Names{"sql/V1.10__add_orders_customer_id_idx.sql"}));
}

TEST(NewMigration, GolangMigrateGetsAPairForEachConcurrentIndex) {
  const TempTree tree{{"m/000001_a.up.sql", tables}, {"m/000001_a.down.sql", "DROP TABLE lines, orders;"}};
  const auto made = make(input_of(tree.path("m")), {index_on_orders, index_on_lines});
  EXPECT_EQ(
      names(made, tree.path()),
      (Names{"m/000002_add_orders_customer_id_idx.up.sql", "m/000002_add_orders_customer_id_idx.down.sql",
             "m/000003_add_lines_order_id_idx.up.sql", "m/000003_add_lines_order_id_idx.down.sql"}));
  EXPECT_EQ(made.files[1].content, "DROP INDEX CONCURRENTLY public.orders_customer_id_idx;\n");
}

TEST(NewMigration, PopGetsAFileForPostgresqlBesideThoseOfOtherDatabases) {
  const TempTree ory{{"go.mod", "require github.com/ory/pop/v6 v6.4.2\n"},
                     {"m/20240101000000000001_a.postgres.up.sql", tables},
                     {"m/20240101000000000001_a.mysql.up.sql", ""}};
  EXPECT_EQ(names(make(input_of(ory.path("m")), {index_on_orders}), ory.path()),
            (Names{"m/20240101000000000002_add_orders_customer_id_idx.postgres.autocommit.up.sql",
                   "m/20240101000000000002_add_orders_customer_id_idx.postgres.autocommit.down.sql"}));
  const TempTree gobuffalo{{"go.mod", "require github.com/gobuffalo/pop/v6 v6.1.1\n"},
                           {"m/20240101000000_a.up.sql", tables}};
  const auto made = make(input_of(gobuffalo.path("m")), {index_on_orders});
  EXPECT_EQ(names(made, gobuffalo.path()), (Names{"m/20260109120000_add_orders_customer_id_idx.up.sql",
                                                  "m/20260109120000_add_orders_customer_id_idx.down.sql"}));
  EXPECT_EQ(made.notes, Names{"without CONCURRENTLY: pop runs each migration in a transaction"});
}

TEST(NewMigration, GooseGetsItsMarkers) {
  const TempTree tree{{"m/00001_a.sql", std::string("-- +goose Up\n") + tables +
                                            "-- +goose Down\nDROP TABLE lines, orders;\n"}};
  const auto made = make(input_of(tree.path("m")), {index_on_orders, not_null});
  EXPECT_EQ(names(made, tree.path()), (Names{"m/00002_pgadvise_fixes.sql"}));
  EXPECT_TRUE(made.files[0].content.starts_with("-- +goose NO TRANSACTION\n-- +goose Up\n"))
      << made.files[0].content;
  EXPECT_TRUE(contains(made.files[0].content,
                       "-- +goose Down\nALTER TABLE public.orders ALTER COLUMN customer_id DROP NOT "
                       "NULL;\nDROP INDEX CONCURRENTLY"));
  const auto plain = make(input_of(tree.path("m")), {not_null});
  EXPECT_TRUE(plain.files[0].content.starts_with("-- +goose Up\n"));
}

TEST(NewMigration, DbmateTurnsTheTransactionOffForAnIndexAlone) {
  const TempTree tree{{"m/20300101000000_a.sql", std::string("-- migrate:up\n") + tables +
                                                     "-- migrate:down\nDROP TABLE lines, orders;\n"}};
  const auto made = make(input_of(tree.path("m")), {index_on_orders});
  // The newest is of the future: the next one comes after it all the same.
  EXPECT_EQ(names(made, tree.path()), (Names{"m/20300101000001_add_orders_customer_id_idx.sql"}));
  EXPECT_TRUE(made.files[0].content.starts_with("-- migrate:up transaction:false\n"));
  EXPECT_TRUE(contains(
      made.files[0].content,
      "-- migrate:down transaction:false\nDROP INDEX CONCURRENTLY public.orders_customer_id_idx;\n"));
}

TEST(NewMigration, PrismaGetsAFolderAndTheLineForItsSchema) {
  const TempTree tree{{"prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
                      {"prisma/migrations/20240101000000_init/migration.sql", tables}};
  const auto made = make(input_of(tree.path("prisma/migrations")), {index_on_orders});
  EXPECT_EQ(names(made, tree.path()),
            (Names{"prisma/migrations/20260109120000_add_orders_customer_id_idx/migration.sql"}));
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_EQ(made.notes[0],
            "schema.prisma, in the model of orders: @@index([customer_id], map: \"orders_customer_id_idx\")");
}

TEST(NewMigration, PrismaIsToldOfColumnsAndOfIndexesThatGo) {
  const TempTree tree{{"prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
                      {"prisma/migrations/20240101000000_init/migration.sql",
                       std::string(tables) + "ALTER TABLE orders ADD settings text, ADD at timestamp; CREATE "
                                             "INDEX twice ON orders (customer_id);"}};
  const auto made =
      make(input_of(tree.path("prisma/migrations")),
           {{"a",
             "ALTER TABLE public.orders ALTER COLUMN settings TYPE jsonb USING settings::jsonb, ALTER COLUMN "
             "settings SET NOT NULL;",
             ""},
            {"b", "ALTER TABLE public.orders ALTER COLUMN at TYPE timestamp with time zone;", ""},
            {"c", "DROP INDEX public.twice;", ""}});
  EXPECT_EQ(made.notes, (Names{"schema.prisma, in the model of orders: no index twice any more",
                               "schema.prisma, in the model of orders: settings is jsonb NOT NULL now, Json",
                               "schema.prisma, in the model of orders: at is timestamp with time zone now, "
                               "DateTime? @db.Timestamptz"}));
}

TEST(NewMigration, SupabaseGetsPlainIndexesAndSaysWhy) {
  const TempTree tree{{"supabase/migrations/20240101000000_init.sql", tables}};
  const auto made = make(input_of(tree.path("supabase/migrations")), {index_on_orders});
  EXPECT_EQ(names(made, tree.path()),
            (Names{"supabase/migrations/20260109120000_add_orders_customer_id_idx.sql"}));
  EXPECT_TRUE(
      contains(made.files[0].content,
               "\n-- pgadvise: ignore blocking-index-build without CONCURRENTLY: the supabase command "
               "line before 2.109"))
      << made.files[0].content;
  EXPECT_TRUE(contains(made.files[0].content, "\nCREATE INDEX orders_customer_id_idx ON"));
  ASSERT_EQ(made.notes.size(), 1U);
  EXPECT_TRUE(contains(made.notes[0], "without CONCURRENTLY"));
}

TEST(NewMigration, PostgratorGetsAPair) {
  const TempTree tree{{"m/001.do.a.sql", tables}, {"m/001.undo.a.sql", "DROP TABLE lines, orders;"}};
  const auto input = input_of(tree.path("m"));
  EXPECT_EQ(input.files.size(), 1U) << "the undo is not run";
  const auto made = make(input, {index_on_orders});
  EXPECT_EQ(names(made, tree.path()),
            (Names{"m/002.do.add_orders_customer_id_idx.sql", "m/002.undo.add_orders_customer_id_idx.sql"}));
  EXPECT_EQ(made.files[1].content, "DROP INDEX CONCURRENTLY public.orders_customer_id_idx;\n");
}

TEST(NewMigration, SqitchGetsScriptsAndALineOfThePlan) {
  const std::string plan =
      "%syntax-version=1.0.0\n%project=shop\n\na 2025-01-01T12:00:00Z Ada L <ada@example.org> # Tables.\n";
  const TempTree tree{
      {"sqitch.plan", plan}, {"deploy/a.sql", tables}, {"revert/a.sql", "DROP TABLE lines, orders;"}};
  const auto made = make(input_of(tree.path()), {index_on_orders, not_null});
  EXPECT_EQ(names(made, tree.path()), (Names{"deploy/pgadvise_fixes.sql", "revert/pgadvise_fixes.sql",
                                             "deploy/add_orders_customer_id_idx.sql",
                                             "revert/add_orders_customer_id_idx.sql", "sqitch.plan"}));
  EXPECT_EQ(made.files[0].content,
            "-- Deploy shop:pgadvise_fixes\n\nBEGIN;\n\n-- required\nALTER TABLE public.orders ALTER COLUMN "
            "customer_id SET NOT NULL;\n\nCOMMIT;\n");
  EXPECT_EQ(made.files[3].content,
            "-- Revert shop:add_orders_customer_id_idx\n\nDROP INDEX CONCURRENTLY "
            "public.orders_customer_id_idx;\n");
  EXPECT_EQ(made.files[4].before, plan);
  EXPECT_EQ(made.files[4].content,
            plan +
                "pgadvise_fixes 2026-01-09T12:00:00Z Ada L <ada@example.org> # required\n"
                "add_orders_customer_id_idx 2026-01-09T12:00:00Z Ada L <ada@example.org> # "
                "unindexed-foreign-key: Create an index on orders\n");
}

TEST(NewMigration, SqitchsFoldersInAChangesNameAreNotItsDeployFolder) {
  const TempTree tree{{"sqitch.plan",
                       "%syntax-version=1.0.0\n%project=shop\n\nshop/a 2025-01-01T12:00:00Z Ada L "
                       "<ada@example.org> # Tables.\n"},
                      {"deploy/shop/a.sql", tables},
                      {"revert/shop/a.sql", "DROP TABLE lines, orders;"}};
  EXPECT_EQ(names(make(input_of(tree.path()), {index_on_orders}), tree.path()),
            (Names{"deploy/add_orders_customer_id_idx.sql", "revert/add_orders_customer_id_idx.sql",
                   "sqitch.plan"}));
}

// Migrations that are programs.

NewMigration program(const TempTree& tree, const std::vector<Change>& changes,
                     const std::string& table = "orders") {
  const auto found = find_code_migrations(tree.path());
  const SchemaInput* input = code_migrations_of(found, table);
  EXPECT_NE(input, nullptr);
  return input ? make(*input, changes) : NewMigration{};
}

TEST(NewMigration, RailsGetsAClassOfItsOwn) {
  const TempTree tree{
      {"db/migrate/20250101000000_init.rb", "class Init < ActiveRecord::Migration[7.1]\nend\n"},
      {"db/migrate/20250102000000_add_orders_customer_id_idx.rb",
       "class AddOrdersCustomerIdIdx < ActiveRecord::Migration[7.1]\nend\n"}};
  const auto made = program(tree, {index_on_orders});
  EXPECT_EQ(names(made, tree.path()), (Names{"db/migrate/20260109120000_add_orders_customer_id_idx_2.rb"}));
  EXPECT_EQ(made.files[0].content,
            "# unindexed-foreign-key: Create an index on orders\nclass AddOrdersCustomerIdIdx2 < "
            "ActiveRecord::Migration[7.1]\n  disable_ddl_transaction!\n\n  def up\n    execute <<~'SQL'\n"
            "      CREATE INDEX CONCURRENTLY orders_customer_id_idx ON public.orders (customer_id)\n    "
            "SQL\n  end\n\n  def down\n    execute <<~'SQL'\n"
            "      DROP INDEX CONCURRENTLY public.orders_customer_id_idx\n    SQL\n  end\nend\n");
}

TEST(NewMigration, DjangoGoesOnInTheApplicationOfTheTable) {
  const std::string one =
      "from django.db import migrations\nclass Migration(migrations.Migration):\n    pass\n";
  const TempTree tree{{"shop/migrations/0001_initial.py", one},
                      {"shop/migrations/0002_more.py", one},
                      {"shop/migrations/__init__.py", ""},
                      {"accounts/migrations/0001_initial.py", one}};
  const auto made = program(
      tree, {not_null, {"t", "CREATE INDEX CONCURRENTLY i ON shop_order (\"a\\b\");", ""}}, "shop_order");
  EXPECT_EQ(names(made, tree.path()),
            (Names{"shop/migrations/0003_pgadvise_fixes.py", "shop/migrations/0004_add_i.py"}));
  EXPECT_TRUE(contains(
      made.files[1].content,
      "    atomic = False\n\n    dependencies = [\n        ('shop', '0003_pgadvise_fixes'),\n    ]\n"))
      << made.files[1].content;
  EXPECT_TRUE(contains(made.files[1].content,
                       "sql=[\"\"\"\nCREATE INDEX CONCURRENTLY i ON shop_order (\"a\\\\b\")\n\"\"\"],"))
      << made.files[1].content;
  EXPECT_FALSE(contains(made.files[1].content, "reverse_sql"));
  EXPECT_TRUE(contains(made.files[0].content, "reverse_sql")) << made.files[0].content;
  EXPECT_FALSE(contains(made.files[0].content, "atomic"));
  EXPECT_EQ(code_migrations_of(find_code_migrations(tree.path()), "payments"), nullptr);
}

TEST(NewMigration, IsNotWrittenForDbMigrate) {
  const std::string setup = "exports.setup = function(options) { dbm = options.dbmigrate; };\n";
  const TempTree tree{{"migrations/20250101000000-init.js", setup}};
  const auto found = find_code_migrations(tree.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].tool->id(), "db-migrate");
  EXPECT_EQ(found[0].tool->migrate, "npx db-migrate up");
  EXPECT_FALSE(writes_for(found[0]));
  const TempTree knex{{"migrations/20250101000000-init.js", "exports.up = function(knex) {};\n"}};
  const auto other = find_code_migrations(knex.path());
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].tool->id(), "knex");
  EXPECT_TRUE(writes_for(other[0]));
}

TEST(NewMigration, AlembicRevisesTheHead) {
  const auto revision = [](const std::string& id, const std::string& before) {
    return "from alembic import op\nrevision: str = '" + id +
           "'\ndown_revision: Union[str, None] = " + before + "\n";
  };
  const TempTree tree{{"alembic/versions/zz_init.py", revision("zz", "None")},
                      {"alembic/versions/aa_more.py", revision("aa", "'zz'")}};
  const auto made = program(
      tree,
      {index_on_orders, {"t", "ALTER TABLE public.orders ALTER COLUMN a SET DEFAULT 'x :y'::text;", ""}});
  ASSERT_EQ(made.files.size(), 2U);
  EXPECT_TRUE(contains(made.files[0].content, "down_revision = 'aa'\n"));
  EXPECT_TRUE(contains(made.files[0].content, "'x \\\\:y'::text")) << made.files[0].content;
  EXPECT_TRUE(contains(
      made.files[1].content,
      "    with op.get_context().autocommit_block():\n        op.execute(\"\"\"\nCREATE INDEX CONCURRENTLY"))
      << made.files[1].content;
  const auto at = made.files[0].content.find("\nrevision = '");
  EXPECT_TRUE(
      contains(made.files[1].content, "down_revision = '" + made.files[0].content.substr(at + 13, 12) + "'"));
  const TempTree forked{{"a/alembic/versions/zz.py", revision("zz", "None")},
                        {"a/alembic/versions/aa.py", revision("aa", "'zz'")},
                        {"a/alembic/versions/bb.py", revision("bb", "'zz'")},
                        {"b/alembic/versions/zz.py", revision("zz", "None")}};
  const auto found = find_code_migrations(forked.path());
  ASSERT_EQ(found.size(), 2U);
  const auto refused = new_migration(&found[0], ".", {index_on_orders}, noon);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().line(), forked.path("a/alembic/versions") +
                                        ": has several last revisions (alembic heads; alembic merge heads)");
  EXPECT_TRUE(new_migration(&found[1], ".", {index_on_orders}, noon)) << "the folder beside it";
}

TEST(NewMigration, ScriptsAreInTheFormOfTheNewest) {
  const TempTree knex{{"migrations/20250101000000_init.js", "exports.up = function(knex) {};\n"}};
  auto made = program(knex, {{"t", "CREATE INDEX CONCURRENTLY i ON orders (id) WHERE a ? '`${x}';",
                              "DROP INDEX CONCURRENTLY i;"}});
  EXPECT_EQ(names(made, knex.path()), (Names{"migrations/20260109120000_add_i.js"}));
  EXPECT_EQ(made.files[0].content,
            "// t\nexports.config = { transaction: false };\n\nexports.up = async function (knex) {\n  await "
            "knex.raw(`CREATE INDEX CONCURRENTLY i ON orders (id) WHERE a \\\\? '\\`\\${x}'`);\n};\n\n"
            "exports.down = async function (knex) {\n  await knex.raw(`DROP INDEX CONCURRENTLY i`);\n};\n");
  const TempTree typed{{"src/migrations/1700000000000-Init.ts",
                        "import { MigrationInterface, QueryRunner } from \"typeorm\";\nexport class "
                        "Init1700000000000 implements MigrationInterface {}\n"}};
  made = program(typed, {index_on_orders});
  EXPECT_EQ(names(made, typed.path()), (Names{"src/migrations/1767960000000-add-orders-customer-id-idx.ts"}));
  EXPECT_TRUE(contains(made.files[0].content,
                       "export class AddOrdersCustomerIdIdx1767960000000 implements MigrationInterface {"))
      << made.files[0].content;
  EXPECT_TRUE(
      contains(made.files[0].content, "await queryRunner.query(`CREATE INDEX orders_customer_id_idx ON"))
      << made.files[0].content;
  const TempTree sequelize{{"migrations/20250101000000-init.js",
                            "module.exports = { async up (queryInterface, Sequelize) {} };\n"}};
  EXPECT_TRUE(contains(program(sequelize, {index_on_orders}).files.at(0).content,
                       "module.exports = {\n  async up(queryInterface) {\n    await "
                       "queryInterface.sequelize.query(`CREATE INDEX CONCURRENTLY"));
  const TempTree umzug{{"migrations/20250101000000-init.ts",
                        "export const up = async ({ context: queryInterface }) => {};\n"}};
  EXPECT_TRUE(contains(program(umzug, {index_on_orders}).files.at(0).content,
                       "export async function up({ context: queryInterface }: { context: QueryInterface }) "
                       "{\n  await queryInterface.sequelize.query(`CREATE INDEX CONCURRENTLY"));
  const TempTree pgm{{"migrations/1700000000000_init.js", "export const up = (pgm) => {};\n"}};
  made = program(pgm, {index_on_orders});
  EXPECT_EQ(names(made, pgm.path()), (Names{"migrations/1767960000000_add_orders_customer_id_idx.js"}));
  EXPECT_TRUE(
      contains(made.files[0].content,
               "export const up = (pgm) => {\n  pgm.noTransaction();\n  pgm.sql(`CREATE INDEX CONCURRENTLY"))
      << made.files[0].content;
}

TEST(NewMigration, WithoutAToolThereIsAPlainFileThatDisplacesNone) {
  const TempTree tree{{"pgadvise-fixes.sql", "precious"}};
  const auto made = new_migration(nullptr, tree.path(), {index_on_orders}, noon);
  ASSERT_TRUE(made);
  EXPECT_EQ(names(*made, tree.path()), (Names{"pgadvise-fixes-2.sql"}));
  EXPECT_TRUE(contains(made->files[0].content, "CREATE INDEX CONCURRENTLY"));
}

TEST(NewMigration, WhatIsNoChangeOfASchemaIsRefused) {
  for (const char* sql : {"VACUUM orders;", "REINDEX INDEX CONCURRENTLY i;", "SELECT 1;",
                          "begin; insert into t values (1); commit;",
                          "ALTER DATABASE shop SET statement_timeout = '1min';", "", "CREATE INDEX ON ("})
    EXPECT_FALSE(fit(nullptr, {"x", sql, ""})) << sql;
}

TEST(NewMigration, TitlesCannotEndTheirComment) {
  const TempTree tree{{"m/1_a.up.sql", tables}};
  const auto made = make(input_of(tree.path("m")),
                         {{"evil\nDROP TABLE orders; --> statement-breakpoint", not_null.up, not_null.down}});
  EXPECT_TRUE(made.files[0].content.starts_with("-- evil DROP TABLE orders; -> statement-breakpoint\nALTER"))
      << made.files[0].content;
}

// Drizzle: held against what drizzle-kit itself writes for the same change (fixtures/drizzle/generate).

using Json = nlohmann::json;

std::string fixture(const std::string& name) {
  return std::string(testing_support::source_dir) + "/fixtures/drizzle/" + name;
}

void copy_into(const TempTree& tree, const std::string& from, const std::string& to) {
  fs::copy(from, tree.path(to), fs::copy_options::recursive);
}

const std::vector<Change> next_changes = {
    {"a",
     "CREATE INDEX CONCURRENTLY notes_at_idx ON public.notes (at DESC);\nCREATE INDEX notes_ticket_idx ON "
     "public.notes (ticket) WHERE deleted_at IS NULL;\nCREATE INDEX notes_upper_idx ON public.notes "
     "(upper(body));",
     ""},
    {"b", "ALTER TABLE public.notes ALTER COLUMN body DROP NOT NULL;", ""},
    {"c",
     "ALTER TABLE public.notes ALTER COLUMN at TYPE timestamp with time zone USING at AT TIME ZONE 'UTC';",
     ""},
};

TEST(NewMigration, DrizzleSnapshotIsThatOfDrizzleKit) {
  const TempTree tree{};
  copy_into(tree, fixture("v7"), "drizzle");
  const auto made = make(input_of(tree.path("drizzle")), next_changes);
  EXPECT_EQ(names(made, tree.path()),
            (Names{"drizzle/0001_pgadvise_fixes.sql", "drizzle/meta/0001_snapshot.json",
                   "drizzle/meta/_journal.json"}));
  EXPECT_FALSE(contains(made.files[0].content, "INDEX CONCURRENTLY"));
  const std::string parts = replace_all(made.files[0].content, "--> statement-breakpoint", "\x01");
  EXPECT_EQ(split(parts, '\x01').size(), 5U);
  Json ours = Json::parse(made.files[1].content);
  Json theirs = Json::parse(text_of(fixture("next-v7/0001_snapshot.json")));
  EXPECT_EQ(ours["prevId"], theirs["prevId"]);
  EXPECT_NE(ours["id"], ours["prevId"]);
  ours.erase("id");
  theirs.erase("id");
  EXPECT_EQ(ours, theirs) << Json::diff(theirs, ours).dump(1);
  const Json journal = Json::parse(made.files[2].content);
  ASSERT_EQ(journal["entries"].size(), 2U);
  EXPECT_EQ(journal["entries"][1]["idx"], 1);
  EXPECT_EQ(journal["entries"][1]["tag"], "0001_pgadvise_fixes");
  EXPECT_GT(journal["entries"][1]["when"].get<std::int64_t>(),
            journal["entries"][0]["when"].get<std::int64_t>());
}

// One line of the journal ends as on Unix: it stays so, and new lines end as most do.
TEST(NewMigration, DrizzlesJournalKeepsItsLineEndsAndItsMark) {
  const TempTree tree{};
  copy_into(tree, fixture("v7"), "drizzle");
  const std::string windows =
      "\xef\xbb\xbf" + replace_all(text_of(tree.path("drizzle/meta/_journal.json")), "\n", "\r\n");
  const auto second = windows.find("\r\n", windows.find("\r\n") + 2);
  ASSERT_NE(second, std::string::npos);
  const std::string mixed = windows.substr(0, second) + windows.substr(second + 1);
  for (const auto& journal : {windows, mixed}) {
    tree.add("drizzle/meta/_journal.json", journal);
    const auto made = make(input_of(tree.path("drizzle")), next_changes);
    ASSERT_EQ(made.files.size(), 3U);
    const std::string& after = made.files[2].content;
    EXPECT_EQ(made.files[2].before, journal);
    EXPECT_TRUE(after.starts_with("\xef\xbb\xbf{")) << after;
    EXPECT_EQ(lone_line_feeds(after), lone_line_feeds(journal)) << after;
    EXPECT_EQ(after.substr(0, second), journal.substr(0, second)) << after;
    EXPECT_EQ(Json::parse(after)["entries"].size(), 2U);
  }
}

TEST(NewMigration, SqitchsPlanKeepsItsLineEnds) {
  const std::string plan =
      "%syntax-version=1.0.0\r\n%project=shop\n\r\na 2025-01-01T12:00:00Z Ada L <ada@example.org> # "
      "Tables.\r\n";
  const TempTree tree{
      {"sqitch.plan", plan}, {"deploy/a.sql", tables}, {"revert/a.sql", "DROP TABLE lines, orders;"}};
  const auto made = make(input_of(tree.path()), {index_on_orders, not_null});
  ASSERT_EQ(made.files.size(), 5U);
  EXPECT_EQ(made.files[4].before, plan);
  EXPECT_EQ(made.files[4].content,
            plan +
                "pgadvise_fixes 2026-01-09T12:00:00Z Ada L <ada@example.org> # required\r\n"
                "add_orders_customer_id_idx 2026-01-09T12:00:00Z Ada L <ada@example.org> # "
                "unindexed-foreign-key: Create an index on orders\r\n");
}

TEST(NewMigration, AJournalAtTheEndOfNumbersIsRefused) {
  const TempTree tree{};
  copy_into(tree, fixture("v7"), "drizzle");
  Json journal = Json::parse(text_of(tree.path("drizzle/meta/_journal.json")));
  for (const char* name : {"when", "idx"})
    for (const std::int64_t end : {std::numeric_limits<std::int64_t>::max(), (std::int64_t{1} << 53) - 1}) {
      Json changed = journal;
      changed["entries"][0][name] = end;
      tree.add("drizzle/meta/_journal.json", changed.dump());
      const auto input = input_of(tree.path("drizzle"));
      const auto made = new_migration(&input, ".", next_changes, noon);
      ASSERT_FALSE(made) << name << end;
      EXPECT_TRUE(contains(made.error().line(), "too large to continue")) << made.error().line();
    }
}

TEST(NewMigration, DrizzleOneSnapshotIsThatOfDrizzleKit) {
  const TempTree tree{};
  copy_into(tree, fixture("v8"), "drizzle");
  const auto made = make(input_of(tree.path("drizzle")), next_changes);
  ASSERT_EQ(made.files.size(), 2U);
  // The clock is behind the last one: a second after it.
  EXPECT_EQ(names(made, tree.path())[0], "drizzle/20261121074756_pgadvise_fixes/migration.sql");
  Json ours = Json::parse(made.files[1].content);
  Json theirs = Json::parse(text_of(fixture("next-v8/snapshot.json")));
  EXPECT_EQ(ours["prevIds"], theirs["prevIds"]);
  const auto rows = [](const Json& root) {
    std::vector<std::string> out;
    for (const auto& row : root["ddl"]) out.push_back(row.dump());
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(rows(ours), rows(theirs));
}

TEST(NewMigration, DrizzleDropsAnIndexFromTheSnapshot) {
  const TempTree tree{};
  copy_into(tree, fixture("v7"), "drizzle");
  const auto made =
      make(input_of(tree.path("drizzle")), {{"x", "DROP INDEX CONCURRENTLY public.notes_newest_idx;", ""}});
  EXPECT_EQ(made.files[0].content, "-- x\nDROP INDEX public.notes_newest_idx;");
  EXPECT_FALSE(contains(made.files[1].content, "notes_newest_idx"));
}

TEST(NewMigration, DrizzleLeavesToDrizzleKitWhatItCannotTell) {
  const TempTree tree{};
  copy_into(tree, fixture("v7"), "drizzle");
  const auto input = input_of(tree.path("drizzle"));
  for (const char* sql :
       {"ALTER TABLE public.notes ADD CONSTRAINT c CHECK (body <> '') NOT VALID;",
        "ALTER TABLE public.orders ALTER COLUMN id TYPE bigint;", "CREATE INDEX i ON public.nowhere (x);",
        "ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY, ADD COLUMN more int;"}) {
    const auto made = new_migration(&input, ".", {{"x", sql, ""}}, noon);
    EXPECT_FALSE(made) << sql;
  }
}

TEST(NewMigration, OldDrizzleSnapshotsAreToldApart) {
  const TempTree tree{};
  copy_into(tree, fixture("v6"), "drizzle");
  const auto input = input_of(tree.path("drizzle"));
  const auto made = new_migration(&input, ".", {index_on_orders}, noon);
  ASSERT_FALSE(made);
  EXPECT_TRUE(contains(made.error().hint, "drizzle-kit up")) << made.error().line();
}

TEST(NewMigration, SameTimeSameBytes) {
  const TempTree tree{};
  copy_into(tree, fixture("v7"), "drizzle");
  const auto input = input_of(tree.path("drizzle"));
  EXPECT_EQ(make(input, next_changes).files[1].content, make(input, next_changes).files[1].content);
}

// Writing.

TEST(WriteFiles, AllOrNothing) {
  const TempTree tree{{"journal", "old"}};
  const std::vector<files::NewFile> files = {{tree.path("a/b/new.sql"), "one", std::nullopt},
                                             {tree.path("journal"), "new", "old"}};
  ASSERT_TRUE(files::write_files(files));
  EXPECT_EQ(text_of(tree.path("a/b/new.sql")), "one");
  EXPECT_EQ(text_of(tree.path("journal")), "new");
  // A second time the first is there, and the journal is not as it was.
  const auto again = files::write_files(files);
  ASSERT_FALSE(again);
  EXPECT_TRUE(contains(again.error().what, "exists already"));
}

TEST(WriteFiles, TakesBackWhatItWroteWhenALaterOneFails) {
  const TempTree tree{{"journal", "changed by another"}};
  const auto wrote = files::write_files(
      {{tree.path("deep/new.sql"), "one", std::nullopt}, {tree.path("journal"), "new", "old"}});
  ASSERT_FALSE(wrote);
  EXPECT_TRUE(contains(wrote.error().what, "changed meanwhile"));
  EXPECT_EQ(text_of(tree.path("journal")), "changed by another");
  EXPECT_FALSE(fs::exists(tree.path("deep")));
  EXPECT_EQ(std::distance(fs::directory_iterator(tree.path()), fs::directory_iterator()), 1);
}

TEST(WriteFiles, NeverOverAFileOrADanglingLink) {
  const TempTree tree{{"there", "precious"}};
  fs::create_symlink("nowhere", tree.path("link"));
  EXPECT_FALSE(files::write_files({{tree.path("there"), "x", std::nullopt}}));
  EXPECT_FALSE(files::write_files({{tree.path("link"), "x", std::nullopt}}));
  EXPECT_EQ(text_of(tree.path("there")), "precious");
}

TEST(WriteFiles, AReplacedLinkStaysALinkAndKeepsItsMode) {
  const TempTree tree{{"real", "old"}};
  ::chmod(tree.path("real").c_str(), 0640);
  fs::create_symlink("real", tree.path("journal"));
  ASSERT_TRUE(files::write_files({{tree.path("journal"), "new", "old"}}));
  EXPECT_TRUE(fs::is_symlink(tree.path("journal")));
  EXPECT_EQ(text_of(tree.path("real")), "new");
  struct stat status{};
  ASSERT_EQ(::stat(tree.path("real").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST(WriteFiles, AFolderThatCannotBeMadeLeavesNothing) {
  const TempTree tree{{"file", "x"}};
  const auto wrote = files::write_files(
      {{tree.path("ok.sql"), "one", std::nullopt}, {tree.path("file/below.sql"), "two", std::nullopt}});
  ASSERT_FALSE(wrote);
  EXPECT_FALSE(fs::exists(tree.path("ok.sql")));
}

TEST(DrizzlePlace, FindsTheTableAndItsList) {
  const std::string text =
      "import x;\n// const orders = pgTable('old')\nexport const orders = pgTable('orders', {\n  id: "
      "integer('id'),\n}, (t) => [\n  index('a').on(t.id),\n]);\n"
      "export const lines = pgTable('lines', { id: integer('id') });\nconst odd = shop.table('odd', {\n}, "
      "self => ({}));\n";
  const auto orders = drizzle::drizzle_place(text, "orders");
  ASSERT_TRUE(orders);
  EXPECT_EQ(orders->line, 3);
  EXPECT_EQ(orders->list_line, 5);
  EXPECT_EQ(orders->parameter, "t");
  EXPECT_EQ(drizzle::drizzle_place(text, "lines")->list_line, 0);
  EXPECT_EQ(drizzle::drizzle_place(text, "odd")->parameter, "self");
  EXPECT_FALSE(drizzle::drizzle_place(text, "nothing"));
  EXPECT_FALSE(drizzle::drizzle_place(text, ""));
}

TEST(EditMigration, TheStatementStandsBeforeTheLineAndOnce) {
  const TempTree tree(
      {{"a.sql", "-- +goose Up\nALTER TABLE t ADD a int;\n"},
       {"b.sql", "ALTER TABLE t ADD a int;--> statement-breakpoint\nALTER TABLE t ADD b int;"},
       {"c.ts", "x\n"}});
  const std::string set = "SET LOCAL lock_timeout = '2s';";
  const auto goose = with_statement(tree.path() + "/a.sql", 2, set);
  ASSERT_TRUE(goose);
  EXPECT_EQ(goose->content, "-- +goose Up\n" + set + "\nALTER TABLE t ADD a int;\n");
  EXPECT_EQ(goose->before, "-- +goose Up\nALTER TABLE t ADD a int;\n");
  const auto drizzle = with_statement(tree.path() + "/b.sql", 1, set);
  ASSERT_TRUE(drizzle);
  EXPECT_TRUE(drizzle->content.starts_with(set + "\n--> statement-breakpoint\nALTER TABLE t ADD a int;-->"));
  std::ofstream(tree.path() + "/b.sql") << drizzle->content;
  const auto twice = with_statement(tree.path() + "/b.sql", 1, set);
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->content, drizzle->content);
  EXPECT_FALSE(with_statement(tree.path() + "/a.sql", 9, set));
  EXPECT_FALSE(with_statement(tree.path() + "/c.ts", 1, set));
}

TEST(EditMigration, TheStatementStandsInNoStringBodyOrComment) {
  const std::string set = "SET LOCAL lock_timeout = '2s';", alter = "ALTER TABLE t ADD a int;\n";
  const auto with = [&](const std::string& text, int line) {
    const auto out = with_statement(files::NewFile{"a.sql", text, text}, line, set);
    return out ? out->content : out.error().what;
  };
  EXPECT_EQ(with("INSERT INTO n VALUES ($t$one\ntwo$t$); " + alter, 2),
            "INSERT INTO n VALUES ($t$one\ntwo$t$); " + set + "\n" + alter);
  EXPECT_EQ(with("INSERT INTO n VALUES ('one\ntwo'); " + alter, 2),
            "INSERT INTO n VALUES ('one\ntwo'); " + set + "\n" + alter);
  EXPECT_EQ(with("/* why\n this */ " + alter, 2), "/* why\n this */ " + set + "\n" + alter);
  EXPECT_EQ(with("-- why\n" + alter, 2), "-- why\n" + set + "\n" + alter);
  EXPECT_EQ(with("\xef\xbb\xbf" + alter, 1), "\xef\xbb\xbf" + set + "\n" + alter);
  EXPECT_EQ(with("BEGIN; ALTER TABLE t ADD a int; COMMIT;\n", 1),
            "BEGIN; " + set + "\nALTER TABLE t ADD a int; COMMIT;\n");
  EXPECT_EQ(with("-- not yet: " + set + "\n" + alter, 2), "-- not yet: " + set + "\n" + set + "\n" + alter);
}

}  // namespace
}  // namespace pgadvise::migrations
