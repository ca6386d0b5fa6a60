#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "drizzle/kit/journal.h"
#include "files/files.h"
#include "files/tree.h"
#include "migrations/folders/find_schemas.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;

const char* journal(const char* dialect) {
  static std::string out;
  out = std::string(R"({"version":"7","dialect":")") + dialect + R"(","entries":[
    {"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true},
    {"idx":1,"version":"7","when":2,"tag":"0002_c","breakpoints":true},
    {"idx":2,"version":"7","when":3,"tag":"0001_b","breakpoints":true}]})";
  return out.c_str();
}

std::vector<std::string> entries(const SchemaInput& input) {
  std::vector<std::string> out;
  for (const auto& file : input.files)
    out.push_back(file.entry.empty() ? std::string(files::base_of(file.path)) : file.entry);
  return out;
}

using Names = std::vector<std::string>;

std::vector<std::string> paths_of(const TempTree& tree, Diagnostics& diagnostics) {
  std::vector<std::string> out;
  if (const auto found = find_schemas(tree.path(), diagnostics))
    for (const auto& input : *found) out.push_back(files::relative_to(input.path, tree.path()));
  return out;
}

TEST(FindSchemas, ReplaysInJournalOrderAndNamesMissingAndOrphanFiles) {
  const TempTree tree{{"meta/_journal.json", journal("postgresql")},
                      {"0000_a.sql", ""},
                      {"0001_b.sql", ""},
                      {"0009_x.sql", ""}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().kind, SchemaKind::migrations);
  EXPECT_EQ(found->front().tool->id(), "drizzle");
  EXPECT_EQ(entries(found->front()), (Names{"0000_a", "0001_b"}));
  EXPECT_EQ(found->front().what(), "drizzle migrations (2 files)");
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_NE(diagnostics[0].what.find("0002_c"), std::string::npos);
  EXPECT_NE(diagnostics[1].where.find("0009_x.sql"), std::string::npos);
}

TEST(FindSchemas, JournalOfAnotherDatabaseIsAnErrorByNameAndALineInARepository) {
  const TempTree tree{{"package.json", "{}"},
                      {"drizzle/meta/_journal.json", journal("sqlite")},
                      {"db/meta/_journal.json", journal("pg")},
                      {"db/0000_a.sql", ""}};
  Diagnostics diagnostics;
  const auto named = find_schemas(tree.path("drizzle"), diagnostics);
  ASSERT_FALSE(named);
  EXPECT_NE(named.error().what.find("sqlite"), std::string::npos);
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().path, tree.path("db"));
}

TEST(FindSchemas, SaysWhichScriptsOfARepositoryAreNotRead) {
  const char* table = "CREATE TABLE t (id bigint);";
  const TempTree tree{{"go.mod", ""},
                      {"store/setup/a.sql", table},
                      {"store/setup/b.sql", "ALTER TABLE t ADD c int;"},
                      {"store/mysql/0.21/00__a.sql", table},
                      {"seeds/a.sql", "INSERT INTO t VALUES (1);"},
                      {"tests/x.sql", table},
                      {"assets/syntaxes/syntax_test_postgres.sql", table},
                      {"db/migrations/0001_x.up.sql", table},
                      {"sql/my.sql", "CREATE TABLE `t` (id int AUTO_INCREMENT) ENGINE=InnoDB;"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1u);
  ASSERT_EQ(diagnostics.size(), 2u) << diagnostics.front().line();
  EXPECT_TRUE(diagnostics[0].what.ends_with("known migration tool: store/setup (2 scripts)"))
      << diagnostics[0].line();
  EXPECT_EQ(diagnostics[0].hint, "to read the SQL: pgadvise check " + tree.path("store/setup"));
  EXPECT_TRUE(find_schemas(tree.path("store/setup"), diagnostics).value().size() == 1) << "the hint works";
  EXPECT_EQ(diagnostics[1].what,
            "pgadvise left out the SQL of tests, fixtures and documentation: tests (1 script)");
  EXPECT_EQ(diagnostics[1].hint,
            "to read it all the same: pgadvise check --schema " + tree.path("tests/x.sql"));
  Diagnostics of_scripts;
  EXPECT_TRUE(find_schemas(TempTree{{"a.sql", table}, {"b.sql", table}}.path(), of_scripts));
  EXPECT_TRUE(of_scripts.empty()) << "they are read";
}

// Scripts without an order are read without those that drop what the others create; the folder that is
// proposed is the one with the schema, not the one with most scripts.
TEST(FindSchemas, TheFolderThatCreatesTheSchemaIsProposed) {
  const TempTree tree{
      {"go.mod", ""},
      {"admin/sql/CreateTables.sql", "CREATE TABLE a (id int); CREATE TABLE s.b (a int); CREATE TABLE c ();"},
      {"admin/sql/CreateKeys.sql", "ALTER TABLE ONLY s.b ADD FOREIGN KEY (a) REFERENCES public.a (id);"},
      {"admin/sql/DropKeys.sql",
       "\\set ON_ERROR_STOP 1\nSET search_path = s;\nALTER TABLE b DROP CONSTRAINT k;"},
      {"admin/sql/DropTables.sql", "-- all\nDROP TABLE a, s.b;\nDROP TABLE c;"},
      {"admin/sql/updates/1a.sql", "CREATE TABLE d (a int); ALTER TABLE x ADD a int;"},
      {"admin/sql/updates/1b.sql", "CREATE TABLE e (a int REFERENCES y);"},
      {"admin/sql/updates/1c.sql", "ALTER TABLE z ADD a int;"},
      {"admin/sql/updates/1d.sql", "ALTER TABLE zz DROP a, ADD b int;"},
      {"admin/sql/updates/1e.sql", "ALTER TABLE zzz ADD a int;"}};
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of(tree, diagnostics), Names{});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].hint, "to read the SQL: pgadvise check " + tree.path("admin/sql"));
  diagnostics.clear();
  const auto found = find_schemas(tree.path("admin/sql"), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().files.size(), 2u);
  bool named = false;
  for (const auto& error : diagnostics)
    named = named || error.what.ends_with("have no order: DropKeys.sql, DropTables.sql");
  EXPECT_TRUE(named);
  Diagnostics of_drops;
  const TempTree drops{{"a.sql", "DROP TABLE a;"}, {"b.sql", "BEGIN; DROP TABLE b; COMMIT;"}};
  EXPECT_EQ(find_schemas(drops.path(), of_drops)->front().files.size(), 2u) << "there is nothing else";
  EXPECT_TRUE(of_drops.empty());
}

TEST(FindSchemas, ScriptsOfSqlcAreNoSchemaBesideMigrations) {
  const char* table = "CREATE TABLE t (id bigint);";
  const auto told = [&](const std::string& name, const std::string& config, bool migrations) {
    const TempTree tree{{"go.mod", ""},
                        {"gen/dump/a.sql", table},
                        {"gen/dump/b.sql", table},
                        {"gen/q.sql", table},
                        {"gen/" + name, config}};
    if (migrations) tree.add("db/migrations/0001_x.up.sql", table);
    Diagnostics diagnostics;
    EXPECT_TRUE(find_schemas(tree.path(), diagnostics));
    std::string out;
    for (const auto& error : diagnostics) out += error.what + "\n";
    return out.substr(std::min(out.size(), out.rfind(": ") + 2));
  };
  const std::string yaml =
      "version: \"2\"\nsql:\n  - engine: postgresql\n    queries:\n      - 'q.sql' # all\n    schema: dump\n";
  EXPECT_EQ(told("sqlc.yaml", yaml, true), "");
  EXPECT_EQ(told("sqlc.yml", "schema: [\"dump/*.sql\"]\nqueries: ./q.sql\n", true), "");
  EXPECT_EQ(
      told("sqlc.json", "{\"schema\": [\n\"dump/a.sql\",\n\"dump/b.sql\"],\n\"queries\": \"q.sql\"}", true),
      "");
  EXPECT_EQ(told("other.yaml", yaml, true), "gen (3 scripts)\n");
  EXPECT_EQ(told("sqlc.yaml", yaml, false), "gen/dump (2 scripts)\n") << "nothing else describes the schema";
}

TEST(FindSchemas, BrokenJournalIsOneLineWithItsPlace) {
  const TempTree tree{{"meta/_journal.json", "{\n  \"version\": \"7\",\n  oops\n}"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().line().find("_journal.json:3:3: broken JSON ("), std::string::npos)
      << found.error().line();
}

TEST(FindSchemas, JournalTagsCannotLeaveTheFolder) {
  const TempTree tree{{"d/meta/_journal.json",
                       R"({"dialect":"pg","entries":[{"tag":"../secret"},{"tag":7},{"tag":"0000_a"}]})"},
                      {"d/0000_a.sql", ""},
                      {"secret.sql", ""}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path("d"), diagnostics);
  ASSERT_TRUE(found);
  EXPECT_EQ(entries(found->front()), (Names{"0000_a"}));
  EXPECT_EQ(diagnostics.size(), 2u);
}

TEST(FindSchemas, FolderOfSqlComesInNaturalOrderWithoutDownMigrations) {
  const TempTree tree{{"10_c.sql", ""},     {"2_b.sql", ""},  {"1_a.sql", ""},
                      {"1_a.down.sql", ""}, {"down.sql", ""}, {"notes.md", ""}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().kind, SchemaKind::migrations);
  EXPECT_EQ(entries(found->front()), (Names{"1_a", "2_b", "10_c"}));
}

TEST(FindSchemas, PrismaAndDrizzleOneFoldersComeInFolderOrder) {
  const TempTree tree{{"prisma/migrations/20240202000000_b/migration.sql", ""},
                      {"prisma/migrations/20240101000000_a/migration.sql", ""},
                      {"prisma/migrations/migration_lock.toml", "provider = \"postgresql\""},
                      {"drizzle/20240101000000_a/migration.sql", ""},
                      {"drizzle/20240101000000_a/snapshot.json", "{}"},
                      {"lite/migrations/20240101000000_a/migration.sql", ""},
                      {"lite/migrations/migration_lock.toml", "provider = \"sqlite\""},
                      {"package.json", "{}"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].tool->id(), "drizzle v1");
  EXPECT_EQ((*found)[1].tool->id(), "prisma");
  EXPECT_EQ(entries((*found)[1]), (Names{"20240101000000_a", "20240202000000_b"}));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].what, "prisma migrations of another database (sqlite)");
}

TEST(FindSchemas, LooseSqlInARepositoryIsNotGuessedAt) {
  const TempTree tree{{"package.json", "{}"},
                      {"seed.sql", ""},
                      {"sql/report.sql", ""},
                      {"node_modules/x/meta/_journal.json", journal("pg")}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->empty());
}

TEST(FindSchemas, MissingPathAndForeignFilesAreErrors) {
  const TempTree tree{{"a.dump", "PGDMP\x01"}, {"b.json", "{}"}};
  Diagnostics diagnostics;
  EXPECT_EQ(find_schemas(tree.path("none"), diagnostics).error().kind, Error::Kind::input);
  EXPECT_NE(find_schemas(tree.path("a.dump"), diagnostics).error().hint.find("pg_restore"),
            std::string::npos);
  EXPECT_FALSE(find_schemas(tree.path("b.json"), diagnostics));
}

TEST(FindSchemas, WithoutTheSqlTheLastSnapshotIsRead) {
  const TempTree tree{{"meta/_journal.json", journal("pg")},
                      {"meta/0001_snapshot.json", "{}"},
                      {"meta/0000_snapshot.json", "{}"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().kind, SchemaKind::drizzle_snapshot);
  EXPECT_EQ(found->front().path, tree.path("meta/0001_snapshot.json"));
  EXPECT_EQ(diagnostics.size(), 1u);
}

TEST(FindSchemas, ASnapshotThatIsNotOfTheLastMigrationIsNotTheSchema) {
  const TempTree old{{"meta/_journal.json", journal("pg")}, {"meta/0000_snapshot.json", "{}"}};
  const TempTree by_hand{{"meta/_journal.json", journal("pg")},
                         {"meta/0001_snapshot.json", "{}"},
                         {"0004_by_hand.sql", "CREATE INDEX ON t (a);"}};
  const TempTree whole{
      {"meta/_journal.json", journal("pg")}, {"meta/0001_snapshot.json", "{}"}, {"0000_a.sql", ""}};
  for (const TempTree* tree : {&old, &by_hand, &whole}) {
    Diagnostics diagnostics;
    const auto found = find_schemas(tree->path(), diagnostics);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->front().incomplete);
    EXPECT_EQ(found->front().kind, SchemaKind::migrations);
    EXPECT_EQ(found->size(), tree == &whole ? 2u : 1u) << "the snapshot is read beside the files";
    EXPECT_EQ(diagnostics[0].what.find("can't know the schema") == std::string::npos, tree == &whole)
        << diagnostics[0].line();
  }
}

TEST(FindSchemas, TheLineThatKeepsMigrationsOutOfGitIsNamed) {
  const TempTree tree{{".git/HEAD", ""},
                      {".gitignore", "node_modules\n# generated\n/drizzle/*.sql\n"},
                      {"drizzle/meta/_journal.json", journal("pg")}};
  Diagnostics diagnostics;
  ASSERT_TRUE(find_schemas(tree.path("drizzle"), diagnostics));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(
      diagnostics[0].what.find("3 of the 3 files that the journal names are missing (0000_a.sql, 0002_c.sql "
                               "and 1 more), as git ignores them (" +
                               tree.path(".gitignore") + ":3: /drizzle/*.sql)"),
      std::string::npos)
      << diagnostics[0].line();
}

TEST(Introspection, TheCommentedFirstMigrationIsPartOfTheSchema) {
  const std::string sql =
      "-- Current sql file was generated after introspecting the database\n/*\nCREATE TABLE t ();\n*/\n";
  const std::string out = drizzle::uncomment_introspection(sql);
  EXPECT_EQ(out.size(), sql.size());
  EXPECT_EQ(out.find("*/"), std::string::npos);
  EXPECT_EQ(drizzle::uncomment_introspection(sql + "SELECT 1;"), sql + "SELECT 1;");
  EXPECT_EQ(drizzle::uncomment_introspection("/* a */"), "/* a */");
}

TEST(NaturalOrder, ComparesNumbersByValue) {
  EXPECT_TRUE(files::natural_less("V2__a", "V10__a"));
  EXPECT_TRUE(files::natural_less("0009_z", "0010_a"));
  EXPECT_FALSE(files::natural_less("b", "a10"));
  EXPECT_FALSE(files::natural_less("a", "a"));
  EXPECT_NE(files::natural_less("01", "1"), files::natural_less("1", "01"));
}

TEST(FindSchemas, SchemaThatIsAProgramIsNamedWithWhatChecksIt) {
  const auto told = [](std::initializer_list<std::pair<std::string, std::string>> files) {
    const TempTree tree(files);
    Diagnostics diagnostics;
    EXPECT_TRUE(find_schemas(tree.path(), diagnostics));
    std::string out;
    for (const auto& error : diagnostics) out += error.line() + "\n";
    return out;
  };
  EXPECT_NE(told({{"db/schema.rb", ""}, {"Gemfile", "gem 'pg'"}}).find("structure.sql"), std::string::npos);
  EXPECT_EQ(told({{"db/schema.rb", ""}, {"Gemfile", "gem 'mysql2'"}}), "");
  EXPECT_NE(told({{"db/migrate/001_a.rb", ""}, {"Gemfile", "gem 'pg'"}}).find("001_a.rb: Rails keeps"),
            std::string::npos)
      << "schema.rb is not in git";
  const std::string rails =
      told({{"db/migrate/001_a.rb", ""}, {"db/schema.rb", ""}, {"Gemfile", "gem 'pg'"}});
  EXPECT_NE(rails.find("schema.rb: Rails keeps"), std::string::npos) << rails;
  EXPECT_NE(rails.find("--migrate-with 'bin/rails db:migrate'; or config."), std::string::npos) << rails;
  EXPECT_EQ(std::count(rails.begin(), rails.end(), '\n'), 1) << rails;
  EXPECT_EQ(told({{"db/migrate/001_a.rb", ""},
                  {"db/structure.sql", "SET statement_timeout = 0;"},
                  {"Gemfile", "gem 'pg'"}}),
            "");
  EXPECT_NE(told({{"app/migrations/versions/ab12_x.py", ""}, {"setup.py", "psycopg"}}).find("Alembic"),
            std::string::npos)
      << "without an alembic.ini";
  EXPECT_NE(told({{"db/migrations/001_a.cjs", ""},
                  {"package.json", R"({"dependencies": {"pg": "8", "knex": "3"}})"}})
                .find("Knex"),
            std::string::npos);
  EXPECT_NE(told({{"src/migrations/20141020151056-init.js", ""},
                  {"package.json", R"({"dependencies": {"db-migrate": "1", "db-migrate-pg": "1", "pg": "8",
                                                        "knex": "3"}})"}})
                .find("db-migrate's migrations are programs, which pgadvise does not run (to check the "
                      "migrations: pgadvise check --migrate-with 'npx db-migrate up'; or --db)"),
            std::string::npos);
  EXPECT_NE(told({{"priv/audit_repo/migrations/1_a.exs", ""}, {"mix.exs", ":postgrex"}}).find("Ecto"),
            std::string::npos);
  const std::string django = told({{"app/migrations/0001_initial.py", ""}, {"pyproject.toml", "psycopg"}});
  EXPECT_TRUE(django.ends_with(
      "app/migrations/0001_initial.py: Django's migrations are programs, which pgadvise does not run (to "
      "check the migrations: pgadvise check --migrate-with 'python manage.py migrate'; or --db)\n"))
      << django;
  EXPECT_NE(told({{"alembic.ini", ""}, {"requirements.txt", "asyncpg==1"}})
                .find("pgadvise check --migrate-with 'alembic upgrade head'; or --db"),
            std::string::npos);
  EXPECT_NE(told({{"drizzle.config.ts", "dialect: 'postgresql'"}, {"package.json", "{}"}})
                .find("drizzle-kit export"),
            std::string::npos);
  EXPECT_EQ(told({{"drizzle.config.ts", "dialect: 'sqlite'"}, {"package.json", "{}"}}), "");
  EXPECT_NE(told({{"src/migrations/1700000000000-init.ts", ""},
                  {"package.json", "{\"dependencies\": {\"pg\": \"8\"}}"}})
                .find("--migrate-with 'CMD'"),
            std::string::npos);
}

TEST(FindSchemas, SchemasInCodeAreNamedBesideSqlOfOtherServices) {
  const auto told = [](const std::vector<std::pair<std::string, std::string>>& files) {
    const TempTree tree{{"svc/db/migrations/1_a.up.sql", "CREATE TABLE a (id bigint PRIMARY KEY);"},
                        {"svc/package.json", R"({"dependencies": {"pg": "8"}})"}};
    for (const auto& [path, text] : files) tree.add(path, text);
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    EXPECT_TRUE(found && found->size() == 1);
    std::string out;
    for (const auto& error : diagnostics)
      out += files::relative_to(error.where, tree.path()) + ": " + error.what + "\n";
    return out;
  };
  const std::string ecto = "{:postgrex, \">= 0.0.0\"}";
  EXPECT_EQ(
      told({{"mix.exs", ecto},
            {"priv/repo/migrations/.formatter.exs", ""},
            {"priv/repo/migrations/20240101_a.exs", ""}}),
      "priv/repo/migrations/20240101_a.exs: Ecto's migrations are programs, which pgadvise does not run\n");
  EXPECT_EQ(
      told({{"a/mix.exs", ecto},
            {"a/priv/repo/migrations/1_a.exs", ""},
            {"a/priv/repo/migrations/2_a.exs", ""},
            {"b/mix.exs", ecto},
            {"b/priv/repo/migrations/1_a.exs", ""},
            {"c/mix.exs", "{:myxql, \"1\"}"},
            {"c/priv/repo/migrations/1_a.exs", ""},
            {"d/mix.exs", ecto},
            {"d/priv/repo/migrations/1_a.exs", ""}}),
      "a/priv/repo/migrations/1_a.exs: Ecto's migrations are programs, which pgadvise does not run; also in "
      "b/priv/repo/migrations and d/priv/repo/migrations\n");
  EXPECT_EQ(told({{"shop/db/schema.rb", ""}, {"shop/Gemfile", "gem 'pg'"}}),
            "shop/db/schema.rb: Rails keeps its schema in Ruby, which pgadvise does not read\n");
  EXPECT_EQ(told({{"svc/db/migrations/20240101120000_a.js", ""}}), "") << "beside the SQL";
}

TEST(FindSchemas, TemplatesOfMigrationsAreLeftOutAndNamed) {
  const TempTree tree{{"sql/migrations/sql/1_a.up.sql", "CREATE TABLE a (id bigint PRIMARY KEY);"},
                      {"sql/migrations/templates/1_a.up.sql", "CREATE TABLE a (id bigint PRIMARY KEY);"},
                      {"go.mod", ""}};
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of(tree, diagnostics), Names{"sql/migrations/sql"});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].where, tree.path("sql/migrations/templates"));
  EXPECT_EQ(diagnostics[0].what, "was not read: no application runs migrations of a folder named templates");
  const auto named = find_schemas(tree.path("sql/migrations/templates"), diagnostics);
  EXPECT_TRUE(named && named->size() == 1) << "the hint works";
}

TEST(FindSchemas, SchemaSqlSpeaksWhereNothingElseDoes) {
  const std::string make = "CREATE TABLE t (id int);";
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of({{"package.json", "{}"},
                      {"db/schema.sql", make},
                      {"tests/schema.sql", make},
                      {"init.sql", "SELECT 1"}},
                     diagnostics),
            Names{"db/schema.sql"});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].what.find("left out"), std::string::npos);
  diagnostics.clear();
  EXPECT_EQ(paths_of({{"package.json", "{}"},
                      {"db/schema.sql", make},
                      {"migrations/001_a.sql", make},
                      {"migrations/schema.sql", make}},
                     diagnostics),
            Names{"migrations"});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].line().find("db/schema.sql: was not read"), std::string::npos)
      << diagnostics[0].line();
  EXPECT_NE(diagnostics[0].hint.find("pgadvise check"), std::string::npos);
}

// Folders that are named by versions, by value, and a dump of them that is no second schema.
TEST(FindSchemas, FoldersOfVersionsAreOneSequence) {
  const std::string make = "CREATE TABLE t (id int);";
  const auto entries_of = [](const TempTree& tree) {
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    Names out;
    if (found && found->size() == 1) {
      out = entries(found->front());
      out.insert(out.begin(), files::relative_to(found->front().path, tree.path()));
    }
    return out;
  };
  EXPECT_EQ(entries_of({{"go.mod", ""},
                        {"migration/3.9/0000##t.sql", make},
                        {"migration/3.10/0001##b.sql", "ALTER TABLE t ADD b int;"},
                        {"migration/3.10/0000##a.sql", "ALTER TABLE t ADD a int;"},
                        {"migration/LATEST.sql", "CREATE TABLE t (id int, a int, b int);"}}),
            (Names{"migration", "3.9/0000##t", "3.10/0000##a", "3.10/0001##b"}));
  EXPECT_EQ(entries_of({{"go.mod", ""},
                        {"db/schema.sql", make},
                        {"db/versioned/v1.0/schema.sql", make},
                        {"db/versioned/v1.1/add.sql", "CREATE INDEX ON t (id);"}}),
            (Names{"db/versioned", "v1.0/schema", "v1.1/add"}));
  EXPECT_EQ(entries_of({{"go.mod", ""},
                        {"db/versioned/v1.0/schema.sql", make},
                        {"db/versioned/v1.1/up.sql", "ALTER TABLE t ADD a int;"},
                        {"db/versioned/v1.1/down.sql", "ALTER TABLE t DROP a;"}}),
            (Names{"db/versioned", "v1.0/schema", "v1.1/up"}));
  EXPECT_EQ(entries_of({{"go.mod", ""},
                        {"db/versioned/01/schema.sql", make},
                        {"db/versioned/02/up.sql", "ALTER TABLE t ADD a int;"}}),
            (Names{"db/versioned", "01/schema", "02/up"}));
  EXPECT_EQ(entries_of({{"Cargo.toml", ""},
                        {"migrations/2024-01-01-000000_a/up.sql", make},
                        {"migrations/01_b/up.sql", "ALTER TABLE t ADD a int;"}}),
            (Names{"migrations", "01_b", "2024-01-01-000000_a"}))
      << "Diesel's";
  EXPECT_EQ(entries_of({{"go.mod", ""},
                        {"schema/delta/01/a.sql", make},
                        {"schema/delta/02/a.sql", "ALTER TABLE t ADD a int;"},
                        {"schema/delta/02/a.down.sql", "ALTER TABLE t DROP a;"}}),
            (Names{"schema/delta", "01/a", "02/a"}));
  EXPECT_EQ(entries_of({{"go.mod", ""},
                        {"storage/migrations/postgres/V0010.b.up.sql", "ALTER TABLE t ADD a int;"},
                        {"storage/migrations/postgres/V0009.a.up.sql", make},
                        {"storage/migrations/postgres/V0009.a.down.sql", "DROP TABLE t;"},
                        {"storage/migrations/mysql/V0009.a.up.sql", make}}),
            (Names{"storage/migrations/postgres", "V0009.a", "V0010.b"}));
}

TEST(FindSchemas, VersionsThatMakeNoSchemaTogetherAreNone) {
  const std::string make = "CREATE TABLE t (id int);", change = "ALTER TABLE t ADD a int;";
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of({{"go.mod", ""},
                      {"migration/LATEST.sql", make},
                      {"migration/3.1/a.sql", change},
                      {"migration/3.2/a.sql", "CREATE TABLE u (id int);"}},
                     diagnostics),
            Names{"migration/LATEST.sql"})
      << "the first versions were deleted";
  EXPECT_EQ(
      paths_of({{"go.mod", ""}, {"sql/v9/schema.sql", make}, {"sql/v10/schema.sql", make}}, diagnostics),
      Names{"sql/v10/schema.sql"})
      << "each makes the whole schema";
  EXPECT_EQ(paths_of({{"go.mod", ""}, {"course/01/a.sql", make}, {"course/02/a.sql", change}}, diagnostics),
            Names{})
      << "chapters";
  EXPECT_EQ(paths_of({{"go.mod", ""}, {"migrations/seeds/01_a.sql", make}}, diagnostics), Names{});
}

// The newest version's folder is proposed, not the one with most scripts.
TEST(FindSchemas, ASchemaReadInPlaceOfVersionsIsNamed) {
  const std::string change = "ALTER TABLE t ADD a int;";
  const TempTree tree{{"go.mod", ""},
                      {"store/migration/LATEST.sql", "CREATE TABLE t (id int);"},
                      {"store/migration/0.9/00__a.sql", change},
                      {"store/migration/0.10/00__a.sql", change},
                      {"store/migration/0.10/01__a.sql", "CREATE TABLE u (id int);"},
                      {"store/migration/0.11/00__a.sql", change}};
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of(tree, diagnostics), Names{"store/migration/LATEST.sql"});
  ASSERT_EQ(diagnostics.size(), 1u) << diagnostics[1].line();
  EXPECT_EQ(diagnostics[0].where, tree.path("store/migration"));
  EXPECT_EQ(
      diagnostics[0].what,
      "pgadvise read LATEST.sql in place of the folders of versions, 0.9 to 0.11, which do not create the "
      "schema together");
  EXPECT_TRUE(diagnostics[0].hint.ends_with("pgadvise check " + tree.path("store/migration/0.11")))
      << diagnostics[0].hint;
}

TEST(FindSchemas, ScriptsThatProgramsReadAreNoMigrations) {
  const std::string program =
      "from django.db import migrations\nclass Migration(migrations.Migration):\n    pass\n";
  TempTree tree{{"manage.py", ""},
                {"settings.py", "ENGINE = 'django.db.backends.postgresql'"},
                {"shop/migrations/0001_initial.py", program},
                {"shop/migrations/0002_b.py", program},
                {"shop/migrations/0003_c.py", program},
                {"shop/migrations/sql/0002_b.sql", "UPDATE shop_order SET total = 0;"},
                {"shop/migrations/sql/0002_b_reverse.sql", "UPDATE shop_order SET total = NULL;"}};
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of(tree, diagnostics), Names{});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_TRUE(diagnostics[0].what.starts_with("Django's migrations are programs")) << diagnostics[0].line();
}

TEST(FindSchemas, TestsAndFixturesAreLeftOutAndNamed) {
  const std::string make = "CREATE TABLE t (id int);";
  Diagnostics diagnostics;
  EXPECT_EQ(paths_of({{"package.json", "{}"},
                      {"plugin/sdl_testdata/enums/ddl.sql", make},
                      {"sdks/js/test-app/prisma/migrations/20240101000000_a/migration.sql", make},
                      {"sdks/js/test-app/prisma/migrations/migration_lock.toml", "provider = \"postgresql\""},
                      {"test_helpers/schema.sql", make},
                      {"integration-tests/drizzle/meta/_journal.json", journal("pg")},
                      {"integration-tests/drizzle/0000_a.sql", make},
                      {"popx/stub/migrations/0001_a.sql", make},
                      {"api/sql_stubs/schema.sql", make},
                      {"packages/ab-test/migrations/0001_a.sql", make},
                      {"packages/pay_stubs/migrations/0001_a.sql", make},
                      {"latest/migrations/0001_a.sql", make}},
                     diagnostics),
            (Names{"latest/migrations", "packages/ab-test/migrations", "packages/pay_stubs/migrations"}));
  ASSERT_EQ(diagnostics.size(), 1u) << diagnostics[0].line();
  EXPECT_TRUE(
      diagnostics[0].what.ends_with("documentation: api/sql_stubs (1 script), integration-tests (1 "
                                    "script), plugin/sdl_testdata (1 script), popx/stub (1 script), "
                                    "sdks/js/test-app (1 script) and 1 more"))
      << diagnostics[0].line();
}

TEST(FindSchemas, AMigrationNamedAfterATestIsRead) {
  TempTree tree{
      {"prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
      {"prisma/migrations/20220101000000_init/migration.sql", "CREATE TABLE t (id int PRIMARY KEY);"},
      {"prisma/migrations/20220102000000_run_is_test/migration.sql",
       "ALTER TABLE t ADD COLUMN is_test boolean;"}};
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().files.size(), 2u);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.front().line();
  for (const auto* folder : {"20220102000000_run_is_test", "001-test"})
    EXPECT_EQ(files::folder_of_tests(std::string("db/") + folder + "/up.sql"), "") << folder;
}

TEST(FindSchemas, DatabasesThatTheProjectNames) {
  const std::string make = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);";
  const auto reason = [&](std::initializer_list<std::pair<std::string, std::string>> files) {
    TempTree tree(files);
    tree.add("app/migrations/0001_a.sql", make);
    tree.add("Cargo.toml", "[workspace]");
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    if (found && found->size() == 1 && diagnostics.empty()) return std::string("read");
    return diagnostics.empty() ? std::string() : diagnostics[0].what;
  };
  EXPECT_EQ(reason({{"app/.sqlx/query-1.json", R"({"db_name": "SQLite", "query": "SELECT 1"})"}}),
            "numbered migrations of another database (SQLite, according to app/.sqlx/query-1.json)");
  EXPECT_EQ(reason({{"app/Cargo.toml", "sqlx = { version = \"0.8\", features = [\"sqlite\"] }"}}),
            "sqlx migrations of another database (SQLite, according to app/Cargo.toml)");
  EXPECT_EQ(reason({{"app/Cargo.toml", "sqlx = { features = [\"mysql\"] }"}}),
            "sqlx migrations of another database (MySQL, according to app/Cargo.toml)");
  EXPECT_EQ(reason({{"app/Cargo.toml", "sqlx = { features = [\"postgres\"] }"},
                    {".sqlx/query-1.json", R"({"db_name": "SQLite"})"}}),
            "read")
      << "the nearest file decides";
  EXPECT_EQ(reason({{"app/Cargo.toml", "sqlx = { features = [\"postgres\", \"sqlite\"] }"}}), "read");
  EXPECT_EQ(reason({{"app/drizzle.config.ts", "export default { dialect: 'sqlite', out: './migrations' }"}}),
            "numbered migrations of another database (sqlite, according to app/drizzle.config.ts)");
  EXPECT_EQ(reason({{"app/drizzle.config.ts", "export default { dialect: 'sqlite', out: './other' }"}}),
            "read");
}

TEST(FindSchemas, DatabasesThatFilesAndSnapshotsName) {
  const std::string make = "CREATE TABLE t (id int);";
  Diagnostics diagnostics;
  const TempTree tree{{"go.mod", ""},
                      {"migrations/1_a.postgres.up.sql", make},
                      {"migrations/1_a.cockroach.up.sql", make},
                      {"migrations/1_a.mysql.up.sql", make},
                      {"migrations/1_a.sqlite3.up.sql", make}};
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(entries(found->front()), Names{"1_a.postgres"});
  EXPECT_EQ(paths_of({{"package.json", "{}"},
                      {"drizzle/20240101000000_a/migration.sql", make},
                      {"drizzle/20240101000000_a/snapshot.json", R"({"dialect": "sqlite"})"}},
                     diagnostics),
            Names{});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].what, "drizzle migrations of another database (sqlite)");
}

TEST(FindSchemas, OtherDatabasesScriptsAreNamedByTheirs) {
  const auto refused = [](const std::string& script) {
    const TempTree tree{{"a.sql", script}, {"package.json", "{}"}, {"schema.sql", script}};
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path("a.sql"), diagnostics);
    EXPECT_EQ(paths_of(tree, diagnostics).empty(), !found.has_value()) << script;
    return found ? std::string() : found.error().what;
  };
  EXPECT_EQ(refused("-- MySQL dump\nDROP TABLE IF EXISTS `a`;\nCREATE TABLE `a` (\n `id` int(11) NOT NULL "
                    "AUTO_INCREMENT\n) ENGINE=InnoDB;"),
            "is SQL of another database (MySQL)");
  EXPECT_EQ(refused("create table a (id int unsigned primary key, at datetime not null);"),
            "is SQL of another database (MySQL)");
  EXPECT_EQ(refused("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE a (id INTEGER PRIMARY KEY);"),
            "is SQL of another database (SQLite)");
  EXPECT_EQ(refused("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);"),
            "is SQL of another database (SQLite)");
  EXPECT_EQ(refused("create table a (at datetime, b blob);"), "is SQL of another database (MySQL or SQLite)");
  EXPECT_EQ(refused("create table a (at int default (strftime('%s', 'now')));"),
            "is SQL of another database (SQLite)");
  EXPECT_EQ(
      refused("create table a (id int); create table b (id int); create table c (\n  at integer not null "
              "default (strftime ('%s', 'now')));"),
      "is SQL of another database (SQLite)")
      << "one statement decides";
  EXPECT_EQ(refused("create table a (id int); create table b (at text default (datetime('now')));"),
            "is SQL of another database (SQLite)");
  EXPECT_EQ(refused("create table a (id int); create table b (id int primary key) without rowid;"),
            "is SQL of another database (SQLite)");
  EXPECT_EQ(
      refused("create function strftime(text) returns text language sql as 'select $1'; create table a (at "
              "text default (strftime('%s')));"),
      "");
  EXPECT_EQ(refused("create table a (id int); alter table a modify column id bigint;"),
            "is SQL of another database (MySQL)");
  EXPECT_EQ(refused("create table a (id int); insert or ignore into a values (1);"),
            "is SQL of another database (SQLite)");
  EXPECT_EQ(refused("create domain datetime as timestamptz; create table a (at datetime);"), "");
  // Words in comments and strings, and columns that are called so.
  EXPECT_EQ(refused("CREATE TABLE a (id int, -- `id`, unlike MySQL's auto_increment\n b text DEFAULT '`', "
                    "datetime timestamptz, /* int(11) */ \"unsigned\" bool, UNIQUE (datetime));"),
            "");
  EXPECT_EQ(refused("SELECT '`'; CREATE TABLE a (id int); -- `"), "");
}

TEST(FindSchemas, MigrationsThatAreProgramsAreNamedByTheirTool) {
  const auto told = [](std::initializer_list<std::pair<std::string, std::string>> files) {
    const TempTree tree(files);
    Diagnostics diagnostics;
    EXPECT_TRUE(paths_of(tree, diagnostics).empty());
    return diagnostics.size() == 1 ? diagnostics[0].what : std::to_string(diagnostics.size());
  };
  EXPECT_TRUE(told({{"manage.py", ""},
                    {"shop/migrations/0001_initial.py", ""},
                    {"config/settings/base.py", "ENGINE = 'django.contrib.gis.db.backends.postgis'"}})
                  .starts_with("Django's"));
  EXPECT_TRUE(told({{"migrations/20240101120000_a.js", ""},
                    {"package.json", R"({"dependencies": {"knex": "3", "pg": "8"}})"}})
                  .starts_with("Knex's"));
  EXPECT_TRUE(told({{"priv/repo/migrations/20240101_a.exs", ""}, {"mix.exs", "{:postgrex, \">= 0.0.0\"}"}})
                  .starts_with("Ecto's"));
  EXPECT_TRUE(
      told({{"Api/Migrations/20240101_Init.cs", ""},
            {"Api/Api.csproj", "<PackageReference Include=\"Npgsql.EntityFrameworkCore.PostgreSQL\"/>"}})
          .starts_with("Entity Framework's"));
  EXPECT_EQ(told({{"migrations/20240101120000_a.js", ""},
                  {"package.json", R"({"dependencies": {"knex": "3", "mysql2": "8"}})"}}),
            "0");
}

}  // namespace
}  // namespace pgadvise::migrations
