#include "sql/facts/facts.h"

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "sql/replay/replay.h"

namespace pgadvise::sql {
namespace {

const Catalog& shop() {
  static const Catalog catalog = [] {
    Replayer replayer;
    replayer.run(
        "CREATE TABLE customers (id int PRIMARY KEY, email varchar(80), active boolean, created_at "
        "timestamptz);"
        "CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text, total numeric, tags text[], "
        "payload jsonb);"
        "CREATE TABLE items (order_id int, product_id int, quantity int);"
        "CREATE SCHEMA audit; CREATE TABLE audit.log (id int, at date);"
        "CREATE VIEW paid AS SELECT o.id, o.customer_id AS payer, upper(c.email) AS email FROM orders o JOIN "
        "customers c ON "
        "c.id = o.customer_id WHERE o.status = 'paid';"
        "CREATE VIEW paid_twice AS SELECT a.id, b.payer FROM paid a JOIN paid b USING (id);",
        "shop.sql");
    return replayer.take();
  }();
  return catalog;
}

std::string shown(const ColumnUse& use) {
  return use.table.name.empty() ? "?" + use.column : display(use.table) + "." + use.column;
}

std::string shown(const Predicate& p) {
  static constexpr const char* ops[] = {"eq", "in", "range", "like", "null", "notnull", "other"};
  std::string out = p.wrapper.empty() ? shown(p.column) : p.wrapper + "(" + shown(p.column) + ")";
  out += " " + std::string(ops[static_cast<int>(p.op)]) + "[" + p.op_name + "]";
  if (p.value == Predicate::Value::parameter) out += " $" + std::to_string(p.parameter);
  if (p.value == Predicate::Value::constant) out += " '" + p.constant.value_or("NULL") + "'";
  if (p.value == Predicate::Value::computed) out += " computed";
  if (p.value == Predicate::Value::column) out += " " + shown(p.other);
  return out + (p.under_or ? " or" : "");
}

std::string predicates(std::string_view query) {
  std::vector<std::string> out;
  for (const Predicate& p : query_facts(query, shop()).predicates) out.push_back(shown(p));
  return join(out, "; ");
}

std::string relations(std::string_view query) {
  std::vector<std::string> out;
  for (const RelationUse& r : query_facts(query, shop()).relations)
    out.push_back(display(r.table) + (r.alias.empty() ? "" : " " + r.alias) + (r.written ? " w" : ""));
  return join(out, "; ");
}

TEST(Facts, ExpressionsThatAnIndexCanHold) {
  const auto expressions = [](std::string_view query) {
    std::string out;
    for (const Predicate& p : query_facts(query, shop()).predicates)
      if (!p.expression.empty())
        out += (out.empty() ? "" : "; ") + p.expression + (p.expression_names ? "" : " (tells)");
    return out;
  };
  const std::pair<const char*, const char*> cases[] = {
      {"SELECT 1 FROM orders o WHERE o.payload ->> 'user_id' = $1 AND o.id = 3", "payload ->> 'user_id'"},
      {"SELECT 1 FROM orders WHERE lower(orders.payload #>> '{a,b,0}') = 'x'",
       "lower(payload #>> '{a,b,0}')"},
      {"SELECT 1 FROM customers c WHERE date_trunc('day', c.created_at AT TIME ZONE 'UTC') >= $1",
       "date_trunc('day', pg_catalog.timezone('UTC', created_at))"},
      {"SELECT 1 FROM customers c WHERE (c.created_at AT TIME ZONE 'Europe/Berlin')::date = $1",
       "pg_catalog.timezone('Europe/Berlin', created_at)::date"},
      {"SELECT 1 FROM customers c WHERE $1 = lower(c.email)", "lower(email)"},
      {"SELECT 1 FROM customers c WHERE c.email || ', ' || substr(c.email, 3) = 'x'",
       "(email || ', ') || substr(email, 3)"},
      // Logged constants that may be somebody's.
      {"SELECT 1 FROM orders WHERE coalesce(status, 'anna@example.com') = $1",
       "COALESCE(status, 'anna@example.com') (tells)"},
      {"SELECT 1 FROM orders WHERE coalesce(status, 'Анна') = $1", "COALESCE(status, 'Анна') (tells)"},
      {"SELECT 1 FROM orders WHERE coalesce(status, '!@#$%%^&*') = $1",
       "COALESCE(status, '!@#$%%^&*') (tells)"},
      {"SELECT 1 FROM orders WHERE payload ->> 'anna@example.com' = 'x'",
       "payload ->> 'anna@example.com' (tells)"},
      {"SELECT 1 FROM orders WHERE payload ->> 'anna.miller' = 'x'", "payload ->> 'anna.miller' (tells)"},
      {"SELECT 1 FROM orders WHERE payload ->> '4111111111111111' = 'x'",
       "payload ->> '4111111111111111' (tells)"},
      {"SELECT 1 FROM orders WHERE payload ->> 'd41d8cd98f00b204e9800998ecf8427e' = 'x'",
       "payload ->> 'd41d8cd98f00b204e9800998ecf8427e' (tells)"},
      {"SELECT 1 FROM orders WHERE payload #>> '{users,anna.miller}' = 'x'",
       "payload #>> '{users,anna.miller}' (tells)"},
      // Another value in another session.
      {"SELECT 1 FROM customers c WHERE date_trunc('day', c.created_at) >= $1", ""},
      // What could fail for a row, then for whoever writes it.
      {"SELECT 1 FROM orders WHERE (payload ->> 'n')::int = 7", ""},
      {"SELECT 1 FROM orders WHERE 1000 / (id - 5) = 7", ""},
      {"SELECT 1 FROM orders WHERE decode(status, 'hex') = $1", ""},
      {"SELECT 1 FROM orders WHERE app.lower(status) = $1", ""},
      // No index of one table.
      {"SELECT 1 FROM orders WHERE payload ->> $1 = 'x'", ""},
      {"SELECT 1 FROM orders WHERE status = 'x'", ""},
      {"SELECT 1 FROM orders o, customers c WHERE lower(c.email) = lower(o.status)", ""},
      {"SELECT 1 FROM orders o JOIN customers c ON true WHERE c.email || o.status = 'x'", ""},
      {"SELECT 1 FROM (SELECT status AS s FROM orders) d WHERE lower(d.s) = 'x'", ""},
  };
  for (const auto& [query, expected] : cases) EXPECT_EQ(expected, expressions(query)) << query;
}

// What a server accepts as an index expression: each of these was tried on one.
TEST(Facts, AnExpressionIsImmutableByItsTypes) {
  Replayer replayer;
  replayer.run(
      "CREATE TYPE state AS ENUM ('a', 'b'); CREATE DOMAIN own_state AS state; CREATE TABLE t (id bigint "
      "PRIMARY KEY, a text, n int, st state, ds own_state, ar int[], ta text[], iv interval, mo money, dr "
      "daterange, nr numrange, ip inet, ti time, f float8, by bytea, cn name, rc regclass, js json, jb "
      "jsonb, "
      "oi oid, uu uuid, nu numeric(10,2), ts timestamp, tz timestamptz, d date, vc varchar(20), x xml);",
      "t.sql");
  const Catalog catalog = replayer.take();
  const auto known = [&](const std::string& expression) {
    const QueryFacts facts = query_facts("SELECT id FROM t WHERE " + expression + " = $1", catalog);
    return !facts.predicates.empty() &&
           !(facts.predicates[0].expression + facts.predicates[0].fallible_expression).empty();
  };
  for (const char* expression : {"n::text",
                                 "a || n",
                                 "a || uu",
                                 "vc || '-' || n",
                                 "jb::text",
                                 "ip::text",
                                 "ti::text",
                                 "by::text",
                                 "nu::text",
                                 "oi::text",
                                 "lower(nr)",
                                 "extract(hour from ti)",
                                 "extract(epoch from iv)",
                                 "date_trunc('day', ts)",
                                 "ts::date",
                                 "date_part('day', d)",
                                 "extract(year from ts)",
                                 "md5(by)",
                                 "lower(cn)",
                                 "jb -> 'a'",
                                 "js ->> 'a'",
                                 "ar || ar",
                                 "jb || jb",
                                 "coalesce(st, 'a')",
                                 "coalesce(n, 0)",
                                 "(jb ->> 'a')::int",
                                 "n::numeric",
                                 "(a::int) + n",
                                 "left(a, n)",
                                 "lower(n::text)"})
    EXPECT_TRUE(known(expression)) << expression;
  for (const char* expression : {"st::text",
                                 "ds::text",
                                 "ar::text",
                                 "ta::text",
                                 "iv::text",
                                 "mo::text",
                                 "dr::text",
                                 "rc::text",
                                 "ts::text",
                                 "tz::text",
                                 "d::text",
                                 "a || st",
                                 "st || a",
                                 "a || ts",
                                 "lower(st::text)",
                                 "lower(ar::text)",
                                 "lower(tz::text)",
                                 "coalesce(st::text, 'x')",
                                 "replace(a, 'x', st::text)",
                                 "md5(d::text)",
                                 "date_part('day', tz)",
                                 "extract(hour from tz)",
                                 "date_trunc('day', d)",
                                 "tz::date",
                                 "coalesce(ts, tz)",
                                 "date_part('day', dr)",
                                 "js -> 'a'",
                                 "coalesce(js, '{}')",
                                 "st::text::int",
                                 "d AT TIME ZONE 'UTC'",
                                 "(tz::text)::int"})
    EXPECT_FALSE(known(expression)) << expression;
}

TEST(Facts, ValuesThatAreComputedOncePerStatement) {
  const std::pair<const char*, const char*> cases[] = {
      {"SELECT 1 FROM customers WHERE email = lower($1)", "customers.email eq[=] computed"},
      {"SELECT 1 FROM customers WHERE created_at > now() - interval '1 day'",
       "customers.created_at range[>] computed"},
      {"SELECT 1 FROM customers WHERE created_at >= (CURRENT_DATE - $1::int)::timestamptz",
       "customers.created_at range[>=] computed"},
      {"SELECT 1 FROM customers WHERE email IN (lower($1), lower($2))", "customers.email in[=] computed"},
      {"SELECT 1 FROM customers WHERE email = coalesce($1, 'x') OR email = current_setting('a.b')",
       "customers.email eq[=] computed or; customers.email eq[=] computed or"},
      // Another value for each row, or perhaps; the result of a subquery.
      {"SELECT 1 FROM customers WHERE id = random() * 10", "customers.id eq[=]"},
      {"SELECT 1 FROM customers WHERE email = app.name_of($1)", "customers.email eq[=]"},
      {"SELECT 1 FROM customers WHERE id = (SELECT max(customer_id) FROM orders)", "customers.id eq[=]"},
      {"SELECT 1 FROM customers c, unnest($1::int[]) u WHERE c.id = abs(u)", "customers.id eq[=]"},
  };
  for (const auto& [query, expected] : cases) EXPECT_EQ(expected, predicates(query)) << query;
}

TEST(Facts, Predicates) {
  const std::pair<const char*, const char*> cases[] = {
      {"SELECT 1 FROM orders o WHERE o.customer_id = $1 AND status IN ('a', 'b') AND total > 10.5",
       "orders.customer_id eq[=] $1; orders.status in[=] 'a'; orders.total range[>] '10.5'"},
      {"SELECT 1 FROM orders WHERE customer_id = ANY($2::int[]) AND $3 < total AND id BETWEEN $4 AND $5",
       "orders.customer_id in[=] $2; orders.total range[>] $3; orders.id range[BETWEEN] $4"},
      {"SELECT 1 FROM customers WHERE lower(email) = $1 OR email ILIKE 'a%'",
       "lower(customers.email) eq[=] $1 or; customers.email like[~~*] 'a%' or"},
      {"SELECT 1 FROM customers WHERE email::text = $1 AND created_at::date = '2020-01-01'::date AND NOT "
       "active",
       "customers.email eq[=] $1; ::date(customers.created_at) eq[=] '2020-01-01'; customers.active eq[=] "
       "'false'"},
      {"SELECT 1 FROM orders WHERE status IS NULL AND NOT (total IS NOT NULL) AND payload @> $1 AND payload "
       "->> 'a' = 'b'",
       "orders.status null[IS NULL]; orders.total notnull[IS NOT NULL] or; orders.payload other[@>] $1; "
       "->>(orders.payload) eq[=] 'b'"},
      {"SELECT 1 FROM orders WHERE $1 = ANY(tags) AND status <> 'x' AND id NOT IN (1) AND id <> ALL($2)",
       "orders.tags other[= ANY] $1; orders.status other[<>] 'x'; orders.id other[<>] '1'; orders.id "
       "other[<>] "
       "$2"},
      {"SELECT 1 FROM orders WHERE (customer_id, id) > ($1, $2) AND (customer_id, status) = ($3, $4)",
       "orders.customer_id range[>] $1; orders.customer_id eq[=] $3; orders.status eq[=] $4"},
      {"SELECT 1 FROM orders WHERE (customer_id, status) IN (($1, $2), ($3, $4))",
       "orders.customer_id in[=] $1; orders.status in[=] $2"},
      {"SELECT 1 FROM orders WHERE (customer_id, status) IN ((1, 'a'), (2, $1)) AND (id, total) IN ((1, 2))",
       "orders.customer_id in[=] '1'; orders.status in[=]; orders.id in[=] '1'; orders.total in[=] '2'"},
      {"SELECT 1 FROM orders WHERE (customer_id, status) IN ((1, 'a'), (id, 'b'))",
       "orders.customer_id in[=]; orders.status in[=] 'a'"},
      {"SELECT 1 FROM orders WHERE (customer_id, status) NOT IN ((1, 'a'))",
       "orders.customer_id other[<>] '1'; orders.status other[<>] 'a'"},
      {"SELECT 1 FROM orders o JOIN customers c ON c.id = o.customer_id LEFT JOIN items i ON i.order_id = "
       "o.id AND i.quantity > 1",
       "customers.id eq[=] orders.customer_id; items.order_id eq[=] orders.id; items.quantity range[>] '1'"},
      {"SELECT 1 FROM items JOIN (SELECT id AS order_id FROM orders) o USING (order_id)",
       "items.order_id eq[=] orders.id"},
      {"SELECT 1 FROM orders a NATURAL JOIN (SELECT id, total FROM orders) b",
       "orders.id eq[=] orders.id; orders.total eq[=] orders.total"},
      {"WITH recent AS (SELECT * FROM orders WHERE status = 'x') SELECT * FROM recent WHERE "
       "recent.customer_id = $1",
       "orders.status eq[=] 'x'; orders.customer_id eq[=] $1"},
      {"SELECT 1 FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id AND email = "
       "$1)",
       "orders.customer_id eq[=] customers.id; customers.email eq[=] $1"},
      {"SELECT 1 FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total > 1)",
       "orders.total range[>] '1'; customers.id in[=] orders.customer_id"},
      {"SELECT 1 FROM orders WHERE id = 1 UNION ALL SELECT 1 FROM items WHERE order_id = 2",
       "orders.id eq[=] '1'; items.order_id eq[=] '2'"},
      {"UPDATE orders SET total = 1 FROM customers c WHERE c.id = customer_id AND c.email = $1",
       "customers.id eq[=] orders.customer_id; customers.email eq[=] $1"},
      {"DELETE FROM items USING orders o WHERE order_id = o.id AND o.status = $1",
       "items.order_id eq[=] orders.id; orders.status eq[=] $1"},
      {"INSERT INTO items SELECT id, 1, 1 FROM orders WHERE status = 'x' ON CONFLICT DO NOTHING",
       "orders.status eq[=] 'x'"},
      {"SELECT 1 FROM audit.log WHERE audit.log.id = 1 AND log.at > now()",
       "audit.log.id eq[=] '1'; audit.log.at range[>] computed"},
      {"SELECT 1 FROM paid p WHERE payer = $1 AND p.email = $2",
       "customers.id eq[=] orders.customer_id; orders.status eq[=] 'paid'; orders.customer_id eq[=] $1; "
       "paid.email eq[=] $2"},
      {"SELECT 1 FROM unknown WHERE id = 1", "?id eq[=] '1'"},
      {"SELECT 1 FROM orders o WHERE o.nope = 1 AND orders.id = 1", "?nope eq[=] '1'; ?id eq[=] '1'"},
      {"SELECT 1 FROM orders GROUP BY status HAVING count(*) > 1", ""},
      {"SELECT 1 FROM orders, LATERAL (SELECT * FROM items WHERE order_id = orders.id LIMIT 1) i WHERE "
       "i.quantity = 1",
       "items.order_id eq[=] orders.id; items.quantity eq[=] '1'"},
      {"SELECT 1 FROM orders WHERE coalesce(status, 'x') = 'y' AND total * 2 = 4",
       "coalesce(orders.status) eq[=] 'y'; *(orders.total) eq[=] '4'"},
  };
  for (const auto& [query, expected] : cases) EXPECT_EQ(predicates(query), expected) << query;
}

TEST(Facts, Relations) {
  EXPECT_EQ(relations("SELECT 1 FROM orders o, customers, audit.log"), "orders o; customers; audit.log");
  EXPECT_EQ(relations("WITH orders AS (SELECT * FROM items) SELECT * FROM orders"), "items");
  EXPECT_EQ(relations("WITH d AS (DELETE FROM items RETURNING *) INSERT INTO orders SELECT order_id FROM d"),
            "items w; orders w");
  EXPECT_EQ(relations("MERGE INTO orders o USING items i ON o.id = i.order_id WHEN MATCHED THEN DELETE"),
            "orders o w; items i");
  const auto facts = query_facts("SELECT * FROM nope JOIN log ON true", shop());
  EXPECT_EQ(facts.unknown_relations.size(), 2u);
  EXPECT_TRUE(query_facts("SELECT * FROM pg_class", shop()).catalog_query);
  EXPECT_TRUE(query_facts("SELECT * FROM information_schema.tables", shop()).catalog_query);
  EXPECT_FALSE(facts.catalog_query);
}

TEST(Facts, DrizzlesRelationalQueriesAreKnown) {
  const char* query =
      "select \"customers\".\"id\", \"customers_orders\".\"data\" as \"orders\" from \"customers\" "
      "\"customers\" left join lateral "
      "(select coalesce(json_agg(json_build_array(\"customers_orders\".\"id\")), '[]'::json) as \"data\" "
      "from (select * from \"orders\" "
      "\"customers_orders\" where \"customers_orders\".\"customer_id\" = \"customers\".\"id\" limit $1) "
      "\"customers_orders\") "
      "\"customers_orders\" on true where \"customers\".\"id\" = $2";
  EXPECT_EQ(relations(query), "customers customers; orders customers_orders");
  EXPECT_EQ(predicates(query), "orders.customer_id eq[=] customers.id; customers.id eq[=] $2");
  EXPECT_FALSE(query_facts(query, shop()).selects_all_columns);
  EXPECT_EQ(query_facts(query, shop()).parameters, 2);
}

TEST(Facts, SortAndLimit) {
  auto facts = query_facts(
      "SELECT total AS t, id FROM orders ORDER BY t DESC, 2, status NULLS FIRST, lower(status) LIMIT 10 "
      "OFFSET $1",
      shop());
  ASSERT_EQ(facts.sort.size(), 4u);
  EXPECT_EQ(shown(facts.sort[0].column), "orders.total");
  EXPECT_TRUE(facts.sort[0].descending && facts.sort[0].nulls_first);
  EXPECT_EQ(shown(facts.sort[1].column), "orders.id");
  EXPECT_EQ(shown(facts.sort[2].column), "orders.status");
  EXPECT_TRUE(facts.sort[2].nulls_first);
  EXPECT_EQ(shown(facts.sort[3].column), "?");
  EXPECT_EQ(facts.limit_constant, 10);
  EXPECT_TRUE(facts.has_limit && facts.has_offset);
  facts = query_facts("SELECT * FROM orders LIMIT $1", shop());
  EXPECT_TRUE(facts.has_limit && facts.selects_all_columns && !facts.limit_constant);
  EXPECT_FALSE(query_facts("SELECT id FROM orders LIMIT ALL", shop()).has_limit);
  EXPECT_TRUE(query_facts("SELECT id FROM (SELECT * FROM orders ORDER BY id) x", shop()).sort.empty());
}

TEST(Facts, KindsAndFlags) {
  EXPECT_FALSE(query_facts("SELEC", shop()).parsed);
  EXPECT_TRUE(query_facts("INSERT INTO orders VALUES ($1, $12)", shop()).single_row_insert);
  EXPECT_FALSE(query_facts("INSERT INTO orders VALUES (1), (2)", shop()).single_row_insert);
  EXPECT_FALSE(query_facts("INSERT INTO orders SELECT 1", shop()).single_row_insert);
  EXPECT_EQ(query_facts("INSERT INTO orders VALUES ($1, $12)", shop()).parameters, 12);
  EXPECT_TRUE(query_facts("SELECT 1 FROM orders FOR UPDATE", shop()).locks_rows);
  EXPECT_EQ(query_facts("BEGIN", shop()).kind, StatementKind::transaction);
  EXPECT_EQ(query_facts("SELECT now(), pg_catalog.lower('x'), now()", shop()).functions,
            (std::vector<std::string>{"now", "pg_catalog.lower"}));
  std::string deep = "SELECT 1 FROM orders WHERE id = 1";
  for (int i = 0; i < 50'000; ++i) deep += " + 1";
  EXPECT_FALSE(query_facts(deep, shop()).parsed);
}

std::string assigned(std::string_view query) {
  std::vector<std::string> out;
  for (const auto& [column, number] : query_facts(query, shop()).assigned_parameters)
    out.push_back(shown(column) + " $" + std::to_string(number));
  return join(out, "; ");
}

TEST(Facts, AssignedParameters) {
  EXPECT_EQ(assigned("INSERT INTO orders (id, payload) VALUES ($1, $2::jsonb), ($3, lower($4))"),
            "orders.id $1; orders.payload $2; orders.id $3");
  EXPECT_EQ(assigned("INSERT INTO items VALUES (1, $1, $2)"), "items.product_id $1; items.quantity $2");
  EXPECT_EQ(assigned("UPDATE orders o SET status = $1, total = total + $2 WHERE id = $3"),
            "orders.status $1");
  EXPECT_EQ(assigned("INSERT INTO unknown (a) VALUES ($1)"), "");
}

TEST(Facts, TheOutermostStatement) {
  auto facts = query_facts(
      "SELECT o.*, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.total > 5", shop());
  EXPECT_EQ(facts.from, (std::vector<QualifiedName>{{"public", "orders"}, {"public", "customers"}}));
  EXPECT_EQ(facts.selected.size(), 7u);
  EXPECT_TRUE(facts.has_where && !facts.from_derived && !facts.grouped && !facts.one_row && !facts.limited);
  facts = query_facts("SELECT count(*) FROM (SELECT * FROM orders LIMIT 5) x", shop());
  EXPECT_TRUE(facts.one_row && facts.from_derived && facts.limited && facts.from.empty() && !facts.has_limit);
  EXPECT_FALSE(query_facts("SELECT status, count(*) FROM orders GROUP BY 1", shop()).one_row);
  EXPECT_FALSE(query_facts("SELECT (SELECT count(*) FROM items) FROM orders", shop()).one_row);
  EXPECT_FALSE(query_facts("SELECT count(*) OVER () FROM orders", shop()).one_row);
  EXPECT_EQ(query_facts("DELETE FROM orders", shop()).target, (QualifiedName{"public", "orders"}));
  EXPECT_EQ(query_facts("UPDATE nope SET a = 1", shop()).target, (QualifiedName{"", "nope"}));
  EXPECT_TRUE(query_facts("DELETE FROM orders WHERE id = 1", shop()).has_where);
  EXPECT_EQ(query_facts("WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone", shop()).target,
            std::nullopt);
  EXPECT_EQ(query_facts("CREATE TEMP TABLE t AS SELECT 1", shop()).creates_temporary, "t");
  EXPECT_EQ(query_facts("CREATE TABLE t (a int)", shop()).creates_temporary, "");
}

TEST(Facts, Updated) {
  const auto updated = [](std::string_view query) {
    std::vector<std::string> out;
    for (const auto& [column, from_itself] : query_facts(query, shop()).updated)
      out.push_back(shown(column) + (from_itself ? " +" : ""));
    return join(out, "; ");
  };
  EXPECT_EQ(updated("UPDATE orders o SET total = o.total + 1, status = $1"), "orders.total +; orders.status");
  EXPECT_EQ(updated("INSERT INTO orders (id, status) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET id = "
                    "excluded.id, status = excluded.status, total = orders.total + 1"),
            "orders.status; orders.total +");
  EXPECT_EQ(updated("INSERT INTO orders (id) VALUES (1)"), "");
}

TEST(Facts, NotIn) {
  const auto not_in = [](std::string_view query) {
    std::vector<std::string> out;
    for (const auto& [column, left_out] : query_facts(query, shop()).not_in)
      out.push_back(shown(column) + (left_out ? " -" : ""));
    return join(out, "; ");
  };
  EXPECT_EQ(not_in("SELECT 1 FROM orders WHERE id NOT IN (SELECT order_id FROM items)"), "items.order_id");
  EXPECT_EQ(
      not_in("SELECT 1 FROM orders WHERE id <> ALL (SELECT order_id FROM items WHERE order_id IS NOT NULL)"),
      "items.order_id -");
  EXPECT_EQ(not_in("SELECT 1 FROM orders WHERE NOT id = ANY (SELECT order_id FROM items WHERE quantity > 1 "
                   "OR order_id > 1)"),
            "items.order_id");
  EXPECT_EQ(not_in("SELECT 1 FROM orders WHERE id NOT IN (SELECT a FROM nope)"), "?a");
  EXPECT_EQ(not_in("SELECT 1 FROM orders WHERE id IN (SELECT order_id FROM items) AND id NOT IN (1, 2) AND "
                   "NOT EXISTS (SELECT 1 FROM items)"),
            "");
}

TEST(Facts, RandomSortCountsAndDepth) {
  EXPECT_EQ(query_facts("SELECT * FROM orders o ORDER BY random() LIMIT 1", shop()).random_sort,
            (std::vector<QualifiedName>{{"public", "orders"}}));
  EXPECT_TRUE(query_facts("SELECT * FROM (SELECT * FROM orders LIMIT 9) x ORDER BY random()", shop())
                  .random_sort.empty());
  EXPECT_TRUE(query_facts("SELECT random() FROM orders ORDER BY id", shop()).random_sort.empty());
  const auto test = [](std::string_view query) { return query_facts(query, shop()).count_test; };
  EXPECT_EQ(test("SELECT count(*) > 0 FROM orders"), CountTest::existence);
  EXPECT_EQ(test("SELECT 1 FROM orders WHERE 1 <= (SELECT count(*) FROM items)"), CountTest::existence);
  EXPECT_EQ(test("SELECT status FROM orders GROUP BY 1 HAVING count(*) > 0"), CountTest::none);
  EXPECT_EQ(test("SELECT CASE WHEN count(*) = 0 THEN NULL ELSE sum(total) END FROM orders"), CountTest::none);
  EXPECT_EQ(test("SELECT count(*) > $1 FROM orders"), CountTest::value);
  EXPECT_EQ(test("SELECT count(*) FROM orders WHERE total > 0"), CountTest::none);
  EXPECT_EQ(
      query_facts("SELECT (SELECT json_agg((SELECT row_to_json(i) FROM items i)) FROM customers) FROM orders",
                  shop())
          .json_depth,
      2);
}

// What the text has lost is in the samples.
TEST(Facts, OrsOfPlainConditionsAndExtremes) {
  const auto groups = [](std::string_view query) {
    std::string out;
    for (const Predicate& p : query_facts(query, shop()).predicates) out += std::to_string(p.or_group);
    return out;
  };
  EXPECT_EQ(groups("SELECT FROM orders WHERE (id = 1 OR total > 2) AND (status = 'x' OR status IS NULL)"),
            "1122");
  EXPECT_EQ(groups("SELECT FROM orders WHERE id = 1 OR (total > 2 AND status = 'x')"), "000");
  EXPECT_EQ(groups("SELECT FROM orders WHERE $1 IS NULL OR id = $1"), "0");
  EXPECT_EQ(groups("SELECT FROM orders WHERE NOT (id = 1 OR id = 2)"), "00");
  const auto extremes = [](std::string_view query) {
    std::string out;
    for (const ColumnUse& use : query_facts(query, shop()).extremes) out += shown(use) + " ";
    return out;
  };
  EXPECT_EQ(extremes("SELECT max(total) FROM orders"), "orders.total ");
  EXPECT_EQ(extremes("SELECT min(o.total), max(o.id) FROM orders o"), "orders.total orders.id ");
  for (const auto* other :
       {"SELECT max(total), count(*) FROM orders", "SELECT max(total) FROM orders GROUP BY status",
        "SELECT max(total + 1) FROM orders", "SELECT max(total) OVER () FROM orders",
        "SELECT max(total) FILTER (WHERE id > 5) FROM orders"})
    EXPECT_EQ(extremes(other), "") << other;
}

TEST(Facts, FractionsMakeTheValueNumeric) {
  const auto type = [](std::string_view condition) {
    return query_facts("SELECT FROM orders WHERE " + std::string(condition), shop())
        .predicates.front()
        .value_type;
  };
  EXPECT_EQ(type("id = 7.0"), "numeric");
  EXPECT_EQ(type("id = 7e0"), "numeric");
  EXPECT_EQ(type("id = power(2, 3)"), "double precision");
  EXPECT_EQ(type("id = 6 + 1"), "");
  EXPECT_EQ(type("id = extract(year from now())::int - 1"), "");
  EXPECT_EQ(type("id = length(repeat('a', floor(2.5)::int))"), "");
  EXPECT_EQ(type("id = coalesce($1, 1.5)"), "double precision");
  EXPECT_EQ(type("id = 7"), "");
  EXPECT_EQ(type("id = 3000000000"), "") << "beyond an integer, and none the less whole";
  Workload workload;
  const auto learned = [&](const std::string& text, const std::string& statement, Parameters parameters) {
    Query query;
    query.text = text;
    Sample& sample = query.samples.emplace_back();
    sample.statement = statement;
    sample.parameters = std::move(parameters);
    workload.queries = {query};
    resolve(workload, shop());
    return workload.queries.front().facts.predicates.front();
  };
  EXPECT_EQ(learned("SELECT FROM orders WHERE id = $1", "SELECT FROM orders WHERE id = 7.0", {}).value_type,
            "numeric");
  const std::string prepared = "SELECT FROM orders WHERE id = $1";
  EXPECT_EQ(learned(prepared, prepared, {"7.0"}).value_type, "numeric");
  EXPECT_EQ(learned(prepared, prepared, {"7"}).value_type, "");
  EXPECT_EQ(learned("SELECT FROM orders WHERE payload->>$1 = $2",
                    "SELECT FROM orders WHERE payload->>'kind' = 'x'", {})
                .expression,
            "payload ->> 'kind'");
  EXPECT_EQ(learned("SELECT FROM orders WHERE payload->>$1 = $2",
                    "SELECT FROM orders WHERE payload->>'alice@example.org' = 'x'", {})
                .expression,
            "")
      << "no name: somebody's data";
}

TEST(Facts, Samples) {
  const auto learned = [](const std::string& text, std::vector<Sample> samples) {
    Workload workload;
    workload.queries.emplace_back().text = text;
    workload.queries.back().samples = std::move(samples);
    resolve(workload, shop());
    return workload.queries.back().facts;
  };
  const auto literal = [](const std::string& statement) {
    Sample sample;
    sample.statement = statement;
    return sample;
  };
  const auto given = [&](const std::string& statement, const std::string& value) {
    Sample sample = literal(statement);
    sample.parameters.emplace().push_back(value);
    return sample;
  };
  EXPECT_EQ(learned("SELECT id FROM orders OFFSET $1", {literal("SELECT id FROM orders OFFSET 40"),
                                                        literal("SELECT id FROM orders OFFSET 4000")})
                .largest_offset,
            4000);
  EXPECT_EQ(learned("SELECT id FROM orders OFFSET $1", {given("SELECT id FROM orders OFFSET $1", "700")})
                .largest_offset,
            700);
  EXPECT_EQ(learned("SELECT id FROM orders OFFSET $1", {given("SELECT id FROM orders OFFSET $1", "x")})
                .largest_offset,
            std::nullopt);
  EXPECT_EQ(learned("SELECT 1 FROM orders WHERE id IN ($1)",
                    {literal("SELECT 1 FROM orders WHERE id IN (1, 2, 3)")})
                .longest_list,
            3u);
  std::string list = "SELECT 1 FROM orders WHERE id IN (0";
  for (int i = 1; i < 500; ++i) list += ", " + std::to_string(i);
  EXPECT_EQ(learned("SELECT 1 FROM orders WHERE id = $1", {literal(list + ")")}).longest_list, 500u);
  EXPECT_EQ(
      learned("SELECT count(*) > $1 FROM orders", {literal("SELECT count(*) > 0 FROM orders")}).count_test,
      CountTest::existence);
  const auto like = [&](const std::string& text, Sample sample) {
    return learned(text, {std::move(sample)}).predicates.at(0).leading_wildcard;
  };
  EXPECT_TRUE(like("SELECT 1 FROM orders WHERE status LIKE $1",
                   literal("SELECT 1 FROM orders WHERE status LIKE '%x'")));
  EXPECT_TRUE(like("SELECT 1 FROM orders WHERE status LIKE $1",
                   given("SELECT 1 FROM orders WHERE status LIKE $1", "%x")));
  EXPECT_TRUE(like("SELECT 1 FROM orders WHERE status ILIKE $2 || $1",
                   given("SELECT 1 FROM orders WHERE status ILIKE '%' || $1", "x")));
  EXPECT_FALSE(like("SELECT 1 FROM orders WHERE status LIKE $1",
                    literal("SELECT 1 FROM orders WHERE status LIKE 'x%'")));
  EXPECT_EQ(learned("SELECT 1 FROM orders WHERE id = $1", {literal("SELECT 1 FROM orders WHERE id = 1"),
                                                           literal("SELECT 1 FROM orders WHERE id = 2")})
                .inlined,
            2);
  EXPECT_EQ(learned("SELECT 1 FROM orders WHERE id = $1", {given("SELECT 1 FROM orders WHERE id = $1", "1")})
                .inlined,
            0);
}

TEST(Facts, AConditionThatIsAlwaysTrueIsNoFilter) {
  for (const char* where : {"1=1", "true", "'t'::boolean", "$1 = $1", "1 = 1 AND true", "id = 1 OR 1=1"}) {
    const std::string condition = where;
    EXPECT_FALSE(query_facts("DELETE FROM log WHERE " + condition, shop()).has_where) << where;
    EXPECT_FALSE(query_facts("UPDATE log SET id = 1 WHERE " + condition, shop()).has_where) << where;
    EXPECT_FALSE(query_facts("SELECT * FROM log WHERE " + condition, shop()).has_where) << where;
  }
  for (const char* where :
       {"1=0", "false", "$1 = $2", "id = 1 AND 1=1", "NOT true", "NULL = NULL", "1 < 2"}) {
    EXPECT_TRUE(query_facts("DELETE FROM log WHERE " + std::string(where), shop()).has_where) << where;
  }
}

TEST(Facts, TheLengthOfEachFormOfAList) {
  for (const char* list :
       {"IN (1, 2, 3)", "NOT IN (1, 2, 3)", "= ANY (ARRAY[1, 2, 3])", "<> ALL (ARRAY[1, 2, 3])"}) {
    EXPECT_EQ(query_facts("SELECT * FROM log WHERE id " + std::string(list), shop()).longest_list, 3u)
        << list;
  }
}

}  // namespace
}  // namespace pgadvise::sql
