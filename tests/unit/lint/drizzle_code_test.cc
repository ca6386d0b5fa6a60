// Drizzle code of fixes: all of the statement, or nothing.
#include "lint/queries/drizzle_code.h"

#include <string>

#include <gtest/gtest.h>

#include "lint/run/context.h"
#include "lint/run/rule.h"
#include "sql/facts/facts.h"
#include "sql/replay/replay.h"

namespace pgadvise::lint {
namespace {

class DrizzleFixCode : public testing::Test {
 protected:
  DrizzleFixCode() {
    sql::Replayer replayer;
    replayer.run(
        "create table orders (id int primary key, customer_id int, status text, total numeric, orders int);",
        "schema.sql");
    catalog_ = replayer.take();
    project_.drizzle = true;
    project_.drizzle_names = {{"public.orders", "orders"},        {"public.orders.customer_id", "customerId"},
                              {"public.orders.id", "id"},         {"public.orders.orders", "orders"},
                              {"public.orders.status", "status"}, {"public.orders.total", "sub total"}};
  }

  const Query& query(const std::string& text) {
    workload_ = {};
    workload_.queries.emplace_back();
    workload_.queries[0].fingerprint = "1";
    workload_.queries[0].text = text;
    sql::resolve(workload_, catalog_);
    return workload_.queries[0];
  }
  std::string select(const std::string& text) { return drizzle_select(context(), query(text), "db"); }
  std::string all(const std::string& text) {
    const Query& of = query(text);
    for (const auto& key : of.facts.predicates)
      if (key.column.column == "customer_id") return drizzle_select_all(context(), of, key);
    return "no key";
  }
  Context context() const { return Context({&catalog_, &workload_, &project_}); }

  Catalog catalog_;
  Workload workload_;
  Project project_;
};

TEST_F(DrizzleFixCode, KeepsEveryCondition) {
  EXPECT_EQ(select("select * from orders where customer_id = $1"),
            "db.select().from(orders).where(eq(orders.customerId, customerId))");
  EXPECT_EQ(
      select("select \"id\", \"status\" from \"orders\" where (\"orders\".\"status\" <> $1 and "
             "\"orders\".\"id\" in ($2, $3, $4)) order by \"orders\".\"id\" desc limit $5"),
      "db.select({ id: orders.id, status: orders.status }).from(orders).where(and(ne(orders.status, status), "
      "inArray(orders.id, idList))).orderBy(desc(orders.id)).limit(limit)");
  EXPECT_EQ(
      select("select id from public.orders o where o.total between $1 and $2 and o.status is not null and "
             "o.id = any($3)"),
      "db.select({ id: orders.id }).from(orders).where(and(between(orders['sub total'], value, value2), "
      "isNotNull(orders.status), inArray(orders.id, idList)))");
  EXPECT_EQ(select("select id from orders where id >= $1 and id < $2 and status like $3"),
            "db.select({ id: orders.id }).from(orders).where(and(gte(orders.id, id), lt(orders.id, id2), "
            "like(orders.status, status)))");
  EXPECT_EQ(select("select id from orders where orders = $1"),
            "db.select({ id: orders.id }).from(orders).where(eq(orders.orders, ordersValue))")
      << "the table's name is taken";
  EXPECT_EQ(select("select count(*) from orders where status = $1"),
            "db.select({ count: count() }).from(orders).where(eq(orders.status, status))");
}

// What the code could not say is not left out of it.
TEST_F(DrizzleFixCode, IsNothingForOtherStatements) {
  for (const auto* text : {
           "select id from orders where customer_id = $1 or status = $2",
           "select id from orders where not customer_id = $1",
           "select id from orders where lower(status) = $1",
           "select id from orders where status = $1 offset $2",
           "select distinct status from orders where customer_id = $1",
           "select sum(total) from orders where customer_id = $1",
           "select status, count(*) from orders where customer_id = $1 group by status",
           "select id from orders where customer_id = (select max(customer_id) from orders)",
           "select o.id from orders o join orders p on p.id = o.customer_id where o.status = $1",
           "select id from orders where customer_id = $1 for update",
           "select id from orders where customer_id = $1 union select 1",
           "select id from orders where (customer_id, id) = ($1, $2)",
           "select id from orders where customer_id = $1::bigint",
           "select id from orders order by status nulls last",
       })
    EXPECT_EQ(select(text), "") << text;
  project_.drizzle_names.erase(project_.drizzle_names.begin() + 1);
  EXPECT_EQ(select("select id from orders where customer_id = $1"), "") << "schema.ts lacks the column";
}

TEST_F(DrizzleFixCode, ForAllKeys) {
  EXPECT_EQ(all("select status from orders where customer_id = $1 and id > $2 limit $3"),
            "db.select({ customerId: orders.customerId, status: orders.status }).from(orders)"
            ".where(and(inArray(orders.customerId, keys), gt(orders.id, id)))");
  EXPECT_EQ(all("select count(*)::int as n from orders where customer_id = $1"),
            "db.select({ customerId: orders.customerId, count: count() }).from(orders)"
            ".where(inArray(orders.customerId, keys)).groupBy(orders.customerId)");
  EXPECT_EQ(all("select id from orders where customer_id::text like $1"), "");
}

TEST_F(DrizzleFixCode, Writes) {
  const auto write = [&](const std::string& text) { return drizzle_write(context(), query(text), "tx"); };
  EXPECT_EQ(write("insert into orders (id) values ($1)"), "tx.insert(orders).values(ordersRow)");
  EXPECT_EQ(write("insert into orders (id) values ($1) on conflict do nothing returning id"),
            "tx.insert(orders).values(ordersRow).onConflictDoNothing().returning()");
  EXPECT_EQ(write("insert into orders (id) values ($1) on conflict (id) do update set status = $2"), "");
  EXPECT_EQ(write("update orders set status = $1 where id = $2 and customer_id = $3"),
            "tx.update(orders).set(ordersChanges).where(and(eq(orders.id, id), eq(orders.customerId, "
            "customerId)))");
  EXPECT_EQ(write("update orders set total = total + $1 where id = $2"), "");
  EXPECT_EQ(write("delete from orders where id = $1 or status = $2"), "");
  EXPECT_EQ(drizzle_insert_missing(context(), {"public", "orders"}, {"customer_id", "status"}),
            "db.insert(orders).values(ordersRow).onConflictDoNothing({ target: [orders.customerId, "
            "orders.status] })");
}

// A list of 400 parameters is not printed, and the WHERE is not lost.
TEST_F(DrizzleFixCode, RedundantQueryHasItsConditions) {
  std::string list = "$2";
  for (int i = 3; i <= 400; ++i) list += ", $" + std::to_string(i);
  query("select * from orders where status = $1 and id in (" + list + ")");
  workload_.has_events = true;
  RepeatedQuery repeat;
  repeat.pattern = {"1"};
  repeat.same_values = repeat.parameters_known = true;
  repeat.calls = repeat.max_in_one_scope = 9;
  repeat.scope = repeat.scope_of_most = RepeatedQuery::Scope::transaction;
  workload_.repeats = {repeat};
  workload_.queries[0].calls = 9;
  const auto outcome = run({&catalog_, &workload_, &project_}, {"redundant-query"});
  ASSERT_EQ(outcome.findings.size(), 1u);
  const Fix& fix = *outcome.findings[0].fix;
  EXPECT_TRUE(
      fix.drizzle.starts_with("const kept = await tx.select().from(orders).where(and(eq(orders.status, "
                              "status), inArray(orders.id, idList)));"))
      << fix.drizzle;
  EXPECT_EQ(fix.sql, "select * from orders where status = $1 and id in ($2, …, $400)");
}

}  // namespace
}  // namespace pgadvise::lint
