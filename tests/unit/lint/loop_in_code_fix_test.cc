// What a fix proposes for a query in a loop of code: the same rows as the loop, or no code.
#include "lint/queries/loop_in_code_fix.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "lint/run/context.h"
#include "sql/replay/replay.h"

namespace pgadvise::lint {
namespace {

class LoopInCodeFix : public testing::Test {
 protected:
  LoopInCodeFix() {
    sql::Replayer replayer;
    replayer.run("create table invoices (id int primary key, order_id int, sent_at date, total numeric);",
                 "schema.sql");
    catalog_ = replayer.take();
    project_.drizzle = true;
    project_.drizzle_names = {
        {"public.invoices", "bills"}, {"public.invoices.id", "id"}, {"public.invoices.order_id", "orderId"}};
    found_.query.tables = {{"public", "invoices"}};
    found_.query.equal_columns = {"order_id"};
    found_.key = "order_id";
    found_.value = "order.id";
    found_.rows = "orders";
    found_.element = "order";
    found_.database = "db";
  }

  Fix fix(bool with_catalog = false) const {
    lint::Inputs inputs{.project = &project_};
    if (with_catalog) inputs.catalog = &catalog_;
    return fix_of_loop(Context(inputs), found_);
  }

  Catalog catalog_;
  Project project_;
  QueryInLoop found_;
};

TEST_F(LoopInCodeFix, FetchesTheRowsOfAllKeys) {
  EXPECT_EQ(
      fix().drizzle,
      "const matches = await db.select().from(bills).where(inArray(bills.orderId, orders.map((order) => "
      "order.id)))");
  found_.query.other_columns = {"sent_at"};
  EXPECT_EQ(fix().drizzle,
            "const matches = await db.select().from(bills).where(and(inArray(bills.orderId, "
            "orders.map((order) => order.id)), …))")
      << "the other condition is not dropped";
}

TEST_F(LoopInCodeFix, AnAggregateGroupsByTheKey) {
  found_.query.aggregate = true;
  EXPECT_EQ(fix().drizzle,
            "const values = await db.select({ orderId: bills.orderId, value: … }).from(bills)"
            ".where(inArray(bills.orderId, orders.map((order) => order.id))).groupBy(bills.orderId)");
}

TEST_F(LoopInCodeFix, ALimitForEachKeyIsNotDropped) {
  found_.query.limited = found_.query.ordered = true;
  EXPECT_EQ(fix().drizzle, "");
  EXPECT_NE(fix().title.find("lateral join"), std::string::npos);
  found_.query.first = true;  // limit(1)
  EXPECT_EQ(
      fix().drizzle,
      "const firsts = await db.selectDistinctOn([bills.orderId]).from(bills).where(inArray(bills.orderId, "
      "orders.map((order) => order.id))).orderBy(bills.orderId, …)");
  found_.query.ordered = false;
  EXPECT_NE(fix(true).drizzle.find("selectDistinctOn"), std::string::npos) << "an order has several invoices";
  found_.key = "id";
  found_.query.equal_columns = {"id"};
  EXPECT_EQ(fix(true).drizzle,
            "const matches = await db.select().from(bills).where(inArray(bills.id, orders.map((order) => "
            "order.id)))")
      << "the key is unique";
}

TEST_F(LoopInCodeFix, IsNoCodeForQueriesOfAnotherForm) {
  const QueryInLoop plain = found_;
  const auto none = [&](const char* why) {
    EXPECT_EQ(fix().drizzle, "") << why;
    EXPECT_NE(fix().title, "") << why;
    found_ = plain;
  };
  found_.query.tables.push_back({"public", "orders"});
  none("a join");
  found_.query.grouped = true;
  none("groups");
  found_.query.distinct = true;
  none("DISTINCT");
  found_.query.has_offset = true;
  none("OFFSET");
  found_.query.locks = true;
  none("FOR UPDATE");
  found_.key = "";
  none("a key that is not known");
  found_.query.tables = {{"public", "receipts"}};
  none("a table without an identifier");
  found_.key = "total";
  none("a column without a property");
  found_.by_row = true;
  none("ON CONFLICT, or values of the row");
  found_.collection = true;
  none("a Set or Map");
  found_.rows = "await db.select().from(orders)";
  none("rows without a name");
  found_.database = "";
  none("a database that only the round has");
}

TEST_F(LoopInCodeFix, HasOnlyNamesOfTheCode) {
  const auto where = [&] { return fix().drizzle.substr(fix().drizzle.find(".where")); };
  found_.database = "this.db";
  found_.rows = "page.orders";
  EXPECT_EQ(fix().drizzle,
            "const matches = await this.db.select().from(bills).where(inArray(bills.orderId, "
            "page.orders.map((order) => order.id)))");
  const std::string open = ".where(inArray(bills.orderId, page.orders.map((row) => …)))";
  found_.value = "order.id.value";
  EXPECT_EQ(where(), open);
  found_.value = "id";
  EXPECT_EQ(where(), open) << "a variable of the round";
  found_.value = "other.id";
  EXPECT_EQ(where(), open) << "another variable";
  found_.element = "";
  found_.value = "order.id";
  EXPECT_EQ(where(), open) << "a row that is taken apart";
}

TEST_F(LoopInCodeFix, WritesKeepTheirConditions) {
  found_.query.kind = CodeQuery::Kind::delete_;
  found_.query.equal_columns = {"order_id", "total"};
  EXPECT_EQ(fix().drizzle,
            "await db.delete(bills).where(and(inArray(bills.orderId, orders.map((order) => order.id)), …))");
  found_.query.kind = CodeQuery::Kind::insert;
  EXPECT_EQ(fix().drizzle, "await db.insert(bills).values(orders.map((row) => …))");
  found_.query.tables = {{"public", "receipts"}};
  EXPECT_EQ(fix().drizzle, "") << "not the name in SQL";
}

}  // namespace
}  // namespace pgadvise::lint
