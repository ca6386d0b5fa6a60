// SQL that code gives to execute() in loops (src/read/drizzle/code/code_statements). Skipped in a build
// without the grammar.
#include <string>

#include <gtest/gtest.h>

#include "support/drizzle_code.h"

namespace pgadvise::drizzle {
namespace {

class DrizzleStatements : public testing_support::DrizzleCode {
 protected:
  static CodeFacts facts(const std::string& statement, const std::string& before = "") {
    return of(
        "export async function list(known: string) {\n  const rows = await db.select().from(orders);\n" +
        before + "  for (const row of rows) await db.execute(" + statement + ");\n}\n");
  }
  // Kind, tables and key of what is found.
  static std::string found(const std::string& statement, const std::string& before = "") {
    constexpr const char* kinds[] = {"select", "insert", "update", "delete", "execute"};
    std::string out;
    for (const auto& one : facts(statement, before).in_loops) {
      out += kinds[static_cast<int>(one.query.kind)];
      for (const auto& table : one.query.tables) out += " " + table.name;
      out += " " + one.key + "=" + one.value + (one.by_row ? " by row;" : ";");
    }
    return out;
  }
};

TEST_F(DrizzleStatements, OnceForEachRow) {
  EXPECT_EQ(found("sql`SELECT name FROM customers WHERE id = ${row.customerId}`"),
            "select customers id=row.customerId;");
  EXPECT_EQ(found("sql`SELECT c.name FROM ${customers} c WHERE ${customers.id} = ${row.customerId}::uuid "
                  "LIMIT 1`"),
            "select customers id=row.customerId;");
  EXPECT_EQ(found("`SELECT name FROM customers WHERE id = '${row.customerId}'`"),
            "select customers id=row.customerId;");
  EXPECT_EQ(found("\"SELECT name FROM customers WHERE id = '\" + row.customerId + \"'\""),
            "select customers id=row.customerId;");
  EXPECT_EQ(found("sql.raw(`SELECT name FROM customers WHERE id = '${row.customerId}'`)"),
            "select customers id=row.customerId;");
  EXPECT_EQ(found("sql`UPDATE customers SET name = ${row.total} WHERE id = ${row.customerId}`"),
            "update customers id=row.customerId by row;");
  EXPECT_EQ(found("sql`DELETE FROM customers WHERE id = ${row.customerId}`"),
            "delete customers id=row.customerId;");
  EXPECT_EQ(found("sql`INSERT INTO customers (id) VALUES (${row.customerId})`"),
            "insert customers =row.customerId;");
}

TEST_F(DrizzleStatements, InAConstantOrAFunction) {
  EXPECT_EQ(
      found("query", "  const id = known;\n  const query = sql`SELECT 1 FROM customers WHERE id = ${id}`;\n"),
      "");
  EXPECT_EQ(loops(of("async function load(id: string) {\n"
                     "  const query = sql`SELECT name FROM customers WHERE id = ${id}`;\n"
                     "  return db.execute(query);\n}\n"
                     "export async function list() {\n"
                     "  const rows = await db.select().from(orders);\n"
                     "  return Promise.all(rows.map((row) => load(row.customerId)));\n}\n")),
            "5 id=row.customerId over rows via 9 parallel\n");
}

// Each of the constants uses the next one six times: written out, that would be a text of 6^18 parts.
TEST_F(DrizzleStatements, ConstantsThatMultiplyAreNotWrittenOut) {
  std::string before = "  const c18 = sql``;\n";
  for (int i = 17; i >= 0; --i) {
    before += "  const c" + std::to_string(i) + " = sql`";
    for (int j = 0; j < 6; ++j) before += "${c" + std::to_string(i + 1) + "}";
    before += "`;\n";
  }
  EXPECT_EQ(found("sql`SELECT name FROM customers WHERE id = ${row.customerId} ${c16}`", before),
            "select customers id=row.customerId;");
  EXPECT_EQ(found("sql`SELECT name FROM customers WHERE id = ${row.customerId} ${c0}`", before), "");
}

// The rows may come from such a statement, too.
TEST_F(DrizzleStatements, RowsOfAStatement) {
  const std::string loop =
      "for (const row of rows) await db.execute(sql`SELECT 1 FROM customers WHERE id = ${row.id}`);\n";
  EXPECT_EQ(loops(of("const rows = await db.execute(sql`SELECT id FROM orders`);\n" + loop)),
            "4 id=row.id over rows\n");
  EXPECT_EQ(loops(of("const { rows } = await db.execute(sql`SELECT id FROM orders`);\n" + loop)),
            "4 id=row.id over rows\n");
  for (const auto* few : {"SELECT id FROM orders LIMIT 1", "SELECT max(id) AS id FROM orders",
                          "INSERT INTO orders (id) VALUES (${known}) RETURNING id"})
    EXPECT_EQ(loops(of("const known = '1';\nconst rows = await db.execute(sql`" + std::string(few) + "`);\n" +
                       loop)),
              "")
        << few;
}

TEST_F(DrizzleStatements, OthersAreLeftOut) {
  for (const auto* statement :
       {"sql`SELECT name FROM customers WHERE id = ${known}`",                            // another key
        "sql`SELECT name FROM customers WHERE id = ANY(${row.ids})`",                     // a batch
        "sql`SELECT name FROM customers WHERE id = ${row.id} AND total > ${row.total}`",  // a range
        "sql`SELECT name FROM customers WHERE id = ${row.id} FOR UPDATE`",
        "sql`SELECT name FROM customers WHERE id IN (${sql.join(row.ids)}) AND name = ${row.name}`",
        "sql`SELECT set_config('app.tenant', ${row.id}, true)`", "sql`VACUUM ${row.table}`", "row.statement",
        "sql`SELECT FROM WHERE ${row.id}`"})
    EXPECT_EQ(found(statement), "") << statement;
}

}  // namespace
}  // namespace pgadvise::drizzle
