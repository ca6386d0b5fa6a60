// A Drizzle project whose source, migrations and logs are about the same things: which locations a finding
// has, and which findings are one. Skipped in a build without the grammar.
#include <algorithm>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "check/run/merge.h"
#include "drizzle/schema/source_reader.h"
#include "report/report.h"
#include "support/paths.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;

class DrizzleProject : public testing::Test {
 protected:
  void SetUp() override {
    if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  static Report report_of(const TempTree& tree, std::vector<std::string> logs = {}) {
    Sources sources;
    sources.paths = {tree.path()};
    sources.logs = std::move(logs);
    const Settings settings;
    const auto inputs = load(sources, settings);
    EXPECT_TRUE(inputs) << (inputs ? "" : inputs.error().front().line());
    if (!inputs) return {};
    return merge(*inputs, run(*inputs, nullptr, settings), settings);
  }

  static std::vector<const Finding*> of_rule(const std::vector<Finding>& findings, std::string_view rule) {
    std::vector<const Finding*> out;
    for (const auto& finding : findings)
      if (finding.rule == rule) out.push_back(&finding);
    return out;
  }

  static bool has_evidence(const Finding& finding, std::string_view text, const std::string& at) {
    return std::any_of(finding.evidence.begin(), finding.evidence.end(), [&](const Evidence& one) {
      return contains(one.text, text) && contains(one.place ? one.place->str() : "", at);
    });
  }
};

constexpr const char* package = R"({"name": "shop", "dependencies": {"drizzle-orm": "0.45.0"}})";
constexpr const char* config =
    "export default { dialect: 'postgresql', schema: './src/schema.ts', out: './drizzle' };\n";
constexpr const char* journal =
    R"({"version": "7", "dialect": "postgresql", "entries": [{"idx": 0, "version": "7", "when": 1, "tag": "0000_first", "breakpoints": true}]})";
const std::string schema = R"(import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
export const customers = pgTable('customers', { id: integer('id').primaryKey(), name: text('name') });
export const orders = pgTable('orders', {
  id: integer('id').primaryKey(),
  customerId: integer('customer_id').references(() => customers.id),
  settings: text('settings').default('{}'),
}, (t) => [index('orders_settings').on(t.settings), index('orders_settings_again').on(t.settings)]);
)";
const std::string migration = R"(CREATE TABLE "customers" ("id" integer PRIMARY KEY NOT NULL, "name" text);
CREATE TABLE "orders" (
  "id" integer PRIMARY KEY NOT NULL,
  "customer_id" integer,
  "settings" text DEFAULT '{}'
);
ALTER TABLE "orders" ADD CONSTRAINT "orders_customer_id_customers_id_fk" FOREIGN KEY ("customer_id") REFERENCES "customers"("id");
CREATE INDEX "orders_settings" ON "orders" ("settings");
CREATE INDEX "orders_settings_again" ON "orders" ("settings");
)";

std::vector<std::pair<std::string, std::string>> files() {
  return {{"package.json", package},
          {"drizzle.config.ts", config},
          {"src/schema.ts", schema},
          {"drizzle/0000_first.sql", migration},
          {"drizzle/meta/_journal.json", journal}};
}

void fill(const TempTree& tree) {
  for (const auto& [path, text] : files()) tree.add(path, text);
}

TEST_F(DrizzleProject, FindingsPointToTheSourceAndNameTheMigration) {
  const TempTree tree{};
  fill(tree);
  const Report report = report_of(tree);
  const auto at = [&](std::string_view rule) -> std::string {
    const auto found = of_rule(report.findings, rule);
    if (found.size() != 1) return std::to_string(found.size()) + " findings";
    std::string out = found.front()->location->str();
    for (const auto& place : found.front()->other_locations) out += " and " + place.str();
    return replace_all(out, tree.path() + "/", "");
  };
  EXPECT_EQ(at("unindexed-foreign-key"), "src/schema.ts:5:3 and drizzle/0000_first.sql:7:26");
  EXPECT_EQ(at("json-stored-as-text"), "src/schema.ts:6:3 and drizzle/0000_first.sql:5:3");
  EXPECT_EQ(at("duplicate-index"), "src/schema.ts:7:53 and drizzle/0000_first.sql:9:1");
  for (const auto& finding : report.findings) {
    if (!finding.other_locations.empty()) {
      EXPECT_TRUE(has_evidence(finding,
                               "this migration defines the " + replace_all(finding.subject.kind, "-", " "),
                               finding.other_locations.front().str()))
          << finding.message;
    }
  }
  for (const auto& [format, text] :
       {std::pair("json", "\"other_locations\""), std::pair("sarif", "\"relatedLocations\""),
        std::pair("gitlab", "\"other_locations\""), std::pair("rdjson", "\"related_locations\""),
        std::pair("github", "%0AAlso at "), std::pair("text", "this migration defines the foreign key (")}) {
    // Where a line breaks depends on the length of the folder's name.
    const std::string out =
        std::regex_replace(report::find_format(format)->render(report, {}), std::regex("\\s+"), " ");
    EXPECT_TRUE(contains(out, text)) << format << "\n" << out;
    EXPECT_TRUE(contains(out, "0000_first.sql")) << format;
  }
}

// What the source no longer says, is not reported at its line.
// A clean report would hide that no table was read.
TEST_F(DrizzleProject, AMissingSchemaFileIsAnInputThatCouldNotBeRead) {
  const TempTree tree({{"package.json", package}, {"drizzle.config.ts", config}});
  for (const bool allow_empty : {false, true}) {
    Sources sources;
    sources.paths = {tree.path()};
    Settings settings;
    settings.allow_empty = allow_empty;
    const auto inputs = load(sources, settings);
    ASSERT_TRUE(inputs);
    EXPECT_NE(inputs->nothing.checked, "");
    const auto& reported = inputs->diagnostics;
    EXPECT_EQ(std::any_of(reported.begin(), reported.end(),
                          [](const Error& error) { return error.kind == Error::Kind::usage; }),
              !allow_empty)
        << "exit code 2";
    EXPECT_EQ(std::count_if(reported.begin(), reported.end(),
                            [](const Error& error) { return contains(error.what, "./src/schema.ts"); }),
              1);
  }
}

TEST_F(DrizzleProject, ATableThatTheSourceChangesKeepsTheMigrationsLine) {
  const TempTree tree{};
  fill(tree);
  tree.add("src/schema.ts",
           replace_all(schema, "name: text('name')", "name: text('name'), more: text('more')"));
  const Report other_table = report_of(tree);
  for (const auto* one : of_rule(other_table.findings, "unindexed-foreign-key"))
    EXPECT_EQ(one->location->file, tree.path("src/schema.ts")) << "another table differs";
  tree.add("src/schema.ts", replace_all(schema, "settings: text('settings')", "settings: jsonb('settings')"));
  const Report report = report_of(tree);
  for (const auto* rule : {"unindexed-foreign-key", "json-stored-as-text"}) {
    const auto found = of_rule(report.findings, rule);
    ASSERT_EQ(found.size(), 1u) << rule;
    EXPECT_EQ(found.front()->location->file, tree.path("drizzle/0000_first.sql")) << rule;
    ASSERT_EQ(found.front()->other_locations.size(), 1u) << rule;
    EXPECT_EQ(found.front()->other_locations.front().file, tree.path("src/schema.ts")) << rule;
  }
}

TEST_F(DrizzleProject, ACommentAtEitherLineSuppresses) {
  const std::string reason = " pgadvise: ignore unindexed-foreign-key few deletes\n";
  const auto suppressed = [](const TempTree& tree) {
    const Report report = report_of(tree);
    EXPECT_EQ(of_rule(report.findings, "unindexed-foreign-key").size() + report.suppressed.size(), 1u);
    return report.suppressed.size();
  };
  const TempTree in_source{}, in_migration{}, by_path{};
  fill(in_source);
  in_source.add("src/schema.ts", replace_all(schema, "  customerId:", "  //" + reason + "  customerId:"));
  EXPECT_EQ(suppressed(in_source), 1u);
  fill(in_migration);
  in_migration.add("drizzle/0000_first.sql",
                   replace_all(migration, "ALTER TABLE", "--" + reason + "ALTER TABLE"));
  EXPECT_EQ(suppressed(in_migration), 1u);
  fill(by_path);
  by_path.add("pgadvise.toml",
              "[[ignore]]\nrule = \"unindexed-foreign-key\"\npath = \"drizzle/*\"\nreason = \"old\"\n");
  EXPECT_EQ(suppressed(by_path), 1u);
}

// ---- N+1 queries that code makes and a log shows.

// A service with the loops of fixtures/shop/src/workload.ts, whose log is of Drizzle 0.45 on PostgreSQL.
class DrizzleLog : public DrizzleProject {
 protected:
  static inline const std::string shop = std::string(testing_support::source_dir) + "/fixtures/shop";

  static Report report_with(const TempTree& tree, const std::string& service, const std::string& more = "") {
    tree.add("package.json", package);
    tree.add("src/db/schema.ts", read_file(shop + "/src/db/schema.ts").value());
    tree.add("src/db/index.ts",
             "import { drizzle } from 'drizzle-orm/node-postgres';\nimport * as schema from './schema';\n"
             "export const db = drizzle(process.env.DATABASE_URL!, { schema });\n");
    const std::string imports =
        "import { and, asc, desc, eq, gt } from 'drizzle-orm';\nimport { db } from './db';\n"
        "import * as s from './db/schema';\n";
    tree.add("src/service.ts", imports + service);
    if (!more.empty()) tree.add("src/more.ts", imports + more);
    return report_of(tree, {shop + "/logs/shop.log"});
  }

  // The findings of the log about the table, but for those that are one with the code's.
  static std::vector<const Finding*> of_log(const Report& report, const std::string& table) {
    auto out = of_rule(report.findings, "n-plus-one-query");
    std::erase_if(out, [&](const Finding* one) { return one->subject.table != table; });
    return out;
  }
};

const std::string history = R"(export async function history() {
  const found = await db.select({ id: s.orders.id, total: s.orders.total }).from(s.orders).orderBy(desc(s.orders.placedAt)).limit(16);
  for (const order of found) {
    await db.select({ lineNo: s.orderItems.lineNo, quantity: s.orderItems.quantity })
      .from(s.orderItems).where(eq(s.orderItems.orderId, order.id));
  }
}
)";

TEST_F(DrizzleLog, ConfirmsTheLoopInTheCode) {
  const TempTree tree{};
  const Report report = report_with(tree, history);
  const auto found = of_rule(report.findings, "n-plus-one-query-in-code");
  ASSERT_EQ(found.size(), 1u);
  const Finding& one = *found.front();
  EXPECT_EQ(one.verdict, Verdict::confirmed);
  EXPECT_EQ(one.location->file, tree.path("src/service.ts"));
  EXPECT_TRUE(has_evidence(one, "the log confirms it: The query on order_items ran 16 times", "shop.log:14"))
      << one.evidence.back().text;
  EXPECT_TRUE(has_evidence(one, "the query compares order_id with order.id", "src/service.ts:7:11"));
  EXPECT_TRUE(contains(one.fix->sql, "= ANY($1)"));
  // The statement of another selection stays the log's.
  const auto others = of_log(report, "order_items");
  ASSERT_EQ(others.size(), 1u);
  EXPECT_TRUE(contains(others.front()->message, "product_id"));
  // The ids: the code's, and for baselines the log's.
  Sources sources;
  sources.logs = {shop + "/logs/shop.log"};
  sources.schema = {shop + "/drizzle"};
  const Settings settings;
  const auto inputs = load(sources, settings);
  ASSERT_TRUE(inputs);
  const Report by_log = merge(*inputs, run(*inputs, nullptr, settings), settings);
  const auto logged = of_log(by_log, "order_items");
  EXPECT_TRUE(std::any_of(logged.begin(), logged.end(),
                          [&](const Finding* finding) { return finding->id == one.former_id; }));
}

TEST_F(DrizzleLog, NamesTheLinesWhereSeveralLoopsMakeTheStatement) {
  const TempTree tree{};
  const Report report = report_with(tree, history, replace_all(history, "history()", "again()"));
  const auto in_code = of_rule(report.findings, "n-plus-one-query-in-code");
  ASSERT_EQ(in_code.size(), 2u);
  for (const auto* one : in_code) {
    EXPECT_EQ(one->verdict, Verdict::suspected);
    EXPECT_TRUE(contains(one->verdict_reason, "2 queries in the code make it")) << one->verdict_reason;
  }
  const auto logged = of_log(report, "order_items");
  ASSERT_EQ(logged.size(), 2u);
  const Finding& one = contains(logged[0]->message, "line_no") ? *logged[0] : *logged[1];
  for (const auto* file : {"src/service.ts:7:11", "src/more.ts:7:11"})
    EXPECT_TRUE(has_evidence(one, "one of 2 queries in the code that make it", file)) << file;
}

TEST_F(DrizzleLog, ComparesStructureAndNotNames) {
  const TempTree tree{};
  // Another column, another selection, a limit, an order, another operation: none of them is in the log.
  for (const auto& [from, to] :
       {std::pair("s.orderItems.orderId, order.id", "s.orderItems.productId, order.id"),
        std::pair("lineNo: s.orderItems.lineNo, ", ""), std::pair("order.id));", "order.id)).limit(1);"),
        std::pair("order.id));", "order.id)).orderBy(asc(s.orderItems.lineNo));"),
        std::pair("order.id));", "order.id)).groupBy(s.orderItems.lineNo);"),
        std::pair("eq(s.orderItems.orderId", "gt(s.orderItems.lineNo, 1), eq(s.orderItems.orderId")}) {
    const Report report = report_with(tree, replace_all(history, from, to));
    EXPECT_EQ(of_log(report, "order_items").size(), 2u) << to;
    for (const auto* one : of_rule(report.findings, "n-plus-one-query-in-code"))
      EXPECT_EQ(one->verdict, Verdict::suspected) << to;
    for (const auto* one : of_log(report, "order_items"))
      EXPECT_FALSE(has_evidence(*one, "in the code", "")) << to;
  }
}

// A query that no loop is known for: its line, and no more.
TEST_F(DrizzleLog, NamesAQueryOutsideOfLoops) {
  const TempTree tree{};
  const Report report = report_with(tree, R"(export const items = async (id: number) =>
  db.select({ lineNo: s.orderItems.lineNo, quantity: s.orderItems.quantity }).from(s.orderItems).where(eq(s.orderItems.orderId, id));
)");
  EXPECT_TRUE(of_rule(report.findings, "n-plus-one-query-in-code").empty());
  const auto logged = of_log(report, "order_items");
  ASSERT_EQ(logged.size(), 2u);
  EXPECT_EQ(std::count_if(logged.begin(), logged.end(),
                          [](const Finding* one) {
                            return has_evidence(*one, "this query in the code makes the statement",
                                                "src/service.ts:5:3");
                          }),
            1);
}

TEST_F(DrizzleLog, ConfirmsWritesAndRelationalQueries) {
  const TempTree tree{};
  const Report report = report_with(tree, R"(export async function cart() {
  const found = await db.select({ productId: s.cartItems.productId }).from(s.cartItems).orderBy(asc(s.cartItems.cartId), asc(s.cartItems.productId)).limit(10);
  for (const item of found) {
    await db.query.products.findFirst({
      columns: { id: true, name: true },
      where: eq(s.products.id, item.productId),
      with: { category: { columns: { title: true } } },
    });
  }
}
export async function sweep() {
  const found = await db.select({ id: s.sessions.id }).from(s.sessions).where(eq(s.sessions.customerId, 1)).orderBy(asc(s.sessions.id)).limit(12);
  for (const session of found) await db.delete(s.sessions).where(eq(s.sessions.id, session.id));
}
)");
  for (const auto* rule : {"n-plus-one-query-in-code", "n-plus-one-write-in-code"}) {
    const auto found = of_rule(report.findings, rule);
    ASSERT_EQ(found.size(), 1u) << rule;
    EXPECT_EQ(found.front()->verdict, Verdict::confirmed) << rule;
    EXPECT_EQ(found.front()->severity, Severity::warning) << rule;
  }
}

}  // namespace
}  // namespace pgadvise::check
