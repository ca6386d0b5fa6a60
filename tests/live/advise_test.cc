// The advisor against a live server: what it proposes is used once it is built, and nothing is left behind.
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/own_server.h"
#include "live/support.h"
#include "pg/plans/what_if.h"
#include "support/paths.h"
#include "support/run.h"
#include "support/schema.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

constexpr const char* shop = R"(
  CREATE EXTENSION hypopg;
  CREATE TABLE customers (id int PRIMARY KEY, email text, region text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text, placed_at timestamptz, total numeric, doc jsonb);
  CREATE TABLE events (id int, kind int, at timestamptz) PARTITION BY RANGE (id);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (50000);
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (50000) TO (200000);
  CREATE TABLE "auditLog" (id int, "userId" int);
  INSERT INTO customers SELECT g, 'user' || g || '@example.com', 'r' || g % 9 FROM generate_series(1, 20000) g;
  INSERT INTO orders SELECT g, g % 20000, CASE WHEN g % 50 = 0 THEN 'open' ELSE 'done' END, timestamptz '2026-01-01' + g * interval '1 minute', g, '{}' FROM generate_series(1, 60000) g;
  INSERT INTO events SELECT g, g % 3000, now() FROM generate_series(1, 100000) g;
  INSERT INTO "auditLog" SELECT g, g % 9000 FROM generate_series(1, 50000) g;
  CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
  CREATE INDEX orders_region ON customers (region); CREATE INDEX orders_region_again ON customers (region);
  CREATE FUNCTION harm(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_advisory_lock(42); RETURN $1; END $$;
  ANALYZE;
)";

constexpr const char* workload = R"(
  SELECT id, total FROM orders WHERE customer_id = 77;
  SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = 'user5@example.com';
  SELECT id FROM open_orders ORDER BY placed_at DESC LIMIT 10;
  SELECT count(*) FROM events WHERE kind = 42;
  SELECT id FROM "auditLog" WHERE "userId" = 5;
  UPDATE orders SET status = 'done' WHERE customer_id = 4;
  SELECT id FROM orders WHERE doc @> '{"a": 1}';
  SELECT id FROM orders WHERE total = harm(7);
  SELECT id FROM nowhere WHERE x = 1;
  SELECT id FORM orders;
)";

std::string state(live::Database& database) {
  return database.value(
      "SELECT concat_ws('|', (SELECT md5(string_agg(c::text, ',' ORDER BY c.oid)) FROM pg_class c WHERE "
      "relnamespace = 'public'::regnamespace), "
      "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM "
      "pg_database WHERE datname = current_database())), (SELECT count(*) FROM pg_prepared_statements), "
      "(SELECT count(*) FROM hypopg()))");
}

// A backend that was left in the middle of something sees that a moment later.
std::string backends(live::Database& database) {
  std::string left;
  for (int tries = 0; tries < 50; ++tries) {
    left = database.value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgadvise' AND pid <> "
        "pg_backend_pid() AND datname = current_database()");
    if (left == "0") break;
    (void)database.value("SELECT pg_sleep(0.1)");
  }
  return left;
}

std::vector<std::string> statements(const std::string& sql) {
  std::vector<std::string> out;
  for (const auto line : split(sql, '\n')) out.emplace_back(line);
  return out;
}

TEST(Advise, ProposesWhatTheServerThenUses) {
  live::Database database(shop);
  const Folder folder;
  const auto file = folder.write("queries.sql", workload);
  const std::string command =
      "advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file) + " --budget 50MB";
  const std::string before = state(database);
  const auto ran = run(command + " --format json");
  EXPECT_EQ(before, state(database));
  EXPECT_EQ("0", backends(database));
  ASSERT_EQ(0, ran.exit_code) << ran.err;
  const json advice = json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(advice.is_object()) << ran.out;
  EXPECT_EQ(50'000'000, advice["budget_bytes"]);
  EXPECT_LT(advice["cost_after"].get<double>() * 5, advice["cost_before"].get<double>());
  EXPECT_EQ(2, advice["not_explained"]) << ran.err;
  for (const auto* named : {"harm", "nowhere", "queries.sql:11"})
    EXPECT_NE(std::string::npos, ran.err.find(named)) << ran.err;
  EXPECT_EQ(std::string::npos, ran.out.find("user5")) << "no literals";
  EXPECT_EQ("", testing_support::violations("advice.schema.json", advice));
  std::map<std::string, double> costs;
  std::size_t pairs = 0;
  for (const auto& plan : advice["plans"]) {
    costs[plan["id"]] = plan["total_cost"];
    if (!plan.contains("before")) continue;
    ++pairs;
    ASSERT_EQ(1u, costs.count(plan["before"])) << plan.dump();
    EXPECT_LT(plan["total_cost"].get<double>(), costs[plan["before"]]) << plan.dump();
    EXPECT_NE(std::string::npos, plan["json"].dump().find("\"hypothetical ")) << plan.dump();
  }
  EXPECT_GE(pairs, 4u) << advice["plans"].dump();
  ASSERT_EQ(1u, advice["drops"].size());
  EXPECT_EQ("orders_region_again", advice["drops"][0]["index"]);
  ASSERT_EQ(1u, advice["not_costed"].size());
  EXPECT_NE(std::string::npos,
            advice["not_costed"][0]["sql"].get<std::string>().find("USING gin (doc jsonb_path_ops)"));

  const auto again = run(command + " --format json");
  EXPECT_EQ(ran.out, again.out) << "the same input gives the same output";
  const auto text = run(command);
  EXPECT_NE(std::string::npos, text.out.find("To drop")) << text.out;

  std::set<std::string> tables;
  for (const auto& index : advice["indexes"]) {
    tables.insert(index["table"]);
    EXPECT_EQ(0u, index["sql"].get<std::string>().find("CREATE INDEX "));
    for (const auto& sql : statements(index["sql"])) database.run(sql);
  }
  EXPECT_EQ((std::set<std::string>{"auditLog", "customers", "events", "orders"}), tables);
  database.run("ANALYZE");
  for (const auto* query :
       {"SELECT id, total FROM orders WHERE customer_id = 77", "SELECT count(*) FROM events WHERE kind = 42",
        "SELECT id FROM \"auditLog\" WHERE \"userId\" = 5",
        "SELECT id FROM open_orders ORDER BY placed_at DESC LIMIT 10"}) {
    const auto rows = database.admin().query(std::string("EXPLAIN ") + query);
    ASSERT_TRUE(rows);
    std::string plan;
    for (const auto& row : *rows) plan += *row[0] + "\n";
    EXPECT_EQ(std::string::npos, plan.find("Seq Scan")) << plan;
  }
  const auto done = json::parse(run(command + " --format json").out, nullptr, false);
  EXPECT_TRUE(done["indexes"].empty()) << "what is there is not proposed again: " << done["indexes"].dump();
  for (const auto& index : advice["indexes"])
    for (const auto& sql : statements(index["down_sql"])) database.run(sql);
}

TEST(Advise, SaysWhatIsMissing) {
  live::Database database;
  const Folder folder;
  const auto file = folder.write("queries.sql", workload);
  const auto ran = run("advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file));
  EXPECT_EQ(2, ran.exit_code);
  EXPECT_EQ("", ran.out);
  EXPECT_NE(std::string::npos, ran.err.find("CREATE EXTENSION hypopg")) << ran.err;
  EXPECT_EQ(3, run("advise --db 'host=" + quoted(folder.path()) + " dbname=none' --workload " + quoted(file))
                   .exit_code);
  EXPECT_EQ(2, run("advise --workload " + quoted(file)).exit_code);
  const auto no_queries = run("advise --db " + quoted(database.conninfo()));
  EXPECT_EQ(2, no_queries.exit_code);
  EXPECT_NE(std::string::npos,
            no_queries.err.find("advise needs queries: --log or --workload, or pg_stat_statements"))
      << no_queries.err;
  EXPECT_EQ(2, run("advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file) +
                   " --budget plenty")
                   .exit_code);
}

TEST(Advise, TakesTheQueriesOfTheServerWhereNoOthersAreNamed) {
  const live::OwnServer server;
  if (!server.started()) GTEST_SKIP() << "no server with pg_stat_statements can be started";
  auto admin = server.connect();
  ASSERT_TRUE(admin.run_script(shop));
  ASSERT_TRUE(admin.run_script("CREATE EXTENSION pg_stat_statements"));
  // Statements that query() sends are pgadvise's own, which are left out.
  for (int n = 0; n < 3; ++n)
    ASSERT_TRUE(admin.run_script("SELECT id, total FROM orders WHERE customer_id = 77"));
  const auto ran = run("advise --db " + quoted(server.conninfo()) + " --format json");
  EXPECT_EQ(0, ran.exit_code) << ran.err;
  EXPECT_NE(std::string::npos, ran.out.find("ON public.orders (customer_id)")) << ran.out;
}

TEST(Advise, LeavesNothingWhenInterrupted) {
  live::Database database(shop);
  std::string many;
  for (int n = 0; n < 300; ++n)
    many +=
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id JOIN events e ON e.id = o.id "
        "WHERE c.region = 'r1' AND o.total > 5 AND e.kind IN (1" +
        std::string(static_cast<std::size_t>(n), ' ') + ") LIMIT " + std::to_string(n) + ";\n" + "SELECT a" +
        std::to_string(n) + ".id FROM orders a" + std::to_string(n) + " WHERE total = 4;\n";
  const Folder folder;
  const auto file = folder.write("many.sql", many);
  const std::string before = state(database);
  for (const auto* wait : {"0.2", "0.6", "1.2"}) {
    const std::string command =
        "timeout -s INT " + std::string(wait) + " " + quoted(testing_support::program) + " advise --db " +
        quoted(database.conninfo()) + " --workload " + quoted(file) + " >/dev/null 2>&1";
    (void)std::system(command.c_str());
    EXPECT_EQ("0", backends(database)) << wait;
    EXPECT_EQ(before, state(database));
  }
}

class WhatIf : public testing::Test {
 protected:
  void SetUp() override {
    connection_.emplace(database_.connect());
    auto made = pg::make_what_if(*connection_);
    ASSERT_TRUE(made) << made.error().line();
    what_if_ = std::move(*made);
  }
  int index(const std::string& table, const std::string& keys) {
    return what_if_->add({"public", table}, {"CREATE INDEX ON public." + table + " " + keys});
  }
  static plan::WhatIfStatement statement(std::string sql, bool generic = false) {
    return {std::move(sql), {}, generic, {{"public", "orders"}, {"public", "customers"}}};
  }
  std::string left() {
    const auto rows = connection_->query(
        "SELECT concat((SELECT count(*) FROM hypopg()), ' ', (SELECT count(*) FROM pg_prepared_statements))");
    return rows ? rows->front()[0].value_or("") : rows.error().line();
  }
  live::Database database_{shop};
  std::optional<pg::Connection> connection_;
  std::unique_ptr<plan::WhatIf> what_if_;
};

TEST_F(WhatIf, CostsUnderJustTheIndexesGiven) {
  const int customer = index("orders", "(customer_id)");
  const int wide = index("orders", "(customer_id, id)");
  const int email = index("customers", "(email)");
  const auto query = statement("SELECT id FROM orders WHERE customer_id = 77");
  const auto base = what_if_->cost(query, {});
  const auto with = what_if_->cost(query, {customer, email});
  ASSERT_TRUE(base && with);
  EXPECT_LT(with->cost * 10, base->cost);
  EXPECT_EQ((std::vector<int>{customer}), with->used);
  EXPECT_EQ((std::vector<int>{wide}), what_if_->cost(query, {wide})->used) << "the other one is gone";
  EXPECT_EQ(base->cost, what_if_->cost(query, {})->cost);
  const auto generic =
      what_if_->cost(statement("SELECT id FROM orders WHERE customer_id = $1", true), {customer});
  ASSERT_TRUE(generic) << generic.error().line();
  EXPECT_EQ((std::vector<int>{customer}), generic->used);
  EXPECT_TRUE(
      what_if_->cost(statement("SELECT id FROM orders WHERE customer_id = $1", true), {})->used.empty())
      << "no plan of other indexes is kept";
  EXPECT_NEAR(
      3, what_if_->cost(statement("UPDATE orders SET total = 1 WHERE customer_id = 4"), {})->rows_written, 2);
  EXPECT_NEAR(
      3,
      what_if_
          ->cost(statement("WITH x AS MATERIALIZED (SELECT id FROM orders) UPDATE orders SET total = 1 "
                           "WHERE customer_id = 4 AND (SELECT count(*) FROM x) > 0"),
                 {})
          ->rows_written,
      2)
      << "a CTE's rows are not written";
  const auto sizes = what_if_->sizes({customer, wide});
  ASSERT_TRUE(sizes);
  EXPECT_GT((*sizes)[0], 500'000);
  EXPECT_LT((*sizes)[0], (*sizes)[1]);
  what_if_->clear();
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ("0 0", left());
}

TEST_F(WhatIf, GoesOnAfterErrors) {
  const int customer = index("orders", "(customer_id)");
  const int refused = index("orders", "(nothing_of_that_name)");
  EXPECT_FALSE(what_if_->cost(statement("SELECT id FROM nowhere"), {customer}));
  EXPECT_FALSE(what_if_->cost(statement("SELECT nothing FROM orders WHERE id = $1", true), {customer}));
  const auto query = statement("SELECT id FROM orders WHERE customer_id = 77");
  const auto with = what_if_->cost(query, {customer, refused});
  ASSERT_TRUE(with) << with.error().line();
  EXPECT_EQ((std::vector<int>{customer}), with->used);
  EXPECT_EQ(0, what_if_->sizes({refused})->front());
  auto locker = database_.connect();
  ASSERT_TRUE(locker.query("BEGIN") && locker.query("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"));
  EXPECT_FALSE(what_if_->cost(statement("SELECT id FROM customers WHERE email = 'x'"), {}));
  EXPECT_TRUE(what_if_->cost(query, {customer}));
  what_if_.reset();
  EXPECT_EQ("0 0", left());
}

TEST_F(WhatIf, SupposesInTheOrderOfNumbersWhateverWasAskedBefore) {
  const int customer = index("orders", "(customer_id)");
  const int email = index("customers", "(email)");
  const int status = index("orders", "(status)");
  const int total = index("orders", "(total)");
  const auto query = statement("SELECT id FROM orders WHERE customer_id = 77");
  const auto order = [&](const std::vector<int>& indexes) {
    EXPECT_TRUE(what_if_->cost(query, indexes));
    const auto rows = connection_->query(
        "SELECT string_agg(substring(hypopg_get_indexdef(h.indexrelid) from '[(](.*)[)]'), ' ' ORDER BY n) "
        "FROM hypopg() WITH ORDINALITY h(name, indexrelid, relid, keys, u, c, op, opt, ex, pr, am, n) WHERE "
        "relid = 'orders'::regclass");
    return rows ? rows->front()[0].value_or("") : rows.error().line();
  };
  EXPECT_EQ("total", order({total}));
  EXPECT_EQ("customer_id status total", order({customer, email, status, total}));
  EXPECT_EQ("customer_id total", order({customer, total}));
  EXPECT_EQ("status", order({email, status}));
}

TEST_F(WhatIf, SeveralConnectionsAnswerAsOne) {
  what_if_.reset();
  auto more = pg::more_connections(*connection_, database_.conninfo(), 3);
  ASSERT_EQ(3u, more.size());
  auto made = pg::make_what_if(*connection_, std::move(more));
  ASSERT_TRUE(made) << made.error().line();
  what_if_ = std::move(*made);
  std::vector<int> all;
  for (const auto* keys : {"(customer_id)", "(status)", "(total)", "(customer_id, status)", "(placed_at)"})
    all.push_back(index("orders", keys));
  constexpr std::size_t count = 64;
  const auto ask = [&](std::size_t at, plan::WhatIf& server) {
    std::vector<int> some;
    for (const int one : all)
      if (at >> one & 1) some.push_back(one);
    const auto plan = server.cost(
        statement("SELECT id FROM orders WHERE customer_id = 77 AND status = 'open' AND total < " +
                  std::to_string(at)),
        some);
    return plan ? std::make_pair(plan->cost, plan->used) : std::make_pair(-1.0, std::vector<int>());
  };
  std::vector<std::pair<double, std::vector<int>>> together(count), alone(count);
  std::mutex lock;
  std::set<plan::WhatIf*> asked;
  what_if_->for_each(
      count,
      [&](std::size_t at, plan::WhatIf& server) {
        together[at] = ask(at, server);
        const std::lock_guard guard(lock);
        asked.insert(&server);
      },
      [] { return false; });
  EXPECT_GT(asked.size(), 1u);
  EXPECT_EQ(count, what_if_->calls());
  for (std::size_t at = 0; at < count; ++at) alone[at] = ask(at, *what_if_);
  EXPECT_EQ(alone, together);
  const std::string open =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in "
      "transaction'";
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  ask(0, *what_if_);
  EXPECT_EQ("1", database_.value(open)) << "the first goes on, the others rest";
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  what_if_->rest();
  EXPECT_EQ("0", database_.value(open));
  what_if_->for_each(count, [&](std::size_t, plan::WhatIf&) { ADD_FAILURE(); }, [] { return true; });
}

TEST_F(WhatIf, TakesNoMoreConnectionsThanHalfOfWhatIsFree) {
  database_.run(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 5', current_database()); END $$");
  EXPECT_EQ(1u, pg::more_connections(*connection_, database_.conninfo(), 9).size())
      << "two are there, three are free";
  EXPECT_EQ(0u, pg::more_connections(*connection_, "host=/nowhere dbname=x", 9).size());
  EXPECT_EQ(0u, pg::more_connections(*connection_, database_.conninfo() + " dbname=postgres", 9).size())
      << "another database";
}

TEST_F(WhatIf, NamesALostServer) {
  const int customer = index("orders", "(customer_id)");
  const auto query = statement("SELECT id FROM orders WHERE customer_id = 77");
  ASSERT_TRUE(what_if_->cost(query, {customer}));
  (void)database_.value("SELECT pg_terminate_backend(" + std::to_string(connection_->backend_pid()) + ")");
  const auto lost = what_if_->cost(query, {});
  ASSERT_FALSE(lost);
  EXPECT_EQ(Error::Kind::database, lost.error().kind);
  EXPECT_FALSE(what_if_->cost(query, {customer}));
}

}  // namespace
}  // namespace pgadvise
