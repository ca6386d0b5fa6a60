// Clients of Drizzle in code (src/read/drizzle/code/client_code). Skipped in a build without the grammar.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "drizzle/checks/code_reader.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "support/temp_tree.h"

namespace pgadvise::drizzle {
namespace {

class DrizzleClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // The lines of clients with another casing than that of the configuration, of src/db.ts, whose imports are
  // its first line.
  static std::string mismatches(const std::string& clients,
                                const std::string& options = ", casing: 'snake_case'") {
    const testing_support::TempTree files(
        {{"package.json",
          R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0", "postgres": "3.4.0"}})"},
         {"drizzle.config.ts",
          "import { defineConfig } from 'drizzle-kit';\n"
          "export default defineConfig({ dialect: 'postgresql', schema: './src/schema.ts'" +
              options + " });\n"},
         {"src/schema.ts",
          "import { integer, pgTable, timestamp } from 'drizzle-orm/pg-core';\n"
          "export const orders = pgTable('orders', { id: integer().primaryKey(), createdAt: timestamp() "
          "});\n"},
         {"src/db.ts",
          "import { drizzle } from 'drizzle-orm/postgres-js'; import postgres from 'postgres';\n" +
              clients}});
    Diagnostics diagnostics;
    files::Tree tree(files.path(), diagnostics);
    std::string out;
    for (const auto& one : read_repository_code(tree).client.casing)
      out +=
          std::to_string(one.place.line) + " " + one.key + " " + one.kit_name + " " + one.client_name + "\n";
    return out;
  }
};

TEST_F(DrizzleClient, AClientWithoutOptionsHasNoCasing) {
  const std::string found = "2 createdAt created_at createdAt\n";
  EXPECT_EQ(mismatches("export const db = drizzle(postgres(process.env.URL!));"), found);
  EXPECT_EQ(mismatches("const db = drizzle(postgres(process.env.URL!), { logger: true }); export { db };"),
            found);
  EXPECT_EQ(mismatches("export function connect() { return drizzle(postgres(process.env.URL!)); }"), found);
  EXPECT_EQ(mismatches("export const connect = () => drizzle(postgres(process.env.URL!));"), found);
  EXPECT_EQ(mismatches("export const db = globalThis.db ?? drizzle(postgres(process.env.URL!));"), found);
}

// Nobody else can import it, another client has the casing, or the configuration has none either.
TEST_F(DrizzleClient, OtherClientsWithoutOptionsAreLeftOut) {
  EXPECT_EQ(mismatches("const db = drizzle(postgres(process.env.URL!)); await db.execute('SELECT 1');"), "");
  EXPECT_EQ(mismatches("export const raw = drizzle(postgres(process.env.URL!));\n"
                       "export const db = drizzle(postgres(process.env.URL!), { casing: 'snake_case' });"),
            "");
  EXPECT_EQ(mismatches("export const db = drizzle(postgres(process.env.URL!));", ""), "");
  EXPECT_EQ(mismatches("export const db = drizzle(postgres(process.env.URL!), { casing: 'snake_case' });"),
            "");
}

// Another client has options of which not all are known.
TEST_F(DrizzleClient, AClientThatMayHaveTheCasingCounts) {
  const std::string raw = "export const raw = drizzle(postgres(process.env.URL!));\n";
  EXPECT_EQ(mismatches(raw + "export const open = (extra: object) =>\n"
                             "  drizzle(postgres(process.env.URL!), { casing: 'snake_case', ...extra });"),
            "");
  EXPECT_EQ(mismatches(raw + "export const open = (extra: object) => "
                             "drizzle(postgres(process.env.URL!), extra);"),
            "");
  EXPECT_EQ(mismatches(raw + "export const open = (extra: object) => "
                             "drizzle(postgres(process.env.URL!), { casing: extra.casing });"),
            "");
  EXPECT_NE(mismatches(raw + "export const open = () => drizzle(postgres(process.env.URL!), {});"), "")
      << "options that name no casing";
}

// Each of them is asked for; all of them have the name of the imported one.
TEST_F(DrizzleClient, ManyScriptsAreReadOnceForTheirImports) {
  const testing_support::TempTree files(
      {{"package.json", R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0", "postgres": "3"}})"},
       {"src/app.ts",
        "import { sql } from './folder7/check-stock.js';\nexport * from '../check-8';\n"
        "await sql`SELECT 1`;\n"}});
  const std::string script =
      "import postgres from 'postgres';\nexport const sql = postgres(process.env.URL);\nprocess.exit(0);\n";
  for (int i = 0; i < 20; ++i) {
    files.add("src/folder" + std::to_string(i) + "/check-stock.ts", script);
    files.add("check-" + std::to_string(i) + ".ts", script);
  }
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  std::string out;
  for (const auto& pool : read_repository_code(tree).client.pools) out += pool.place.file + "\n";
  EXPECT_EQ(out, "check-8.ts\nsrc/folder7/check-stock.ts\n");
}

TEST_F(DrizzleClient, PoolsOfScriptsForOneRunAreLeftOut) {
  const std::string head =
      "import postgres from 'postgres';\nexport const sql = postgres(process.env.URL);\n";
  const std::string work = "await sql`SELECT 1`;\n";
  const testing_support::TempTree files(
      {{"package.json", R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0", "postgres": "3"}})"},
       {"check-recipes.js", head + work + "process.exit(0);\n"},
       {"src/db/connect-cli.ts", head + work + "await sql.end();\n"},
       {"src/inspect_db.ts", head + work},                                     // does not end
       {"src/check-stock.ts", head + work + "process.exit(0);\n"},             // is imported
       {"src/verify-server.ts", head + "app.listen(80); process.exit(1);\n"},  // serves
       {"src/query-worker.ts", head + "process.once('SIGTERM', async () => { await sql.end(); });\n"},
       {"src/init-queue.ts", head + "process.on(\n  \"SIGINT\", () => process.exit(0));\n"},
       {"src/fix-orders.ts", head + work + "process.on('exit', report);\nprocess.exit(0);\n"},
       {"src/pool.ts", head + work + "process.exit(0);\n"},  // has no such name
       {"src/app.ts", "import { sql } from './check-stock';\nawait sql`SELECT 1`;\n"}});
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  std::string out;
  for (const auto& pool : read_repository_code(tree).client.pools) out += pool.place.file + "\n";
  EXPECT_EQ(out,
            "src/check-stock.ts\nsrc/init-queue.ts\nsrc/inspect_db.ts\nsrc/pool.ts\nsrc/query-worker.ts\n"
            "src/verify-server.ts\n");
}

// Of folders that are no application's, nothing is read anyway.
TEST_F(DrizzleClient, MinifiedSourceIsNamed) {
  const std::string minified(60'000, 'x');
  const testing_support::TempTree files(
      {{"package.json", R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})"},
       {"public/app.js", minified},
       {"src/large.ts", std::string(60, ' ') + minified},
       {"src/small.ts", std::string(40'000, 'x')},
       {"dist/app.js", minified},
       {"tests/app.js", minified},
       {"public/app.css", minified}});
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  EXPECT_EQ(read_repository_code(tree).client.unread,
            (std::vector<std::string>{"public/app.js", "src/large.ts"}));
}

}  // namespace
}  // namespace pgadvise::drizzle
