// Facts of a small project's code, as text. What is read is skipped in a build without the grammar.
#pragma once

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "drizzle/checks/code_reader.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "support/temp_tree.h"

namespace pgadvise::testing_support {

inline constexpr const char* shop_package = R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})";
inline constexpr const char* shop_schema = R"(
import { pgTable, text, uuid, integer } from 'drizzle-orm/pg-core';
export const customers = pgTable('customers', { id: uuid().primaryKey(), name: text() });
export const orders = pgTable('orders', {
  id: uuid().primaryKey(), customerId: uuid('customer_id').references(() => customers.id), total: integer(),
});
)";
inline constexpr const char* shop_database = R"(
import { drizzle } from 'drizzle-orm/node-postgres';
import * as schema from './schema';
export const db = drizzle(process.env.DATABASE_URL, { schema });
export type Database = typeof db;
)";

class DrizzleCode : public testing::Test {
 protected:
  void SetUp() override {
    if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // Of src/db.ts, src/schema.ts and src/app.ts, which begins with imports of all that the tests use.
  static CodeFacts of(const std::string& app, const std::map<std::string, std::string>& more = {}) {
    const TempTree files(
        {{"package.json", shop_package}, {"src/schema.ts", shop_schema}, {"src/db.ts", shop_database}});
    files.add("src/app.ts",
              "import { db, type Database } from './db'; import { customers, orders } from './schema';\n"
              "import { and, eq, inArray, sql } from 'drizzle-orm';\n" +
                  app);
    for (const auto& [path, text] : more) files.add(path, text);
    Diagnostics diagnostics;
    files::Tree tree(files.path(), diagnostics);
    const auto facts = drizzle::read_code(tree);
    for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
    return facts ? *facts : CodeFacts{};
  }

  static std::string relations(const CodeFacts& facts) {
    std::string out;
    for (const auto& relation : facts.relations) {
      out += std::to_string(relation.place.line) + " " + relation.table.name +
             (relation.many ? " many " : " one ") + relation.target.name;
      for (std::size_t i = 0; i < relation.columns.size(); ++i)
        out += " " + relation.columns[i] + "=" + relation.target_columns[i];
      out += (relation.name.empty() ? "" : " as " + relation.name) + "\n";
    }
    return out;
  }

  static std::string queries(const CodeFacts& facts) {
    constexpr const char* kinds[] = {"select",  "insert",      "update", "delete",
                                     "execute", "transaction", "batch"};
    std::string out;
    for (const auto& query : facts.queries) {
      out += std::to_string(query.place.line) + " " + kinds[static_cast<int>(query.kind)];
      for (const auto& table : query.tables) out += " " + table.name;
      for (const auto& column : query.equal_columns) out += " " + column + "=";
      out += std::string(query.first ? " first" : "") + (query.limited ? " limited" : "") +
             (query.has_offset ? " offset" : "") + (query.ordered ? " ordered" : "") +
             (query.awaited ? "" : " not awaited") + (query.function.empty() ? "" : " in " + query.function) +
             "\n";
    }
    return out;
  }
  static std::string loops(const CodeFacts& facts) {
    std::string out;
    for (const auto& one : facts.in_loops)
      out += std::to_string(one.query.place.line) + " " + one.key + "=" + one.value + " over " + one.rows +
             (one.via.empty() ? "" : " via " + std::to_string(one.via.front().line)) +
             (one.parallel ? " parallel" : "") + (one.background ? " background" : "") + "\n";
    return out;
  }
  static std::string raw(const CodeFacts& facts) {
    std::string out;
    for (const auto& one : facts.raw_sql)
      out += std::to_string(one.place.line) + " " + one.maker +
             (one.source == RawSql::Source::request ? " request\n" : " parameter\n");
    return out;
  }
  // Of a Hono handler with a query parameter f, in line 4.
  static std::string raw_of_handler(const std::string& body, const std::string& validator = "") {
    return raw(
        of("const app = new Hono(); const list = ['asc', 'desc'], map = { asc: 1 };\n"
           "app.get('/', " +
           validator + "async (c) => { const f = c.req.query('f')!; " + body +
           " });\n"
           "function isColumn(x: string): x is 'a' | 'b' { return known(x); }\n"
           "function ensureColumn(x: string): asserts x is 'a' { check(x); }\n"
           "const isText = (x: unknown): x is string => typeof x === 'string';\n"
           "function isListed(x: string) { return list.includes(x); }\n"
           "function mustBeListed(x: string) { if (!isListed(x)) throw new Error(); }\n"));
  }
  static constexpr const char* runs = "await db.execute(sql.raw(`SELECT ${f}`));";
};

}  // namespace pgadvise::testing_support
