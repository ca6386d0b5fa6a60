// Names in `with` and the relations that code declares (src/read/drizzle/code/code_relations).
// Skipped in a build without the grammar.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "drizzle/checks/code_reader.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "support/temp_tree.h"

namespace pgadvise::drizzle {
namespace {

using testing_support::TempTree;
using Files = std::map<std::string, std::string>;

constexpr const char* package = R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})";
constexpr const char* config =
    "import { defineConfig } from 'drizzle-kit';\n"
    "export default defineConfig({ dialect: 'postgresql', schema: './src/schema.ts', out: './drizzle' });\n";
const std::string schema = R"(
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
export const users = pgTable('users', { id: integer().primaryKey(), name: text() });
export const posts = pgTable('posts', { id: integer().primaryKey(), authorId: integer('author_id') });
export const tags = pgTable('tags', { id: integer().primaryKey(), postId: integer('post_id') });
)";
constexpr const char* database = R"(
import { drizzle } from 'drizzle-orm/node-postgres';
import * as schema from './schema';
import * as relations from './relations';
export const db = drizzle(process.env.DATABASE_URL, { schema: { ...schema, ...relations } });
)";
const std::string imports =
    "import { defineRelations, relations } from 'drizzle-orm';\n"
    "import * as schema from './schema'; import { posts, tags, users } from './schema';\n";
const std::string post_author =
    "export const ofPosts = relations(posts, ({ one }) => ({\n"
    "  author: one(users, { fields: [posts.authorId], references: [users.id] }) }));\n";

class DrizzleRelations : public testing::Test {
 protected:
  void SetUp() override {
    if (!reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // Of src/relations.ts and of the options of a query on posts.
  static CodeFacts of(const std::string& relations, const std::string& options, const Files& more = {}) {
    const TempTree tree({{"package.json", package},
                         {"drizzle.config.ts", config},
                         {"src/schema.ts", schema},
                         {"src/db.ts", database},
                         {"src/relations.ts", imports + relations},
                         {"src/posts.ts",
                          "import { db } from './db';\nexport const list = () =>\n"
                          "  db.query.posts.findMany(" +
                              options + ");\n"}});
    for (const auto& [path, text] : more) tree.add(path, text);
    Diagnostics diagnostics;
    files::Tree files(tree.path(), diagnostics);
    const auto facts = read_code(files);
    return facts ? *facts : CodeFacts{};
  }

  static std::string undeclared(const CodeFacts& facts) {
    std::string out;
    for (const auto& one : facts.undeclared_relations)
      out += one.place.file + ":" + std::to_string(one.place.line) + " " + one.function + " " +
             one.table.name + "." + one.name + "\n";
    return out;
  }
  static std::string in_with(const CodeFacts& facts) {
    std::string out;
    for (const auto& table : facts.relational.in_with) out += table.name + " ";
    return out;
  }
};

TEST_F(DrizzleRelations, ReportsNamesThatNoRelationHas) {
  EXPECT_EQ(undeclared(of(post_author, "{ with: { author: true, 'writer': true } }")),
            "src/posts.ts:3 list posts.writer\n");
  EXPECT_EQ(undeclared(of(post_author, "{ with: { author: { with: { posts: true } } } }")),
            "src/posts.ts:3 list users.posts\n")
      << "users has no relations";
  EXPECT_EQ(undeclared(of("export const all = defineRelations(schema, (r) => ({\n"
                          "  posts: { author: r.one.users({ from: r.posts.authorId, to: r.users.id }) },\n"
                          "  users: { posts: r.many.posts() } }));\n",
                          "{ with: { author: { with: { posts: true, friends: {} } }, tags: true } }")),
            "src/posts.ts:3 list users.friends\nsrc/posts.ts:3 list posts.tags\n");
}

TEST_F(DrizzleRelations, ReportsNoNameWhoseValueMayBeFalse) {
  EXPECT_EQ(undeclared(of(post_author,
                          "{ with: { writer: flag, a: false, b: undefined, c: flag ? true : "
                          "undefined, [d]: true, ...e, f } }")),
            "");
  EXPECT_EQ(undeclared(of(post_author, "{ with: options }")), "");
}

TEST_F(DrizzleRelations, IsSilentWhereRelationsAreNotKnown) {
  const std::string writer = "{ with: { writer: true } }";
  EXPECT_NE(undeclared(of(post_author, writer)), "") << "the control";
  EXPECT_EQ(undeclared(of("", writer)), "") << "no relations at all";
  EXPECT_EQ(
      undeclared(of("export const ofPosts = relations(posts, ({ one }) => ({ ...more(one) }));", writer)),
      "");
  EXPECT_EQ(undeclared(
                of("export const ofPosts = relations(posts, ({ one }) => ({ [key]: one(users) }));", writer)),
            "");
  EXPECT_EQ(undeclared(of("export const ofPosts = relations(posts, callback);", writer)), "");
  EXPECT_EQ(undeclared(of(post_author + "for (const t of list) relations(t, ({ one }) => ({ x: one(t) }));",
                          writer)),
            "");
  EXPECT_EQ(undeclared(of(post_author + "const made = list.map(relations);", writer)), "");
  EXPECT_EQ(
      undeclared(
          of(post_author + "export const all = defineRelations(schema, (r) => ({ ...part(r) }));", writer)),
      "");
  EXPECT_EQ(undeclared(of(post_author, writer,
                          {{"src/schema.ts", schema + "export * from './generated/relations';\n"}})),
            "")
      << "a file of the schema is missing";
}

// What a script declares may be what the application uses, too.
TEST_F(DrizzleRelations, NamesCountWhereverTheyAreDeclared) {
  const Files script = {{"src/seed-relations.ts", imports + post_author}};
  EXPECT_EQ(undeclared(of("", "{ with: { author: true, writer: {} } }", script)),
            "src/posts.ts:3 list posts.writer\n");
  EXPECT_TRUE(of("", "{ with: { author: true } }", script).relations.empty());
}

TEST_F(DrizzleRelations, RelatedTablesAreThoseOfEitherDirection) {
  const auto facts = of(post_author, "{ with: { author: true } }");
  EXPECT_EQ(in_with(facts), "posts users ");
  EXPECT_EQ(facts.relational.related.count({{"public", "users"}, {"public", "posts"}}), 1u);
  EXPECT_EQ(facts.relational.related.count({{"public", "posts"}, {"public", "users"}}), 1u);
  EXPECT_EQ(facts.relational.related.count({{"public", "posts"}, {"public", "tags"}}), 0u);
  EXPECT_EQ(
      in_with(of(post_author + "export const ofUsers = relations(users, ({ many }) => ({ x: many(y) }));",
                 "{ with: { author: true } }")),
      "posts ")
      << "a relation of users goes to a table that is not known";
  EXPECT_EQ(in_with(of(post_author, "{ limit: 1 }")), "");
}

}  // namespace
}  // namespace pgadvise::drizzle
