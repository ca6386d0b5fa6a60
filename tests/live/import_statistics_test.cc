// A sandbox with a server's snapshot plans as the server does; advice is verified where indexes may be built,
// and nowhere else.
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "check/load/inputs.h"
#include "live/lone_database.h"
#include "live/support.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/plans/plan_source.h"
#include "pg/sandbox/sandbox.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

// Every kind of thing that plans depend on: skew, order, NULLs, several types, keys, partial and expression
// indexes, partitions, inheritance, a view, a materialized view, names to quote, settings.
constexpr const char* warehouse = R"(
  CREATE SCHEMA stock;
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
  CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE, region varchar(20), feeling mood, tags text[], "Born on" date);
  CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int REFERENCES customers, status text, placed_at timestamptz, total numeric(12, 2), note text);
  CREATE TABLE stock."Items" (order_id bigint, line int, sku char(8), quantity smallint, PRIMARY KEY (order_id, line));
  CREATE TABLE events (id int NOT NULL, kind int, at timestamptz) PARTITION BY RANGE (id);
  CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (50000);
  CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (50000) TO (200000);
  CREATE INDEX events_kind ON events (kind);
  CREATE TABLE notes (id int, said text);
  CREATE TABLE old_notes (since date) INHERITS (notes);
  INSERT INTO customers SELECT g, 'user' || g || '@example.com', 'r' || (g % 37) * (g % 3), (ARRAY['sad', 'ok', 'glad'])[1 + g % 3]::mood, ARRAY['t' || g % 7], date '1950-01-01' + g % 9000
    FROM generate_series(1, 20000) g;
  INSERT INTO orders SELECT g, 1 + (g::bigint * g % 20000), CASE WHEN g % 50 = 0 THEN 'open' WHEN g % 7 = 0 THEN NULL ELSE 'done' END, timestamptz '2026-01-01' + g * interval '1 minute', g % 1000, repeat('x', g % 90)
    FROM generate_series(1, 120000) g;
  INSERT INTO notes SELECT g, 'x' FROM generate_series(1, 9000) g;
  INSERT INTO old_notes SELECT g, 'x', now() FROM generate_series(1, 9000) g;
  INSERT INTO stock."Items" SELECT g / 3, g % 3, 'sku' || g % 500, g % 12 FROM generate_series(1, 300000) g;
  INSERT INTO events SELECT g, g % 300, now() FROM generate_series(1, 100000) g;
  CREATE INDEX orders_open ON orders (placed_at DESC) WHERE status = 'open';
  CREATE INDEX orders_customer ON orders (customer_id) INCLUDE (total);
  CREATE INDEX customers_lower ON customers (lower(email));
  CREATE INDEX items_sku ON stock."Items" (sku, quantity);
  CREATE VIEW open_orders AS SELECT o.*, c.region FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = 'open';
  CREATE MATERIALIZED VIEW sold AS SELECT sku, sum(quantity) AS pieces FROM stock."Items" GROUP BY sku;
  CREATE INDEX sold_sku ON sold (sku);
  DELETE FROM orders WHERE id % 11 = 0;
)";

void fill(live::Database& database) {
  database.run(warehouse);
  database.run("VACUUM ANALYZE");
  database.run(
      "INSERT INTO orders SELECT g, 7, 'late', now(), 3, NULL FROM generate_series(200000, 201000) g");  // after
                                                                                                         // what
                                                                                                         // statistics
                                                                                                         // know
}

constexpr const char* queries[] = {
    "SELECT * FROM customers WHERE id = 77",
    "SELECT id FROM customers WHERE email = 'user5@example.com'",
    "SELECT count(*) FROM customers WHERE region = 'r0'",
    "SELECT count(*) FROM customers WHERE region = 'nowhere' AND feeling = 'glad'",
    "SELECT count(*) FROM customers WHERE \"Born on\" BETWEEN '1951-01-01' AND '1951-03-01'",
    "SELECT id FROM orders WHERE status = 'open' ORDER BY placed_at DESC LIMIT 10",
    "SELECT sum(total) FROM orders WHERE customer_id = 4711",
    "SELECT id FROM orders WHERE status IS NULL AND total > 990",
    "SELECT count(*) FROM orders WHERE placed_at > '2026-03-20'",
    "SELECT o.id, i.sku FROM orders o JOIN stock.\"Items\" i ON i.order_id = o.id WHERE o.customer_id IN (1, "
    "2, 3)",
    "SELECT c.region, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1 ORDER BY 2 "
    "DESC",
    "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id LIMIT 20",
    "SELECT * FROM stock.\"Items\" WHERE sku = 'sku7' AND quantity > 3",
    "SELECT order_id FROM stock.\"Items\" ORDER BY order_id, line LIMIT 5",
    "SELECT count(*) FROM events WHERE kind = 42",
    "SELECT * FROM events WHERE id = 60000",
    "SELECT region, count(*) FROM open_orders GROUP BY region",
    "SELECT pieces FROM sold WHERE sku = 'sku7'",
    "SELECT max(id), min(placed_at) FROM orders",
    "SELECT id FROM notes WHERE said = 'x' AND id < 100",
    "UPDATE orders SET total = 0 WHERE customer_id = 5",
};

std::string take_snapshot(live::Database& database, const Folder& folder, const std::string& options) {
  const auto ran = run("snapshot --db " + quoted(database.conninfo()) + " " + options + " -o " +
                       quoted(folder.path("prod.json")));
  EXPECT_EQ(0, ran.exit_code) << ran.err;
  return folder.path("prod.json");
}

json plan_of(pg::Connection& connection, const std::string& query) {
  const auto rows = connection.query("EXPLAIN (FORMAT JSON) " + query);
  if (!rows) return rows.error().line();
  return json::parse(rows->front()[0].value_or("null"), nullptr, false)[0]["Plan"];
}

// Where two plans part: the node, or a cost that differs by more than a hundredth.
std::string difference(const json& real, const json& imported) {
  for (const auto* key : {"Node Type", "Relation Name", "Index Name", "Join Type", "Strategy"})
    if (real.value(key, "") != imported.value(key, ""))
      return std::string(key) + ": " + real.value(key, "") + " and " + imported.value(key, "");
  for (const auto* key : {"Total Cost", "Plan Rows"}) {
    const double a = real.value(key, 0.0), b = imported.value(key, 0.0);
    if (std::abs(a - b) > 0.01 * std::max(a, b) + 0.02)
      return real.value("Node Type", "") + ": " + key + " " + std::to_string(a) + " and " + std::to_string(b);
  }
  const auto below = real.value("Plans", json::array()), other = imported.value("Plans", json::array());
  if (below.size() != other.size()) return "children";
  for (std::size_t at = 0; at < below.size(); ++at)
    if (const auto found = difference(below[at], other[at]); !found.empty()) return found;
  return {};
}

TEST(Imitation, PlansAsTheServerDoes) {
  live::Database database;
  fill(database);
  database.run(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET random_page_cost = 1.7', current_database()); END "
      "$$");
  const Folder folder;
  const auto snapshot = take_snapshot(database, folder, "--with-values");
  Diagnostics said;
  auto built = check::build_sandbox(check::find_schemas({snapshot}, said), {}, said);
  ASSERT_TRUE(built) << built.error().line();
  EXPECT_TRUE(built->statistics_only);
  for (const auto& error : said) ADD_FAILURE() << error.line();
  auto server = database.connect();
  for (const auto* query : queries) {
    const auto real = plan_of(server, query);
    const auto imported = plan_of(built->server.connection(), query);
    EXPECT_EQ("", real.is_object() && imported.is_object() ? difference(real, imported)
                                                           : real.dump() + imported.dump())
        << query << "\n"
        << real.dump(1) << imported.dump(1);
  }
  const auto source = pg::make_plan_source(built->server.connection());
  ASSERT_TRUE(source);
  EXPECT_FALSE((*source)->explain(
      {.sql = "SELECT count(*) FROM orders", .parameters = {}, .analyze = true, .hypothetical = {}}))
      << "there are no rows to count";
  EXPECT_NE("",
            (*source)->dependencies("SELECT count(*) FROM orders", plan::Names::session)->analyze_refused);
  EXPECT_FALSE((*source)->values("SELECT id FROM orders"));
}

TEST(Imitation, ServesAdviseAndCheck) {
  live::Database database;
  fill(database);
  database.run("CREATE EXTENSION hypopg");
  const Folder folder;
  const auto file =
      folder.write("queries.sql",
                   "SELECT * FROM orders WHERE total = 7;\nSELECT id FROM orders WHERE placed_at = "
                   "'2026-02-01';\nSELECT id FROM customers WHERE region = 'r5';\n");
  const auto snapshot = take_snapshot(database, folder, "--with-values");
  const auto there =
      run("advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file) + " --format json");
  const auto here =
      run("advise --sandbox --schema " + quoted(snapshot) + " --workload " + quoted(file) + " --format json");
  ASSERT_EQ(0, there.exit_code) << there.err;
  ASSERT_EQ(0, here.exit_code) << here.err;
  const auto a = json::parse(there.out), b = json::parse(here.out);
  EXPECT_FALSE(a["indexes"].empty());
  ASSERT_EQ(a["indexes"].size(), b["indexes"].size()) << here.out;
  for (std::size_t at = 0; at < a["indexes"].size(); ++at)
    EXPECT_EQ(a["indexes"][at]["sql"], b["indexes"][at]["sql"]);
  EXPECT_NEAR(a["cost_after"].get<double>(), b["cost_after"].get<double>(),
              0.01 * a["cost_after"].get<double>());
  const auto checked =
      run("check --sandbox --schema " + quoted(snapshot) + " --workload " + quoted(file) + " --format json");
  EXPECT_LE(checked.exit_code, 1) << checked.err;
  EXPECT_EQ(std::string::npos, checked.out.find("Actual")) << "nothing was run";
  // Row data would not go with the statistics of others.
  EXPECT_EQ(2, run("advise --sandbox --schema " + quoted(snapshot) + " --load " + quoted(file) +
                   " --workload " + quoted(file))
                   .exit_code);
  const auto run_there =
      run("advise --sandbox --schema " + quoted(snapshot) + " --workload " + quoted(file) + " --verify");
  EXPECT_EQ(2, run_there.exit_code);
  EXPECT_NE(std::string::npos, run_there.err.find("no rows")) << run_there.err;
}

TEST(Imitation, WithoutValuesSaysSo) {
  live::Database database;
  fill(database);
  const Folder folder;
  const auto snapshot = take_snapshot(database, folder, "");
  const auto file = folder.write(
      "queries.sql",
      "SELECT sum(total) FROM orders WHERE customer_id = 4711;\nSELECT id FROM orders WHERE total = 5;");
  const auto ran = run("advise --sandbox --schema " + quoted(snapshot) + " --workload " + quoted(file));
  EXPECT_EQ(0, ran.exit_code);
  EXPECT_NE(std::string::npos, ran.err.find("--with-values")) << ran.err;
  EXPECT_NE(std::string::npos, ran.out.find("CREATE INDEX")) << ran.out;
}

using live::Lone;
using live::small_rows;
using live::small_schema;

constexpr const char* small_workload =
    "SELECT id, note FROM orders WHERE customer_id = 77;\nSELECT id FROM orders WHERE doc @> '{\"k\": 5}';\n"
    "UPDATE orders SET note = 'y' WHERE customer_id = 4;\nSELECT id FROM orders WHERE pg_sleep(0.01) IS NOT "
    "NULL AND id = 5;\n";

// The schema of a sandbox comes from a repository: no function of it runs as the superuser that writes
// statistics.
TEST(Imitation, RunsNothingAsTheSuperuser) {
  constexpr const char* script = R"(
    CREATE TABLE seen (who text);
    CREATE FUNCTION note(text) RETURNS boolean LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.seen VALUES (current_user || ' ' || $1); RETURN true; END $$;
    CREATE FUNCTION is_code(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT public.note('domain') $$;
    CREATE DOMAIN code AS text CHECK (is_code(VALUE));
    CREATE DOMAIN narrow AS code;
    CREATE TYPE pair AS (a code, b int);
    CREATE FUNCTION equal(oid, integer) RETURNS boolean LANGUAGE sql AS $$ SELECT public.note('operator') $$;
    CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = integer, FUNCTION = equal);
    CREATE FUNCTION unequal(real, integer) RETURNS boolean LANGUAGE sql AS $$ SELECT public.note('operator') $$;
    CREATE OPERATOR <> (LEFTARG = real, RIGHTARG = integer, FUNCTION = unequal);
    CREATE TABLE codes (c code, n narrow, list code[], p pair, t text);
    ALTER DATABASE sandbox SET search_path = public, pg_catalog;
  )";
  live::Database database;
  database.run(
      "CREATE TABLE codes (c text, n text, list text[], p text, t text);"
      "INSERT INTO codes SELECT 'c' || g % 3, 'n' || g % 3, ARRAY['l' || g % 3], '(a' || g % 3 || ',1)', 't' "
      "|| g % "
      "3 FROM generate_series(1, 3000) g; ANALYZE codes");
  auto connection = database.connect();
  Diagnostics diagnostics;
  const auto production = pg::read_catalog(connection, diagnostics, {.values = true});
  ASSERT_TRUE(production) << production.error().line();
  auto sandbox = pg::Sandbox::start(diagnostics);
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  sandbox->build({"hostile.sql", script}, diagnostics);
  ASSERT_TRUE(sandbox->import_statistics(*production, {}, diagnostics));
  const auto seen =
      sandbox->connection().query("SELECT who FROM public.seen WHERE who LIKE 'pgadvise_admin%'");
  ASSERT_TRUE(seen) << seen.error().line();
  for (const auto& row : *seen) ADD_FAILURE() << *row[0];
  // What needs no function of the script is there, a domain's values as those of its base type.
  const auto known = sandbox->admin().query(
      "SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_stats WHERE tablename = 'codes' AND "
      "most_common_vals IS NOT NULL");
  ASSERT_TRUE(known && !known->empty());
  EXPECT_EQ(known->front()[0].value_or(""),
            sandbox->admin().server_version() < 180000 ? "c n t" : "c list n p t");
}

TEST(Verify, BuildsAndRunsOnTheSandbox) {
  const Folder folder;
  const auto schema = folder.write("schema.sql", small_schema);
  const auto rows = folder.write("rows.sql", small_rows);
  const auto file = folder.write("queries.sql", small_workload);
  const std::string command = "advise --sandbox --schema " + quoted(schema) + " --load " + quoted(rows) +
                              " --workload " + quoted(file) + " --verify";
  const auto ran = run(command + " --format json");
  ASSERT_EQ(0, ran.exit_code) << ran.err;
  const auto advice = json::parse(ran.out);
  ASSERT_TRUE(advice.contains("verification")) << ran.out;
  const auto& seen = advice["verification"];
  EXPECT_TRUE(seen["complete"]);
  EXPECT_TRUE(seen["not_built"].empty()) << seen.dump(1);
  EXPECT_GT(seen["ms_before"].get<double>(), 0) << seen.dump(1);
  EXPECT_GT(seen["ms_after"].get<double>(), 0) << seen.dump(1);
  int measured = 0;
  for (const auto& query : seen["queries"]) {
    measured += !query["ms_after"].is_null();
    EXPECT_EQ(query["ms_after"].is_null(), query.contains("why_not")) << query.dump();
  }
  EXPECT_EQ(2, measured) << "what writes or sleeps is not run: " << seen.dump(1);
  // What HypoPG can't suppose was built here.
  EXPECT_TRUE(advice["not_costed"].empty());
  bool gin = false;
  for (const auto& index : advice["indexes"]) {
    gin |= index["sql"].get<std::string>().find("USING gin") != std::string::npos;
    EXPECT_GT(index["built_bytes"].get<std::int64_t>(), 0);
  }
  EXPECT_TRUE(gin) << ran.out;
  const auto text = run(command);
  EXPECT_NE(std::string::npos, text.out.find("Verified on the sandbox")) << text.out;
}

TEST(Verify, OnADatabaseOnlyWhereItIsNamedDisposable) {
  const Lone database;
  const Folder folder;
  const auto file = folder.write("queries.sql", small_workload);
  const std::string command = "advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file) +
                              " --verify --format json";
  EXPECT_EQ(2, run(command).exit_code);
  const auto other = run(command + " --disposable postgres");
  EXPECT_EQ(2, other.exit_code);
  EXPECT_NE(std::string::npos, other.err.find("--disposable names")) << other.err;
  {
    const auto somebody = pg::Connection::open(database.conninfo());
    const auto used = run(command + " --disposable " + database.name());
    EXPECT_EQ(2, used.exit_code);
    EXPECT_NE(std::string::npos, used.err.find("so it is in use")) << used.err;
  }
  ASSERT_EQ("1", database.indexes());
  const auto ran = run(command + " --disposable " + database.name());
  ASSERT_EQ(0, ran.exit_code) << ran.err;
  const auto advice = json::parse(ran.out);
  EXPECT_FALSE(advice["indexes"].empty());
  EXPECT_TRUE(advice["verification"]["complete"]);
  EXPECT_GT(advice["verification"]["ms_before"].get<double>(), 0);
  EXPECT_EQ("1", database.indexes()) << "what was built is gone";
}

TEST(Verify, SignalsRemoveWhatWasBuilt) {
  const Lone database;
  std::string many = small_workload;
  for (int n = 0; n < 200; ++n)
    many += "SELECT count(*), " + std::to_string(n) + " AS a" + std::to_string(n) +
            " FROM orders a, orders b WHERE a.customer_id = b.customer_id;\n";
  const Folder folder;
  const auto file = folder.write("queries.sql", many);
  for (const auto* ending : {"INT 0.5", "INT 1", "INT 2", "INT 4", "TERM 3", "HUP 3"}) {
    const std::string command = "timeout -s " + std::string(ending) + " " + quoted(testing_support::program) +
                                " advise --db " + quoted(database.conninfo()) + " --workload " +
                                quoted(file) + " --verify --disposable " + database.name() +
                                " >/dev/null 2>&1";
    (void)std::system(command.c_str());
    EXPECT_EQ("1", database.indexes()) << ending;
  }
}

}  // namespace
}  // namespace pgadvise
