// Transactions with drivers that have none (src/read/drizzle/checks/code_http). Skipped in a build without
// the grammar.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "support/drizzle_code.h"

namespace pgadvise::drizzle {
namespace {

class DrizzleHttp : public testing_support::DrizzleCode {
 protected:
  // Of code that uses `edge`, whose driver is neon-http.
  static std::string transactions(const std::string& app, const std::string& edge = "",
                                  std::map<std::string, std::string> more = {}) {
    more["src/edge.ts"] =
        "import { neon } from '@neondatabase/serverless';\nimport { drizzle } from 'drizzle-orm/neon-http';\n"
        "export const edge = drizzle(neon(process.env.URL!));\n" +
        edge;
    std::string out;
    for (const auto& one : of("import { edge } from './edge';\n" + app, more).transactions_over_http)
      out += std::to_string(one.query.place.line) + " " + one.driver + (one.batch ? " batch" : "") +
             (one.handled ? " handled\n" : "\n");
    return out;
  }
  static constexpr const char* callback = "(async (tx) => { await tx.insert(orders).values({}); })";
};

TEST_F(DrizzleHttp, TransactionsOfTheDriver) {
  EXPECT_EQ(transactions("export const a = () => edge.transaction" + std::string(callback) +
                         ";\nexport const b = () => db.transaction" + callback + ";\n"),
            "4 drizzle-orm/neon-http batch\n");
}

// Another variable may get a database that has transactions.
TEST_F(DrizzleHttp, OnlyAConstantIsKnown) {
  const auto found = [](const std::string& declared) {
    return of("import { drizzle } from 'drizzle-orm/neon-http';\n" + declared +
              " other = drizzle(process.env.URL);\nif (process.env.CI) other = db;\n"
              "await other.transaction(async (tx) => { await tx.delete(orders); });\n")
        .transactions_over_http.size();
  };
  EXPECT_EQ(found("const"), 1u);
  EXPECT_EQ(found("export const"), 1u);
  EXPECT_EQ(found("let"), 0u);
}

TEST_F(DrizzleHttp, OtherDriversWithoutTransactions) {
  const auto found = [](const std::string& driver) {
    return transactions("import { drizzle } from 'drizzle-orm/" + driver +
                        "';\nconst other = drizzle(client);\nawait other.transaction" + callback + ";\n");
  };
  EXPECT_EQ(found("xata-http"), "6 drizzle-orm/xata-http\n");
  EXPECT_EQ(found("pg-proxy"), "6 drizzle-orm/pg-proxy\n");
  EXPECT_EQ(found("neon-serverless"), "");
}

TEST_F(DrizzleHttp, TypesHideNoDriver) {
  for (const auto* written : {"(edge as any)", "edge!", "(edge satisfies Edge)", "(<any>edge)",
                              "((edge as unknown) as Edge)", "alias"})
    EXPECT_EQ(transactions("const alias = edge as any;\nawait " + std::string(written) + ".transaction" +
                           callback + ";\n"),
              "5 drizzle-orm/neon-http batch\n")
        << written;
}

TEST_F(DrizzleHttp, TheCodeMayHaveATransactionOfItsOwn) {
  const std::string app = "await edge.transaction" + std::string(callback) + ";\n";
  EXPECT_EQ(transactions(app, "(edge as any).query = {};\n"), "4 drizzle-orm/neon-http batch\n");
  for (const auto* own : {"edge.transaction = async (run) => run(edge);\n",
                          "(edge as any).transaction = async (run: any) => run(edge);\n",
                          "(<any>edge)['transaction'] = async (run) => run(edge);\n",
                          "Object.assign(edge, { transaction: async (run) => run(edge) });\n",
                          "Object.defineProperty(edge, 'transaction', { value: (run) => run(edge) });\n"})
    EXPECT_EQ(transactions(app, own), "") << own;
  EXPECT_EQ(transactions(app, "",
                         {{"src/patch.ts",
                           "import { edge } from './edge';\n"
                           "(edge as any).transaction = async (run) => run(edge);\n"}}),
            "");
}

// Of handlers that only log, report or write elsewhere, the work is not done.
TEST_F(DrizzleHttp, AHandlerMayDoTheWorkWithoutATransaction) {
  const auto found = [](const std::string& handler) {
    return transactions(
        "async function save(db: any) { await db.insert(orders).values({}); }\n"
        "async function insert() { await edge.insert(orders).values({}); }\n"
        "export async function work() { try { await edge.transaction" +
        std::string(callback) + "; } catch (error) { " + handler + " } }\n");
  };
  const std::string line = "6 drizzle-orm/neon-http batch";
  for (const auto* handler :
       {"await edge.insert(orders).values({});", "await (edge as any).insert(orders).values({});",
        "if (!isDriver(error)) throw error; return save(edge);", "return save(edge as any);",
        "await insert();"})
    EXPECT_EQ(found(handler), line + " handled\n") << handler;
  for (const auto* handler :
       {"", "console.error(error);", "throw error;",
        "await edge.insert(customers).values({ name: 'failed' });", "await db.insert(orders).values({});"})
    EXPECT_EQ(found(handler), line + "\n") << handler;
  EXPECT_EQ(transactions("export const work = () => edge.transaction" + std::string(callback) +
                         ".catch(async () => { await edge.insert(orders).values({}); });\n"),
            "4 drizzle-orm/neon-http batch handled\n");
  // What is in `catch` itself is not tried.
  EXPECT_EQ(transactions("export async function work() { try { await edge.insert(orders).values({}); } "
                         "catch { await edge.transaction" +
                         std::string(callback) + "; await edge.insert(orders).values({}); } }\n"),
            "4 drizzle-orm/neon-http batch\n");
}

}  // namespace
}  // namespace pgadvise::drizzle
