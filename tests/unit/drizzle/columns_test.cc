// Queries of all columns of whose row code uses only some (src/read/drizzle/checks/code_columns). Skipped in
// a build without the grammar.
#include <string>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "drizzle/checks/code_reader.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "support/temp_tree.h"

namespace pgadvise::drizzle {
namespace {

using testing_support::TempTree;

class DrizzleColumns : public testing::Test {
 protected:
  void SetUp() override {
    if (!reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // The columns that the body of a function uses, by query: "id, name; "; "" if nothing is reported.
  static std::string used(const std::string& body) {
    const TempTree tree(
        {{"package.json", R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})"},
         {"src/schema.ts",
          "import { integer, pgTable, text } from 'drizzle-orm/pg-core';\n"
          "export const users = pgTable('users', { id: integer().primaryKey(), name: text(),\n"
          "  shortName: text('short_name'), city: text() });\n"
          "export const teams = pgTable('teams', { id: integer().primaryKey() });\n"},
         {"src/db.ts",
          "import { drizzle } from 'drizzle-orm/node-postgres'; import * as schema from './schema';\n"
          "export const db = drizzle(process.env.DATABASE_URL, { schema });\n"},
         {"src/users.ts",
          "import { eq } from 'drizzle-orm'; import { db } from './db'; import { teams, users } from "
          "'./schema';\n"
          "export async function one(id: number) {\n" +
              body + "\n}\n"}});
    Diagnostics diagnostics;
    files::Tree files(tree.path(), diagnostics);
    const auto facts = read_code(files);
    std::string out;
    if (facts)
      for (const auto& found : facts->unused_columns) out += join(found.used, ", ") + "; ";
    return out;
  }
  // Of the statements behind `const [user] = await db.select().from(users)`.
  static std::string of_row(const std::string& statements) {
    return used("const [user] = await db.select().from(users).where(eq(users.id, id));\n" + statements);
  }
};

TEST_F(DrizzleColumns, ColumnsThatARowIsReadFor) {
  EXPECT_EQ(of_row("return user.name;"), "name; ");
  EXPECT_EQ(of_row("if (!user) return null; return `${user!.id} ${user?.shortName}`;"), "id, short_name; ");
  EXPECT_EQ(of_row("const { id: own, name } = user; return own + name;"), "id, name; ");
  EXPECT_EQ(of_row("return list.map((user) => send(user, id)).concat(user.city);"), "city; ")
      << "another user";
  EXPECT_EQ(of_row("return user ? user.id : user && user.name;"), "id, name; ");
  EXPECT_EQ(of_row("if (user) throw new Error('taken');"), "; ");
}

TEST_F(DrizzleColumns, FormsOfTheQuery) {
  EXPECT_EQ(
      used("const user = await db.query.users.findFirst({ where: eq(users.id, id) }); return user?.id;"),
      "id; ");
  EXPECT_EQ(used("const user = (await db.select().from(users))[0]; return user.id;"), "id; ");
  EXPECT_EQ(used("const found = await db.select().from(users); return found.length ? found[0].id : 0;"),
            "id; ");
  EXPECT_EQ(used("const [{ name }] = await db.select().from(users); return name;"), "name; ");
  EXPECT_EQ(used("const { name } = await db.query.users.findFirst(); return name;"), "name; ");
}

TEST_F(DrizzleColumns, RowsThatMayLeaveTheFunctionAreLeftOut) {
  for (const char* statements :
       {"return user;", "send(user);", "return { ...user };", "return { user };", "console.log(user);",
        "return JSON.stringify(user);", "const { id: own, ...rest } = user; return rest;",
        "return user[key];", "const other = user; return other.name;", "user.name = 'a'; return user.name;",
        "return user ?? null;", "return user.toJSON();", "return () => user;", "return id && user;",
        "return [user];", "return `${user}`;", "for (const key in user) print(key);",
        "return [user.id, user.name, user.shortName, user.city];"})
    EXPECT_EQ(of_row(statements), "") << statements;
}

TEST_F(DrizzleColumns, QueriesOfOtherColumnsAreLeftOut) {
  for (const char* query :
       {"db.select({ id: users.id }).from(users)", "db.selectDistinct().from(users)",
        "db.select().from(users).innerJoin(teams, eq(teams.id, users.id))",
        "db.select().from(users).for('update')", "db.query.users.findMany({ columns: { id: true } })",
        "db.query.users.findMany({ with: { posts: true } })", "db.query.users.findMany({ ...options })",
        "db.select().from(users).then((rows) => rows)"})
    EXPECT_EQ(used(std::string("const [user] = await ") + query + "; return user.id;"), "") << query;
  EXPECT_EQ(used("const [user] = await db.select().from(users); if (user.id { return user.id;"), "")
      << "a syntax error";
}

}  // namespace
}  // namespace pgadvise::drizzle
