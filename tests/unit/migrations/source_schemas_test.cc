// Drizzle source as a schema input, where no migrations create the schema. Skipped in a build without the
// grammar.
#include "migrations/interface/source_schemas.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "check/load/source_comparison.h"
#include "drizzle/schema/source_reader.h"
#include "drizzle/schema/source_schema.h"
#include "files/files.h"
#include "lint/schema/schema_difference.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "sql/replay/replay.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;

const char* const package = R"({"name": "app", "dependencies": {"drizzle-orm": "0.45.0"}})";
const char* const config =
    "export default { dialect: 'postgresql', schema: './src/schema.ts', out: './drizzle' };";
const char* const schema =
    "import { pgTable, integer, text } from 'drizzle-orm/pg-core';\n"
    "export const users = pgTable('users', { id: integer().primaryKey() });\n"
    "export const posts = pgTable('posts', { author: integer().references(() => users.id) });\n"
    "export const odd = pgTable('odd', { ...process.env.COLUMNS, id: integer() });\n";

class SourceInput : public testing::Test {
 protected:
  void SetUp() override {
    if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }
};

TEST_F(SourceInput, IsReadWithoutMigrations) {
  const TempTree tree({{"package.json", package}, {"drizzle.config.ts", config}, {"src/schema.ts", schema}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(diagnostics.size(), 0u);
  EXPECT_EQ(found->front().what(), "Drizzle source (1 file)");
  const auto catalog = load(found->front(), diagnostics);
  ASSERT_TRUE(catalog);
  ASSERT_TRUE(catalog->table({"public", "posts"}) && catalog->table({"public", "users"}));
  EXPECT_FALSE(catalog->table({"public", "odd"}));
  EXPECT_EQ(catalog->table({"public", "posts"})->origin.str(), tree.path("src/schema.ts") + ":3:22");
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].what,
            "1 part of the Drizzle schema is known only when the program runs, such as some columns of odd: "
            "odd not checked");
  const auto sql = schema_sql(found->front(), diagnostics);
  ASSERT_TRUE(sql && sql->size() == 1);
  EXPECT_NE(sql->front().second.find("CREATE TABLE public.posts"), std::string::npos) << sql->front().second;
}

// Numbered scripts in a folder that no migration tool uses.
TEST_F(SourceInput, KnowsTheTablesOfScriptsThatWereNotRead) {
  const TempTree tree(
      {{"package.json", package},
       {"drizzle.config.ts", config},
       {"src/schema.ts", schema},
       {"schemas/038-users.sql", "CREATE TABLE IF NOT EXISTS \"users\" (\"id\" integer PRIMARY KEY);"},
       {"schemas/posts.sql", "CREATE TABLE public.posts (author integer REFERENCES users (id));"},
       {"tests/odd.sql", "CREATE TABLE odd (id integer);"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().kind, SchemaKind::source);
  EXPECT_EQ(found->front().created_by_scripts, (std::set<std::string>{"posts", "users"}));
  const auto catalog = load(found->front(), diagnostics);
  ASSERT_TRUE(catalog);
  std::deque<Catalog> keep;
  const auto declared = check::declared_schema(found->front(), *catalog, nullptr, keep, diagnostics);
  ASSERT_TRUE(declared);
  EXPECT_EQ(declared->in_scripts, found->front().created_by_scripts);
}

TEST_F(SourceInput, AFileThatIsTooLargeIsNamed) {
  const testing_support::TempTree tree(
      {{"package.json", R"({"dependencies": {"drizzle-orm": "1"}})"},
       {"drizzle.config.ts",
        "export default { dialect: 'postgresql', schema: './schema.ts', out: './out' };"},
       {"schema.ts", "export const a = '" + std::string(5'000'000, 'x') + "';"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  EXPECT_TRUE(std::any_of(diagnostics.begin(), diagnostics.end(),
                          [&](const Error& error) { return error.where == tree.path("schema.ts"); }));
  ASSERT_TRUE(found && found->size() == 1);
  const auto catalog = load(found->front(), diagnostics);
  ASSERT_FALSE(catalog) << "no empty schema";
  EXPECT_EQ(
      catalog.error().line(),
      tree.path("schema.ts") + ": is larger than 4 MiB, the limit of such a file: nothing of it was read");
}

// The configuration names a file that only exports others.
TEST_F(SourceInput, AFileBehindABarrelIsNamed) {
  const std::string broken = "export const users = pgTable('users', { id: integer( };\n<<<<<<<\n";
  const auto why = [](const std::string& barrel, const std::string& tables) {
    const TempTree tree(
        {{"package.json", package}, {"drizzle.config.ts", config}, {"src/schema.ts", barrel}});
    if (!tables.empty()) tree.add("src/tables.ts", tables);
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    if (!found || found->size() != 1) return std::string("no input");
    const auto catalog = load(found->front(), diagnostics);
    return catalog ? "read"
                   : files::relative_to(catalog.error().where, tree.path()) + ": " + catalog.error().what;
  };
  for (const auto* barrel :
       {"export * from './tables';", "export { users } from './tables';",
        "export * as tables from './tables';", "import { users } from './tables';\nexport { users };"}) {
    EXPECT_EQ(why(barrel, std::string(60'000, 'x')), "src/tables.ts: is minified: not read") << barrel;
    EXPECT_TRUE(
        why(barrel, broken).ends_with(": has a syntax error: what is declared there may not be known"))
        << barrel << why(barrel, broken);
  }
  EXPECT_EQ(why("export * from './tables';", ""),
            "src/schema.ts: exports from ./tables, which is missing: tables there are not known");
  EXPECT_EQ(why("export * from './tables';", schema), "read");
}

TEST_F(SourceInput, AFileOfTypesIsNotMissing) {
  for (const auto* exported :
       {"export type { A } from './types';\n", "export type { A } from './types.js';\n",
        "export { default as logo } from './logo.svg';\n"}) {
    const TempTree tree({{"package.json", package},
                         {"drizzle.config.ts", config},
                         {"src/types.d.ts", "export type A = 1;\n"},
                         {"src/logo.svg", "<svg/>"},
                         {"src/schema.ts", std::string(schema) + exported}});
    Diagnostics diagnostics;
    const auto found = find_schemas(tree.path(), diagnostics);
    ASSERT_TRUE(found && found->size() == 1);
    EXPECT_TRUE(found->front().source->all_tables_known) << exported;
    for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  }
}

TEST_F(SourceInput, OfAFileWithASyntaxErrorTheRestIsKnown) {
  const TempTree tree({{"package.json", package},
                       {"drizzle.config.ts", config},
                       {"src/schema.ts", std::string(schema) + "<<<<<<< ours\n"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_FALSE(found->front().source->all_tables_known);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_TRUE(diagnostics[0].where.starts_with(tree.path("src/schema.ts") + ":5:")) << diagnostics[0].where;
}

TEST_F(SourceInput, AMissingFileIsNamed) {
  const TempTree tree({{"package.json", package}, {"drizzle.config.ts", config}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.front().line();
  ASSERT_TRUE(found && found->size() == 1);
  for (const auto& error :
       {load(found->front(), diagnostics).error(), schema_sql(found->front(), diagnostics).error()})
    EXPECT_EQ(error.where + ": " + error.what,
              tree.path("drizzle.config.ts") +
                  ": names ./src/schema.ts, where pgadvise found no file: no table of "
                  "this schema is known");
  // Beside tables that are known, the rest is checked.
  tree.add("src/schema.ts", schema);
  tree.add("drizzle.config.ts",
           "export default { dialect: 'postgresql', schema: ['./src/schema.ts', './src/auth.ts', "
           "'./src/auth/*.ts'], out: './drizzle' };");
  const auto rest = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(rest && rest->size() == 1);
  EXPECT_TRUE(load(rest->front(), diagnostics));
  EXPECT_EQ(
      diagnostics.front().what,
      "names ./src/auth.ts, where pgadvise found no file: tables that are declared there are not known");
}

TEST_F(SourceInput, AMissingFileBesideMigrationsIsAWarning) {
  const TempTree tree(
      {{"package.json", package},
       {"drizzle.config.ts", config},
       {"drizzle/meta/_journal.json",
        R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})"},
       {"drizzle/0000_a.sql", "CREATE TABLE users (id integer PRIMARY KEY);"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().kind, SchemaKind::migrations);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].kind, Error::Kind::nonfatal);
  EXPECT_TRUE(diagnostics[0].what.starts_with("names ./src/schema.ts, where pgadvise found no file"));
}

TEST_F(SourceInput, IsNotReadBesideMigrations) {
  const TempTree tree(
      {{"package.json", package},
       {"drizzle.config.ts", config},
       {"src/schema.ts", schema},
       {"drizzle/meta/_journal.json",
        R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})"},
       {"drizzle/0000_a.sql", "CREATE TABLE users (id integer PRIMARY KEY);"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().kind, SchemaKind::migrations);
  // But given to them, with its tables, for a comparison.
  ASSERT_TRUE(found->front().source);
  EXPECT_EQ(found->front().root, tree.path());
  EXPECT_EQ(found->front().source->declared.catalog.tables.size(), 3u);
}

TEST_F(SourceInput, IsNotComparedWhereSeveralSchemasWriteToOneFolder) {
  const TempTree tree(
      {{"package.json", package},
       {"drizzle.config.ts", config},
       {"drizzle-other.config.ts",
        "export default { dialect: 'postgresql', schema: './src/other.ts', out: './drizzle' };"},
       {"src/schema.ts", schema},
       {"src/other.ts",
        "import { pgTable, integer } from 'drizzle-orm/pg-core';\n"
        "export const other = pgTable('other', { id: integer().primaryKey() });\n"},
       {"drizzle/meta/_journal.json",
        R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})"},
       {"drizzle/0000_a.sql", "CREATE TABLE users (id integer PRIMARY KEY);"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().source, nullptr);
}

TEST(Expressible, PrismaHasNoWordsForGeneratedColumnsAndTheOrderOfNulls) {
  const auto catalog = [](const char* script) {
    sql::Replayer replayer;
    replayer.run(script, "a.sql");
    EXPECT_TRUE(replayer.diagnostics().empty());
    return replayer.take();
  };
  const DeclaredSource::Language language{"", "", "", "", "", false};
  DeclaredSource source;
  source.language = &language;
  source.declared.catalog =
      catalog("CREATE TABLE a (id int, n int DEFAULT 1, m int); CREATE INDEX i ON a (n DESC);");
  const Catalog made = catalog(
      "CREATE TABLE a (id int, n int GENERATED ALWAYS AS (id + 1) STORED, m int GENERATED ALWAYS AS (id) "
      "STORED); CREATE INDEX i ON a (n DESC NULLS LAST);");
  EXPECT_EQ(lint::schema_differences(source.declared.catalog, made).size(), 3u);
  EXPECT_TRUE(
      lint::schema_differences(expressible(source, source.declared.catalog), expressible(source, made))
          .empty());
}

// What a run compares: the known tables, those with an unknown part marked, those of other programs left out.
TEST_F(SourceInput, IsComparedByTheConfigurationsFilters) {
  const TempTree tree(
      {{"package.json", package},
       {"drizzle.config.ts",
        "export default { dialect: 'postgresql', schema: './src/schema.ts', out: './drizzle', "
        "tablesFilter: ['!post*'] };"},
       {"src/schema.ts", schema},
       {"drizzle/meta/_journal.json",
        R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})"},
       {"drizzle/0000_a.sql", "CREATE TABLE users (id integer PRIMARY KEY);"}});
  Diagnostics diagnostics;
  const auto found = find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  const auto migrated = load(found->front(), diagnostics);
  ASSERT_TRUE(migrated);
  std::deque<Catalog> keep;
  const auto declared = check::declared_schema(found->front(), *migrated, nullptr, keep, diagnostics);
  ASSERT_TRUE(declared);
  EXPECT_EQ(declared->source, "drizzle.config.ts");
  EXPECT_EQ(declared->folder, tree.path("drizzle"));
  EXPECT_EQ(declared->declared->tables.size(), 3u);
  EXPECT_TRUE(declared->migrated && declared->migrated->table({"public", "users"}));
  EXPECT_EQ(declared->snapshot, nullptr);
  EXPECT_EQ(declared->incomplete, std::set<QualifiedName>({{"public", "odd"}}));
  EXPECT_EQ(declared->left_out, std::set<QualifiedName>({{"public", "posts"}}));
  EXPECT_TRUE(declared->all_tables_known);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].what.find("odd not compared with the migrations"), std::string::npos)
      << diagnostics[0].what;
}

// What may be in a folder that can't be read is no missing migration.
TEST_F(SourceInput, IsNotWithoutMigrationsBesideAFolderThatCannotBeRead) {
  const TempTree tree(
      {{"package.json", package},
       {"drizzle.config.ts",
        "export default { dialect: 'postgresql', schema: './src/schema.ts', out: './db/out' };"},
       {"src/schema.ts", schema}});
  Diagnostics reading;
  const auto found = find_schemas(tree.path(), reading);
  ASSERT_TRUE(found && found->size() == 1);
  const auto compared = [&](const std::string& unreadable) {
    std::deque<Catalog> keep;
    Diagnostics diagnostics;
    if (!unreadable.empty())
      diagnostics.push_back(
          {Error::Kind::nonfatal, tree.path(unreadable), "can't be read: Permission denied", ""});
    return check::declared_schema(found->front(), Catalog{}, nullptr, keep, diagnostics).has_value();
  };
  EXPECT_TRUE(compared(""));
  EXPECT_TRUE(compared("notes"));
  EXPECT_TRUE(compared("db/output"));
  EXPECT_FALSE(compared("db/out"));
  EXPECT_FALSE(compared("db"));
  EXPECT_FALSE(compared("old/migrations"));
}

// A statement that is not replayed takes what it names out of the comparison, and nothing else.
TEST_F(SourceInput, LeavesOutWhatAStatementNamesThatIsNotReplayed) {
  const auto left_out = [](const std::string& statement, Diagnostics& diagnostics) {
    const TempTree tree(
        {{"package.json", package},
         {"drizzle.config.ts",
          "export default { dialect: 'postgresql', schema: './src/schema.ts', out: './drizzle' };"},
         {"src/schema.ts", schema},
         {"drizzle/meta/_journal.json",
          R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true}]})"},
         {"drizzle/0000_a.sql", "CREATE TABLE users (id integer PRIMARY KEY); " + statement}});
    Diagnostics reading;
    const auto found = find_schemas(tree.path(), reading);
    EXPECT_TRUE(found && found->size() == 1);
    sql::ReplayCounts counts;
    const auto migrated = load(found->front(), reading, &counts);
    EXPECT_TRUE(migrated);
    std::deque<Catalog> keep;
    auto declared = check::declared_schema(found->front(), *migrated, nullptr, keep, reading);
    check::leave_out_unknown(found->front(), counts, *declared, diagnostics);
    return declared->left_out;
  };
  Diagnostics diagnostics;
  EXPECT_EQ(left_out("", diagnostics), std::set<QualifiedName>());
  EXPECT_EQ(left_out("ALTER TABLE nope ADD COLUMN x int;", diagnostics), std::set<QualifiedName>());
  EXPECT_EQ(left_out("CREATE TABLE users (id integer);", diagnostics),
            std::set<QualifiedName>({{"public", "users"}}));
  EXPECT_EQ(left_out("CREATE TABLE posts (id integer no_such_syntax here);", diagnostics),
            std::set<QualifiedName>({{"public", "posts"}}));
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(
      left_out("DO $$ DECLARE t text; BEGIN EXECUTE t; END $$;", diagnostics).count({"public", "posts"}), 1u);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].what.find("is not compared with the migrations: 1 of their statements"),
            std::string::npos)
      << diagnostics[0].what;
}

}  // namespace
}  // namespace pgadvise::migrations
