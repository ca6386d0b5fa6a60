#include "migrations/interface/tools.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/folders/facts.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/folder.h"
#include "migrations/folders/schema_load.h"
#include "migrations/scripts/dialect.h"
#include "migrations/scripts/script_files.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;
using Names = std::vector<std::string>;

struct Found {
  std::vector<SchemaInput> inputs;
  Diagnostics diagnostics;
  explicit Found(const std::string& path) {
    auto found = find_schemas(path, diagnostics);
    if (found) inputs = std::move(*found);
  }
  std::string tool() const {
    return inputs.size() == 1 && inputs[0].tool ? std::string(inputs[0].tool->id()) : "";
  }
  Names entries() const {
    Names out;
    for (const auto& input : inputs)
      for (const auto& file : input.files) out.push_back(file.entry);
    return out;
  }
  Catalog catalog() {
    auto catalog = load(inputs.at(0), diagnostics);
    return catalog ? std::move(*catalog) : Catalog{};
  }
};

std::string tables(const Catalog& catalog) {
  std::string out;
  for (const auto& [name, table] : catalog.tables)
    out += display(name) + ":" + std::to_string(table.origin.line) + " ";
  return out;
}

TEST(MigrationTools, FlywayOrdersVersionsByValueRepeatablesLastAndRunsNoUndo) {
  const TempTree tree{{"V1.10__c.sql", "CREATE TABLE c ();"},
                      {"V1.9__b.sql", "CREATE TABLE b ();"},
                      {"V1__a.sql", "CREATE TABLE a ();"},
                      {"U1__a.sql", "DROP TABLE a;"},
                      {"R__views.sql", ""},
                      {"afterMigrate.sql", "DROP TABLE b;"},
                      {"sub/V1_9_1__d.sql", ""},
                      {"R__a_first.sql", ""},
                      {"V2x__no.sql", "DROP TABLE c;"}};
  Found found(tree.path());
  EXPECT_EQ(found.tool(), "flyway");
  EXPECT_EQ(found.entries(), (Names{"1", "1.9", "1_9_1", "1.10", "a_first", "views"}));
  EXPECT_EQ(tables(found.catalog()), "a:1 b:1 c:1 ");
}

TEST(MigrationTools, FlywayBeginsWithTheNewestBaseline) {
  const TempTree tree{
      {"V1__a.sql", ""}, {"B2__b.sql", ""}, {"V2__b.sql", ""}, {"B3__c.sql", ""}, {"V4__d.sql", ""}};
  EXPECT_EQ(Found(tree.path()).entries(), (Names{"3", "4"}));
}

TEST(MigrationTools, FlywaysVendorFoldersOfOtherDatabasesArePassedOver) {
  const TempTree tree{{"pom.xml", ""},
                      {"src/main/resources/db/migration/postgresql/V1__a.sql", ""},
                      {"src/main/resources/db/migration/mysql/V1__a.sql", ""},
                      {"src/test/resources/db/V1__t.sql", ""}};
  const Found found(tree.path());
  ASSERT_EQ(found.inputs.size(), 1u);
  ASSERT_EQ(found.inputs[0].files.size(), 1u);
  EXPECT_NE(found.inputs[0].files[0].path.find("postgresql"), std::string::npos);
  ASSERT_EQ(found.diagnostics.size(), 1u);
  EXPECT_NE(found.diagnostics[0].where.find("mysql"), std::string::npos);
}

// Settings name the folders whose scripts are one list, in the order of their versions.
TEST(MigrationTools, FlywaysLocationsAreOneInput) {
  const std::string resources = "src/main/resources/";
  const auto entries = [&](const std::string& file, const std::string& settings,
                           const std::string& other = "", const std::string& text = "") {
    const TempTree tree{{"pom.xml", ""},
                        {resources + "db/data/V2__b.sql", "INSERT INTO a DEFAULT VALUES;"},
                        {resources + "db/migration/V1__a.sql", "CREATE TABLE a ();"},
                        {resources + "db/migration/V3__c.sql", "CREATE TABLE c ();"}};
    tree.add(file, settings);
    if (!other.empty()) tree.add(other, text);
    const Found found(tree.path());
    std::string out;
    for (const auto& input : found.inputs) {
      out += files::relative_to(input.path, tree.path()) + ":";
      for (const auto& one : input.files) out += " " + one.entry;
      out += "\n";
    }
    for (const auto& diagnostic : found.diagnostics) out += diagnostic.line() + "\n";
    return out;
  };
  const std::string together = "src/main/resources/db/migration: 1 2 3\n";
  const std::string alone = "src/main/resources/db/migration: 1 3\n";
  const std::string parent = "src/main/resources/db: 1 2 3\n";
  const std::string both = "spring.flyway.locations = classpath:db/migration, classpath:db/data\n";
  EXPECT_EQ(entries("README.md", ""), parent);
  EXPECT_EQ(entries(resources + "application.properties", both), together);
  EXPECT_EQ(entries("config/application.properties", both), together);
  EXPECT_EQ(entries(resources + "application.properties",
                    "spring.flyway.locations[0]=classpath:/db/migration\n"
                    "spring.flyway.locations[1]=filesystem:src/main/resources/db/data\n"),
            together);
  EXPECT_EQ(entries(resources + "application.yml",
                    "spring:\n  flyway:\n    locations: classpath:db/migration,classpath:db/data\n"),
            together);
  EXPECT_EQ(entries(resources + "application.yaml",
                    "spring:\n  flyway:\n    locations:\n      - ${PATHS:classpath:db/migration}\n"
                    "      - classpath:db/data\n"),
            together);
  EXPECT_EQ(entries("flyway.conf",
                    "flyway.locations=filesystem:src/main/resources/db/migration,\\\n"
                    "  filesystem:src/main/resources/db/data\n"),
            together);
  EXPECT_EQ(entries("flyway.toml",
                    "[environments.a]\nurl = \"x\"\n[flyway]\nlocations = [\n"
                    "  \"filesystem:src/main/resources/db/migration\",\n"
                    "  \"filesystem:src/main/resources/db/data\",\n]\n"),
            together);
  EXPECT_EQ(entries(resources + "application.properties", "spring.flyway.locations=classpath:db/migration\n",
                    resources + "application-dev.properties", both),
            alone)
      << "only developers run the other folder";
  EXPECT_EQ(entries(resources + "application-dev.yml",
                    "spring:\n  flyway:\n    locations: [classpath:db/migration, classpath:db/data]\n"),
            alone);
  EXPECT_EQ(entries(resources + "application.yml",
                    "spring:\n  flyway:\n    locations: classpath:db/migration\n---\nspring:\n  config:\n"
                    "    activate:\n      on-profile: prod\n  flyway:\n"
                    "    locations: [classpath:db/migration, classpath:db/data]\n"),
            together);
  for (const auto* unknown :
       {"spring.flyway.locations=classpath:db/*\n", "spring.flyway.locations=${PATHS}\n",
        "spring.flyway.locations=filesystem:/etc,filesystem:../..\n"})
    EXPECT_EQ(entries(resources + "application.properties", unknown), parent) << unknown;
}

TEST(MigrationTools, FlywaysLocationsMayLieFarFromEachOther) {
  const TempTree tree{{"pom.xml", ""},
                      {"flyway.conf", "flyway.locations=filesystem:sql/schema,filesystem:changes/new\n"},
                      {"changes/new/V2__b.sql", "ALTER TABLE a ADD b integer;"},
                      {"sql/schema/V1__a.sql", "CREATE TABLE a ();"},
                      {"sql/schema/V3__c.sql", "ALTER TABLE a DROP b;"}};
  Found found(tree.path());
  EXPECT_EQ(found.tool(), "flyway");
  EXPECT_EQ(found.entries(), (Names{"1", "2", "3"}));
  EXPECT_EQ(tables(found.catalog()), "a:1 ");
  for (const auto& diagnostic : found.diagnostics) ADD_FAILURE() << diagnostic.line();
}

// The first location may hold callbacks, lie in another one, or be a link that leads out of the project.
TEST(MigrationTools, TheFirstOfFlywaysLocationsNeedsNoScripts) {
  const auto entries = [](const std::string& locations) {
    const TempTree other{{"V9__x.sql", "CREATE TABLE x ();"}};
    const TempTree tree{{"pom.xml", ""},
                        {"flyway.conf", "flyway.locations=" + locations + "\n"},
                        {"callbacks/afterMigrate.sql", "SELECT 1;"},
                        {"sql/V1__a.sql", "CREATE TABLE a ();"},
                        {"sql/pg/V2__b.sql", "ALTER TABLE a ADD b integer;"},
                        {"more/V3__c.sql", "ALTER TABLE a ADD c integer;"},
                        {"more/below/V4__d.sql", "ALTER TABLE a ADD d integer;"}};
    std::filesystem::create_directory_symlink(other.path(), tree.path("link"));
    const Found found(tree.path());
    std::string out;
    for (const auto& input : found.inputs) {
      out += std::string(input.tool ? input.tool->id() : "") + " " +
             files::relative_to(input.path, tree.path()) + ":";
      for (const auto& one : input.files) out += " " + one.entry;
      out += "\n";
    }
    return out;
  };
  const std::string all = "flyway sql: 1 2 3 4\n";
  EXPECT_EQ(entries("filesystem:sql,filesystem:more"), all);
  EXPECT_EQ(entries("filesystem:callbacks,filesystem:sql,filesystem:more"), all);
  EXPECT_EQ(entries("filesystem:sql/pg,filesystem:sql,filesystem:more"), all);
  EXPECT_EQ(entries("filesystem:sql,filesystem:more,filesystem:more/below"), all) << "each script once";
  EXPECT_EQ(entries("filesystem:link,filesystem:sql,filesystem:more"), all);
}

TEST(MigrationTools, TwoFlywayLocationsSideBySideAreTwoInputs) {
  const TempTree tree{{"pom.xml", ""}, {"db/orders/V1__a.sql", ""}, {"db/users/V1__a.sql", ""}};
  EXPECT_EQ(Found(tree.path()).inputs.size(), 2u);
}

TEST(MigrationTools, AFlywayFolderDeepBelowDoesNotTakeItsNeighbours) {
  const TempTree tree{{"java/sql/V1__a.sql", ""},
                      {"goose/1_a.sql", "-- +goose Up\n"},
                      {"prisma/migrations/1_a/migration.sql", ""}};
  EXPECT_EQ(Found(tree.path()).inputs.size(), 3u);
}

TEST(MigrationTools, TemporaryTablesEndWithTheirScript) {
  const TempTree tree{{"1_a.sql", "-- +goose Up\nCREATE TEMP TABLE t (); CREATE TABLE a ();"},
                      {"2_b.sql", "-- +goose Up\nCREATE TEMP TABLE t ();"}};
  Found found(tree.path());
  EXPECT_EQ(found.catalog().tables.count({"public", "a"}), 1u);
  EXPECT_TRUE(found.diagnostics.empty());
}

TEST(MigrationTools, VersionsCompareByTheirParts) {
  EXPECT_GT(compare_versions("1.10", "1.9"), 0);
  EXPECT_EQ(compare_versions("1_1", "1.1"), 0);
  EXPECT_EQ(compare_versions("1.0", "1"), 0);
  EXPECT_LT(compare_versions("99999999999999999998", "99999999999999999999"), 0);
}

TEST(MigrationTools, GolangMigrateGoesByTheNumbersValue) {
  const TempTree tree{
      {"10_c.up.sql", ""}, {"9_b.up.sql", ""}, {"9_b.down.sql", "DROP TABLE b;"}, {"010_twice.up.sql", ""}};
  const Found found(tree.path());
  EXPECT_EQ(found.tool(), "golang-migrate");
  EXPECT_EQ(found.entries(), (Names{"9_b", "010_twice", "10_c"}));
  EXPECT_EQ(found.diagnostics.size(), 1u);
}

TEST(MigrationTools, GolangMigrateIsKnownByTheGoMod) {
  const auto said = [](const std::string& go_mod) {
    const TempTree tree{{"db/1_a.up.sql", ""}, {"db/1_b.up.sql", ""}};
    if (!go_mod.empty()) tree.add("go.mod", go_mod);
    Project project;
    project.root = tree.path();
    Diagnostics diagnostics;
    const auto inputs = find_schemas(tree.path("db"), diagnostics);
    if (inputs) read_migrations(project, *inputs);
    EXPECT_EQ(project.migrations.size(), 1u);
    if (diagnostics.size() != 1 || project.migrations.size() != 1) return std::string();
    return diagnostics[0].hint + "\n" + project.migrations[0].problems.at(0).text;
  };
  const std::string golang_migrate =
      "golang-migrate refuses such a folder\n1_b.up.sql has the same version as 1_a.up.sql: golang-migrate "
      "runs "
      "neither";
  EXPECT_EQ(said(""), golang_migrate);
  EXPECT_EQ(said("require github.com/golang-migrate/migrate/v4 v4.17.0\n"), golang_migrate);
  EXPECT_EQ(
      said("module own\n"),
      "tools that know a migration by its version run only one of them\n1_b.up.sql has the same version as "
      "1_a.up.sql: tools that know a migration by its version run only one of them");
}

// Of one version pop runs the file for the database in place of the one for all databases.
TEST(MigrationTools, PopRunsTheFileForPostgresql) {
  const std::string make = "CREATE TABLE a (id int);";
  const TempTree tree{
      {"go.mod", "require (\n\tgithub.com/ory/pop/v6 v6.4.2\n)\n"},
      {"sql/20240101000000000001_a.up.sql", "CREATE TABLE for_all ();"},
      {"sql/20240101000000000001_a.postgres.up.sql", make},
      {"sql/20240101000000000001_a.postgres.down.sql", "DROP TABLE a;"},
      {"sql/20240101000000000001_a.cockroach.up.sql", "CREATE TABLE for_cockroach ();"},
      {"sql/20240101000000000001_a.sqlite3.up.sql", "CREATE TABLE for_sqlite ();"},
      {"sql/20240101000000000002_b.up.sql", "ALTER TABLE a ADD b int;"},
      {"sql/20240101000000000003_c.cockroach.up.sql", "CREATE TABLE for_cockroach ();"},
      {"sql/20240101000000000004_d.postgresql.autocommit.up.sql", "CREATE INDEX CONCURRENTLY i ON a (b);"},
      {"sql/20240101000000000004_d.autocommit.up.sql", "CREATE INDEX i ON a (b);"}};
  Found found(tree.path());
  EXPECT_EQ(found.tool(), "pop");
  EXPECT_EQ(found.entries(), (Names{"20240101000000000001_a.postgres", "20240101000000000002_b",
                                    "20240101000000000004_d.postgresql.autocommit"}));
  EXPECT_EQ(tables(found.catalog()), "a:1 ");
  EXPECT_TRUE(found.diagnostics.empty()) << found.diagnostics[0].line();
}

TEST(MigrationTools, PopIsTheLibraryThatGoModRequires) {
  const auto tool = [](const std::string& go_mod) {
    const TempTree tree{{"go.mod", go_mod}, {"migrations/1_a.up.sql", ""}};
    return Found(tree.path()).tool();
  };
  EXPECT_EQ(tool("require github.com/gobuffalo/pop/v6 v6.1.1\n"), "pop");
  EXPECT_EQ(tool("require github.com/ory/pop/v6 v6.4.2 // indirect\n"), "golang-migrate");
  EXPECT_EQ(tool("require (\n github.com/gobuffalo/pop v5\n github.com/golang-migrate/migrate/v4 v4\n)\n"),
            "golang-migrate");
  const TempTree fizz{{"go.mod", "require github.com/gobuffalo/pop/v6 v6.1.1\n"},
                      {"migrations/1_a.up.sql", ""},
                      {"migrations/1_b.up.sql", ""},
                      {"migrations/2_c.up.fizz", ""}};
  const Found found(fizz.path());
  ASSERT_EQ(found.diagnostics.size(), 2u);
  EXPECT_EQ(found.diagnostics[0].what, "has the same version as 1_a.up.sql");
  EXPECT_EQ(found.diagnostics[1].what, "1 migration is in pop's fizz (.fizz): not replayed");
}

TEST(MigrationTools, GooseRunsUpAndKeepsTheLines) {
  const TempTree tree{
      {"00001_a.sql",
       "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a (\n  id int\n);\n-- +goose StatementEnd\n"
       "-- +goose Down\nDROP TABLE a;\n"},
      {"00002_b.sql",
       "-- +goose NO TRANSACTION\n-- +goose Down\nDROP TABLE a;\n-- +goose Up\nCREATE INDEX CONCURRENTLY "
       "a_id ON a (id);\n"},
      {"00003_c.go", ""}};
  Found found(tree.path());
  EXPECT_EQ(found.tool(), "goose");
  const Catalog catalog = found.catalog();
  EXPECT_EQ(tables(catalog), "a:3 ");
  ASSERT_EQ(catalog.tables.begin()->second.indexes.size(), 1u);
  EXPECT_EQ(catalog.tables.begin()->second.indexes[0].origin.line, 5);
  EXPECT_EQ(found.diagnostics.size(), 1u);  // the migration in Go
  const MigrationTool& goose = *migration_tool("goose");
  EXPECT_TRUE(in_transaction(goose, "-- +goose Up\nSELECT 1"));
  EXPECT_FALSE(in_transaction(goose, "-- +goose  NO TRANSACTION\r\n-- +goose Up\nSELECT 1"));
}

TEST(MigrationTools, DbmateSqlMigrateNodePgTernMybatisAndPlayRunTheirUpPart) {
  struct Case {
    const char* tool;
    const char* file;
    const char* text;
    const char* expected;
  };
  for (const auto& [tool, file, text, expected] : {
           Case{"dbmate", "2024_a.sql",
                "DROP TABLE x;\n-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;", "a:3 "},
           Case{"dbmate", "2024_a.sql",
                "-- migrate:up transaction:false\r\nCREATE TABLE a ();\r\n-- migrate:down\r\nDROP TABLE a;",
                "a:2 "},
           Case{"sql-migrate", "1-a.sql",
                "-- +migrate Up\nCREATE TABLE a ();\n\n-- +migrate Down\nDROP TABLE a;", "a:2 "},
           Case{"node-pg-migrate", "1_a.sql",
                "-- Up Migration\nCREATE TABLE a ();\n-- Down Migration\nDROP TABLE a;", "a:2 "},
           Case{"tern", "001_a.sql", "CREATE TABLE a ();\n---- create above / drop below ----\nDROP TABLE a;",
                "a:1 "},
           Case{"mybatis", "1_a.sql", "CREATE TABLE a ();\n-- //@UNDO\nDROP TABLE a;", "a:1 "},
           Case{"play evolutions", "1.sql", "# --- !Ups\nCREATE TABLE a ();\n# --- !Downs\nDROP TABLE a;",
                "a:2 "},
           Case{"graphile-migrate", "000001.sql", "--! Previous: -\n--! Hash: sha1:x\nCREATE TABLE a ();",
                "a:3 "},
       }) {
    const TempTree tree{{file, text}};
    Found found(tree.path());
    EXPECT_EQ(found.tool(), tool);
    EXPECT_EQ(tables(found.catalog()), expected) << tool;
    EXPECT_TRUE(found.diagnostics.empty()) << tool << ": " << found.diagnostics[0].line();
  }
}

TEST(MigrationTools, DieselHasuraAndAtlas) {
  const TempTree diesel{{"2024-01-02-000000_b/up.sql", ""},
                        {"2024-01-02-000000_b/down.sql", "x"},
                        {"20240101000000_a/up.sql", ""}};
  EXPECT_EQ(Found(diesel.path()).tool(), "diesel");
  EXPECT_EQ(Found(diesel.path()).entries(), (Names{"20240101000000_a", "2024-01-02-000000_b"}));
  const TempTree hasura{{"1700000000000_a/up.sql", ""}};
  EXPECT_EQ(Found(hasura.path()).tool(), "hasura");
  const TempTree atlas{{"atlas.sum", ""}, {"20240101_a.sql", ""}};
  EXPECT_EQ(Found(atlas.path()).tool(), "atlas");
}

TEST(MigrationTools, SqitchGoesByThePlanAndFindsReworkedScripts) {
  const TempTree tree{{"sqitch.conf", "[core]\n\tengine = pg\n"},
                      {"sqitch.plan",
                       "%syntax-version=1.0.0\n%project=x\n\nb 2024-01-01T00:00:00Z A <a@b> # first\nf [b] "
                       "2024-01-01T00:00:00Z A <a@b>\n"
                       "@v1 2024-01-01T00:00:00Z A <a@b>\n\na/deep 2024-01-01T00:00:00Z A <a@b>\nf [f@v1] "
                       "2024-01-01T00:00:00Z A <a@b>\n"
                       "gone 2024-01-01T00:00:00Z A <a@b>\n../../etc/passwd 2024-01-01T00:00:00Z A <a@b>\n"},
                      {"deploy/b.sql", ""},
                      {"deploy/f.sql", ""},
                      {"deploy/f@v1.sql", ""},
                      {"deploy/a/deep.sql", ""},
                      {"revert/b.sql", "DROP TABLE b;"}};
  const Found found(tree.path());
  EXPECT_EQ(found.tool(), "sqitch");
  EXPECT_EQ(found.entries(), (Names{"b", "f", "a/deep", "f"}));
  EXPECT_TRUE(found.inputs[0].files[1].path.ends_with("deploy/f@v1.sql"));
  EXPECT_TRUE(found.inputs[0].files[3].path.ends_with("deploy/f.sql"));
  ASSERT_EQ(found.diagnostics.size(), 3u);
  EXPECT_TRUE(found.diagnostics[1].where.ends_with("deploy/gone.sql"));
  EXPECT_TRUE(found.diagnostics[2].what.ends_with("pgadvise can't know the schema"));
  EXPECT_TRUE(found.inputs[0].incomplete);
  const TempTree mysql{
      {"sqitch.conf", "[core]\n engine = mysql\n"}, {"sqitch.plan", "a 2024 A"}, {"deploy/a.sql", ""}};
  EXPECT_TRUE(Found(mysql.path()).inputs.empty());
}

TEST(MigrationTools, SupabaseAndStructureDumpsInARepository) {
  const TempTree tree{{"package.json", "{}"},
                      {"supabase/migrations/20240101_a.sql", ""},
                      {"supabase/migrations/seed.sql", ""},
                      {"db/structure.sql",
                       "SET statement_timeout = 0;\nCREATE TABLE a ();\nINSERT INTO \"schema_migrations\" "
                       "(version) VALUES\n('1');\n"},
                      {"scripts/1_report.sql", "SELECT 1"}};
  Found found(tree.path());
  ASSERT_EQ(found.inputs.size(), 2u);
  EXPECT_EQ(found.inputs[0].kind, SchemaKind::sql_file);
  EXPECT_EQ(found.inputs[1].tool->id(), "supabase");
  EXPECT_EQ(found.inputs[1].files.size(), 1u);
  EXPECT_EQ(found.diagnostics.size(), 1u);
  EXPECT_EQ(tables(found.catalog()), "a:2 ");
}

TEST(MigrationTools, OtherDatabasesAreNamedAndPassedOver) {
  const TempTree tree{
      {"go.mod", ""},
      {"migrations/1_a.up.sql", "CREATE TABLE `a` (id INT AUTO_INCREMENT);"},
      {"db/sqlite/migrations/1_a.up.sql", "CREATE TABLE a (id INTEGER);"},
      {"db/postgres/migrations/1_a.up.sql", "CREATE TABLE a (id INTEGER);"},
      {"events/migrations/001_a.sql", "CREATE TABLE a (id UInt8) ENGINE = MergeTree ORDER BY id"}};
  const Found found(tree.path());
  ASSERT_EQ(found.inputs.size(), 1u);
  EXPECT_TRUE(found.inputs[0].path.ends_with("db/postgres/migrations"));
  ASSERT_EQ(found.diagnostics.size(), 3u);
  EXPECT_EQ(foreign_sql("CREATE TABLE a (x text DEFAULT 'auto'); CREATE TABLE \"b\" ()"), "");
  EXPECT_EQ(foreign_sql("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)"), "SQLite");
}

TEST(MigrationTools, ClickHouseIsNotNamedMySQL) {
  const std::string events =
      "CREATE TABLE `events` (`id` UInt64, at DateTime) ENGINE = ReplacingMergeTree ORDER BY id;";
  EXPECT_EQ(foreign_sql(events), "ClickHouse");
  EXPECT_EQ(foreign_sql(events + "\nALTER TABLE events MODIFY COLUMN at DateTime64(3);"), "ClickHouse");
  EXPECT_EQ(foreign_sql("ALTER TABLE `events` MODIFY COLUMN name LowCardinality(String);"), "ClickHouse");
  EXPECT_EQ(foreign_sql("ALTER TABLE `events` MODIFY COLUMN name text; -- not a MergeTree"), "MySQL");
}

TEST(MigrationTools, TypesThatAScriptCreatesAreNoOtherDatabases) {
  TempTree tree{{"go.mod", ""},
                {"migrations/001_types.sql",
                 "create domain public.tinyint as smallint;\nCREATE DOMAIN \"datetime\" AS timestamptz;"},
                {"migrations/002_a.sql", "create table a (id int, n tinyint);"},
                {"migrations/003_b.sql", "create table b (id int, n tinyint, at datetime not null);"},
                {"migrations/004_c.sql", "create table c (id int, at datetime);"}};
  const Found found(tree.path());
  ASSERT_EQ(found.inputs.size(), 1u);
  EXPECT_TRUE(found.diagnostics.empty()) << found.diagnostics.front().line();
  EXPECT_EQ(foreign_sql("CREATE TYPE longtext; CREATE TABLE a (x longtext)"), "");
  EXPECT_EQ(foreign_sql("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE a (x longtext)"), "MySQL")
      << "another type";
  EXPECT_EQ(foreign_sql("CREATE TABLE a (x tinyint)", {"tinyint"}), "");
  for (int i = 5; i < 300; ++i)
    tree.add("migrations/" + std::to_string(i) + "_x.sql",
             i == 50 ? "create domain mediumtext as text;" : "create table x (a mediumtext);");
  EXPECT_EQ(Found(tree.path()).inputs.size(), 1u) << "the type is in a file of which no sample is taken";
}

TEST(MigrationTools, SeveralToolsInOneRepositoryAreInputsOfTheirOwn) {
  const TempTree tree{{"package.json", "{}"},
                      {"api/migrations/1_a.sql", "-- +goose Up\nCREATE TABLE a ();"},
                      {"web/prisma/migrations/1_a/migration.sql", "CREATE TABLE b ();"},
                      {"web/prisma/migrations/1_a/rollback/1_undo.sql", "DROP TABLE b;"}};
  const Found found(tree.path());
  ASSERT_EQ(found.inputs.size(), 2u);
  EXPECT_EQ(found.inputs[0].what(), "goose migrations (1 file)");
  EXPECT_EQ(found.inputs[1].what(), "prisma migrations (1 file)");
}

TEST(MigrationTools, FilesBesideThoseOfGolangMigrateAreAnotherRunners) {
  const auto tool = [](std::initializer_list<std::pair<std::string, std::string>> files) {
    const TempTree tree(files);
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    return found && found->size() == 1 ? found->front().what() : "";
  };
  EXPECT_EQ(
      tool({{"migrations/1.do.a.sql", ""}, {"migrations/1.undo.a.sql", ""}, {"migrations/10.do.sql", ""}}),
      "postgrator migrations (2 files)");
  EXPECT_EQ(
      tool({{"migrations/1_a.up.sql", ""}, {"migrations/1_a.down.sql", ""}, {"migrations/2_b.up.sql", ""}}),
      "golang-migrate migrations (2 files)");
  EXPECT_EQ(
      tool({{"migrations/1_a.up.sql", ""}, {"migrations/1_a.down.sql", ""}, {"migrations/2_b.sql", ""}}),
      "numbered migrations (2 files)");
}

TEST(MigrationTools, WhatTurnsTheTransactionOffIsSeen) {
  const auto transaction = [](std::initializer_list<std::pair<std::string, std::string>> files) {
    const TempTree tree(files);
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    if (!found || found->size() != 1) return Migration::Transaction::unknown;
    CheckedMigrations checked;
    checked.files.insert(found->front().files.back().path);
    EXPECT_TRUE(load(found->front(), checked, diagnostics));
    return checked.found.size() == 1 ? checked.found.front().transaction : Migration::Transaction::unknown;
  };
  const std::string index = "CREATE INDEX CONCURRENTLY i ON t (a);\n";
  using Transaction = Migration::Transaction;
  EXPECT_EQ(transaction({{"migrations/1_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\n" + index +
                                                    "-- +goose Down\nDROP INDEX i;\n"}}),
            Transaction::none);
  EXPECT_EQ(transaction({{"migrations/1_a.sql", "-- +goose Up\n" + index}}), Transaction::file);
  EXPECT_EQ(transaction(
                {{"migrations/1_a.sql", "-- migrate:up transaction:false\n" + index + "-- migrate:down\n"}}),
            Transaction::none);
  EXPECT_EQ(
      transaction({{"migrations/1_a.sql", "-- +migrate Up notransaction\n" + index + "-- +migrate Down\n"}}),
      Transaction::none);
  EXPECT_EQ(transaction({{"migrations/2024-01-01-000000_a/up.sql", index},
                         {"migrations/2024-01-01-000000_a/metadata.toml", "run_in_transaction = false\n"}}),
            Transaction::none);
  EXPECT_EQ(transaction({{"migrations/2024-01-01-000000_a/up.sql", index}}), Transaction::file);
  const std::string go_mod = "require github.com/ory/pop/v6 v6.4.2\n";
  EXPECT_EQ(transaction({{"go.mod", go_mod}, {"migrations/1_a.up.sql", index}}), Transaction::file);
  EXPECT_EQ(transaction({{"go.mod", go_mod}, {"migrations/1_a.autocommit.up.sql", index}}),
            Transaction::script);
}

// Files of sqlx and of golang-migrate have the same names.
TEST(MigrationTools, TheToolOfTheFolderDecidesOnTheTransaction) {
  const auto facts = [](const std::string& text) {
    const TempTree tree{{"Cargo.toml", "sqlx = { features = [\"postgres\"] }"},
                        {"migrations/1_a.up.sql", text},
                        {"migrations/1_a.down.sql", ""}};
    const Found found(tree.path());
    return describe_migration(found.inputs.at(0), found.inputs.at(0).files.at(0), text);
  };
  EXPECT_EQ(facts("CREATE INDEX i ON t (a);").tool, "sqlx");
  EXPECT_EQ(facts("CREATE INDEX i ON t (a);").transaction, Migration::Transaction::file);
  EXPECT_EQ(facts("-- no-transaction\nCREATE INDEX i ON t (a);").transaction, Migration::Transaction::none);
}

}  // namespace
}  // namespace pgadvise::migrations
