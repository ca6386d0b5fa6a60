// Drizzle source as a schema input, where no migrations create the schema. Skipped in a build without the
// grammar.
#include <gtest/gtest.h>

#include "drizzle/source_reader.h"
#include "files/files.h"
#include "migrations/schema_input.h"
#include "migrations/schema_load.h"
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
}

}  // namespace
}  // namespace pgadvise::migrations
