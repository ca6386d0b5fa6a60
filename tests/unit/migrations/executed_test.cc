// Migrations from logs of what real tools executed: fixtures/executed.
#include "migrations/folders/executed.h"

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "log/executed_statements.h"
#include "migrations/folders/schema_load.h"
#include "support/paths.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;
using Transaction = Migration::Transaction;

// Each migration as a line: its words behind |, then its statements with their transactions, renumbered.
std::vector<std::string> lines(const std::vector<ExecutedMigration>& migrations) {
  std::vector<std::string> out;
  for (const auto& migration : migrations) {
    std::string line;
    for (const auto& part : migration.parts) {
      std::string text;
      const std::string flat = replace_all(part.text, "\n", " ");
      for (const auto word : split(flat, ' '))
        if (!trim(word).empty() && text.size() < 40)
          text += (text.empty() ? "" : " ") + std::string(trim(word));
      line += (line.empty() ? "" : "; ") + text + (part.transaction ? " (t)" : "");
    }
    std::string names;
    for (const auto& name : migration.names)
      if (name.size() > 3 && name.find(' ') == std::string::npos) names += " " + name;
    out.push_back(line + " |" + names);
  }
  return out;
}

std::vector<ExecutedStatement> recorded(const std::string& tool) {
  Diagnostics diagnostics;
  auto out = log::read_executed_statements(
      std::string(testing_support::source_dir) + "/fixtures/executed/" + tool + ".log", diagnostics);
  EXPECT_TRUE(out) << tool;
  EXPECT_TRUE(diagnostics.empty()) << tool;
  return out.value_or(std::vector<ExecutedStatement>());
}

std::vector<ExecutedMigration> grouped(const std::string& tool, const OwnTables& own) {
  return group_executed(recorded(tool), own);
}

using Lines = std::vector<std::string>;

TEST(Executed, KnexRecordsAfterEachMigration) {
  EXPECT_EQ(lines(grouped("knex", {.names = {"knex_migrations", "knex_migrations_lock"}, .schemas = {}})),
            (Lines{"create table \"users\" (\"id\" serial primary (t) | 20240101000000_users.js",
                   "SET lock_timeout = '2s'; alter table \"users\" add column \"name\" varchar(255); "
                   "CREATE INDEX CONCURRENTLY users_email ON | 20240201000000_index.js"}));
}

TEST(Executed, TypeormRunsAllInOneTransaction) {
  const auto found = grouped("typeorm", {.names = {"migrations"}, .schemas = {}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].parts.at(0).transaction, found[1].parts.at(1).transaction);
  EXPECT_NE(found[0].parts.at(0).transaction, 0);
  EXPECT_EQ(found[1].parts.size(), 2U);
}

TEST(Executed, AlembicUpdatesOneRow) {
  const OwnTables own{.names = {"alembic_version"}, .schemas = {}, .one_row = true};
  EXPECT_EQ(
      lines(grouped("alembic", own)),
      (Lines{"CREATE TABLE users ( id SERIAL NOT NULL, (t) | aaa111aaa111",
             "ALTER TABLE users ADD COLUMN name TEXT (t); UPDATE users SET name = email (t); CREATE INDEX "
             "CONCURRENTLY users_email ON | bbb222bbb222 aaa111aaa111"}));
}

TEST(Executed, EachToolHasTwoMigrations) {
  for (const auto& [tool, own] : std::initializer_list<std::pair<const char*, OwnTables>>{
           {"sequelize", {{"SequelizeMeta"}, {}, false}},
           {"drizzle", {{"__drizzle_migrations"}, {"drizzle"}, false}},
           {"django", {{"django_migrations"}, {}, false}},
           {"rails", {{"schema_migrations", "ar_internal_metadata"}, {}, false}}}) {
    auto found = grouped(tool, own);
    std::erase_if(found, [](const auto& migration) { return migration.parts.empty(); });
    EXPECT_EQ(found.size(), 2U) << tool << "\n" << join(lines(found), "\n");
    for (const auto& migration : found) EXPECT_FALSE(migration.names.empty()) << tool;
  }
}

ExecutedStatement ran(const char* text, bool failed = false, const char* session = "1") {
  return {session, text, {}, failed, 0};
}

TEST(Executed, WhatFailsOrIsRolledBackIsLeftOut) {
  const OwnTables own{.names = {"log"}, .schemas = {}};
  EXPECT_EQ(lines(group_executed({ran("BEGIN"),
                                  ran("CREATE TABLE a ()"),
                                  ran("ROLLBACK"),
                                  ran("CREATE TABLE b ()"),
                                  ran("CREATE TABLE b ()", true),
                                  ran("BEGIN"),
                                  ran("CREATE TABLE c ()"),
                                  ran("SAVEPOINT s"),
                                  ran("CREATE TABLE d ()"),
                                  ran("CREATE TABLE d ()", true),
                                  ran("ROLLBACK TO SAVEPOINT s"),
                                  ran("CREATE TABLE e ()"),
                                  ran("COMMIT"),
                                  ran("BEGIN"),
                                  ran("CREATE TABLE f ()"),
                                  ran("CREATE TABLE f ()", true),
                                  ran("COMMIT"),
                                  ran("CREATE TABLE g (); CREATE TABLE h ()"),
                                  ran("CREATE TABLE i (); CREATE TABLE i ()", true),
                                  ran("BEGIN"),
                                  ran("CREATE TABLE never_committed ()")},
                                 own)),
            (Lines{"CREATE TABLE b (); CREATE TABLE c () (t); CREATE TABLE e () (t); CREATE TABLE g () (t); "
                   "CREATE TABLE h () (t) |"}));
}

TEST(Executed, CommitAndChainBeginsTheNextTransaction) {
  const OwnTables own{.names = {"log"}, .schemas = {}};
  const auto found =
      group_executed({ran("BEGIN"), ran("CREATE TABLE a ()"), ran("COMMIT AND CHAIN"),
                      ran("CREATE TABLE b ()"), ran("ROLLBACK AND CHAIN"), ran("CREATE TABLE c ()"),
                      ran("COMMIT AND NO CHAIN"), ran("CREATE TABLE d ()")},
                     own);
  EXPECT_EQ(lines(found), Lines{"CREATE TABLE a () (t); CREATE TABLE c () (t); CREATE TABLE d () |"});
  ASSERT_EQ(found.at(0).parts.size(), 3U);
  EXPECT_NE(found[0].parts[0].transaction, found[0].parts[1].transaction);
}

TEST(Executed, SomeToolsRecordFirst) {
  const OwnTables own{.names = {"log"}, .schemas = {}};
  EXPECT_EQ(lines(group_executed({ran("INSERT INTO log VALUES ('first')"), ran("CREATE TABLE a ()"),
                                  ran("UPDATE log SET done = true"), ran("INSERT INTO log VALUES ('second')"),
                                  ran("CREATE TABLE b ()"), ran("UPDATE log SET done = true")},
                                 own)),
            (Lines{"CREATE TABLE a () | first", "CREATE TABLE b () | second"}));
}

TEST(Executed, ASettingHoldsForLaterMigrationsOfItsSession) {
  const OwnTables own{.names = {"log"}, .schemas = {}};
  EXPECT_EQ(lines(group_executed(
                {ran("SET lock_timeout = 5"), ran("SET client_encoding = 'UTF8'"), ran("CREATE TABLE a ()"),
                 ran("INSERT INTO log VALUES ('first')"), ran("CREATE TABLE b ()"),
                 ran("CREATE TABLE c ()", false, "2"), ran("INSERT INTO log VALUES ('second')")},
                own)),
            (Lines{"SET lock_timeout = 5; CREATE TABLE a () | first",
                   "SET lock_timeout = 5; CREATE TABLE b (); CREATE TABLE c () | second"}));
}

TEST(Executed, BadInputIsOrdinaryInput) {
  const OwnTables own{.names = {"log"}, .schemas = {}};
  for (const char* text :
       {"", ";", "'", "$$", "INSERT INTO", "INSERT INTO log", "ROLLBACK TO", "SAVEPOINT", "\xff",
        "COPY a FROM stdin", "/* x", "SELECT", "WITH", "SET", "CREATE SCHEMA", "BEGIN; BEGIN"})
    group_executed({ran(text), ran(text, true)}, own);
}

// A repository with the files of the recorded log.
SchemaInput input_of(const std::string& tool, const OwnTables& own, const TempTree& tree, const char* id) {
  Diagnostics ignored;
  const Repository repository{tree.path(), files::list_files(tree.path(), ignored), {}};
  return executed_input(grouped(tool, own), repository, {}, id);
}

TEST(Executed, FilesAndLinesOfTheRepository) {
  const TempTree tree{{"migrations/20240101000000_users.js",
                       "exports.up = (knex) =>\n  knex.schema.createTable('users', f);\n"},
                      {"migrations/20240201000000_index.js",
                       "exports.up = async (knex) => {\n  await knex.raw(\"SET lock_timeout = '2s'\");\n"
                       "  await knex.schema.alterTable('users', (t) => t.string('name'));\n\n"
                       "  await knex.raw('CREATE INDEX CONCURRENTLY users_email ON users (email)');\n};\n"},
                      {"src/20240201000000_index.css", ""}};
  const auto input =
      input_of("knex", {.names = {"knex_migrations", "knex_migrations_lock"}, .schemas = {}}, tree, "knex");
  ASSERT_EQ(input.files.size(), 2U);
  EXPECT_EQ(input.files[0].path, tree.path("migrations/20240101000000_users.js"));
  EXPECT_EQ(input.files[0].entry, "20240101000000_users");
  EXPECT_EQ(input.executed->scripts.at(input.files[0].path).transaction, Transaction::file);
  CheckedMigrations checked;
  checked.files = {input.files[1].path};
  Diagnostics diagnostics;
  const auto catalog = load(input, checked, diagnostics);
  ASSERT_TRUE(catalog);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.front().line();
  ASSERT_NE(catalog->table({"public", "users"}), nullptr);
  EXPECT_EQ(catalog->table({"public", "users"})->indexes.size(), 2U);
  ASSERT_EQ(checked.found.size(), 1U);
  const Migration& migration = checked.found[0];
  EXPECT_EQ(migration.entry, "20240201000000_index");
  EXPECT_EQ(migration.tool, "knex");
  EXPECT_EQ(migration.transaction, Transaction::none);
  ASSERT_EQ(migration.steps.size(), 2U) << "the setting is no step";
  EXPECT_EQ(migration.steps[0].place.line, 3);
  EXPECT_EQ(migration.steps[0].lock_timeout_ms, 2000);
  EXPECT_EQ(migration.steps[1].place.line, 5);
}

TEST(Executed, AFileCalledMigrationHasTheNameOfItsFolder) {
  const std::string name = "20240101000000_users";
  const TempTree tree{{"prisma/migrations/" + name + "/migration.sql", "CREATE TABLE users (id int);\n"}};
  Diagnostics ignored;
  const Repository repository{tree.path(), files::list_files(tree.path(), ignored), {}};
  ExecutedMigration migration;
  migration.names = {name};
  migration.parts = {{"CREATE TABLE users (id int)", 0}};
  const auto input = executed_input({migration}, repository, {}, "prisma");
  ASSERT_EQ(input.files.size(), 1U);
  EXPECT_EQ(input.files[0].path, tree.path("prisma/migrations/" + name + "/migration.sql"));
  EXPECT_EQ(input.files[0].entry, name);
}

TEST(Executed, DjangosApplicationsHaveMigrationsOfTheSameNames) {
  const TempTree tree{{"shop/migrations/0001_initial.py", ""},
                      {"shop/migrations/0002_memo.py", ""},
                      {"users/migrations/0001_initial.py", ""}};
  const auto input = input_of("django", {.names = {"django_migrations"}, .schemas = {}}, tree, "django");
  ASSERT_EQ(input.files.size(), 2U);
  EXPECT_EQ(input.files[0].path, tree.path("shop/migrations/0001_initial.py"));
  EXPECT_EQ(input.files[1].path, tree.path("shop/migrations/0002_memo.py"));
  const TempTree other{{"users/migrations/0001_initial.py", ""}};
  const auto libraries = input_of("django", {.names = {"django_migrations"}, .schemas = {}}, other, "django");
  ASSERT_EQ(libraries.files.size(), 2U);
  EXPECT_EQ(libraries.files[0].path, "shop.0001_initial") << "not the file of another application";
  EXPECT_FALSE(libraries.executed->scripts.at("shop.0001_initial").has_file);
}

TEST(Executed, TypeormsClassesAndRailsNumbersNameFiles) {
  const TempTree tree{{"migrations/1700000000000-Users.ts", ""}, {"migrations/1700000001000-Index.ts", ""}};
  const auto typeorm = input_of("typeorm", {.names = {"migrations"}, .schemas = {}}, tree, "typeorm");
  ASSERT_EQ(typeorm.files.size(), 2U);
  EXPECT_EQ(typeorm.files[1].path, tree.path("migrations/1700000001000-Index.ts"));
  EXPECT_EQ(typeorm.executed->scripts.at(typeorm.files[1].path).transaction, Transaction::run);
  const TempTree rails_tree{{"db/migrate/20240101000000_users.rb", ""},
                            {"db/migrate/20240201000000_index.rb", ""}};
  const auto rails = input_of(
      "rails", {.names = {"schema_migrations", "ar_internal_metadata"}, .schemas = {}}, rails_tree, "rails");
  ASSERT_EQ(rails.files.size(), 2U);
  EXPECT_EQ(rails.files[1].path, rails_tree.path("db/migrate/20240201000000_index.rb"));
}

}  // namespace
}  // namespace pgadvise::migrations
