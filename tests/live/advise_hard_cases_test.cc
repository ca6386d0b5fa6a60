// The advisor where things are not plain: it works, or says why not.
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "live/support.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

constexpr const char* schema = R"(
  CREATE EXTENSION hypopg;
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text, placed_at timestamptz, total numeric);
  CREATE TABLE tiny (id int, name text);
  CREATE TABLE "Mixed Case" ("Odd ""Name" int, "select" text);
  CREATE TABLE days (day date, amount int, place int) PARTITION BY RANGE (day);
  CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2025-07-01');
  CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM ('2025-07-01') TO ('2026-01-01');
  INSERT INTO orders SELECT g, g % 20000, 's' || g % 30, timestamptz '2026-01-01' + g * interval '1 minute', g % 977 FROM generate_series(1, 60000) g;
  INSERT INTO tiny SELECT g, 'x' FROM generate_series(1, 50) g;
  INSERT INTO "Mixed Case" SELECT g % 9000, repeat('x', 40) FROM generate_series(1, 40000) g;
  INSERT INTO days SELECT date '2025-01-01' + g % 360, g, g % 5000 FROM generate_series(1, 80000) g;
  CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) AS sum, repeat('x', 60) AS pad FROM orders GROUP BY 1;
  CREATE VIEW late AS SELECT * FROM orders WHERE placed_at > '2026-02-01';
  CREATE SCHEMA app; CREATE SCHEMA other;
  CREATE TABLE app.things (id int, owner int, pad text); CREATE TABLE other.things (id int, owner int, pad text);
  INSERT INTO app.things SELECT g, g % 8000, repeat('x', 40) FROM generate_series(1, 30000) g;
  CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE distant (id int, name text) SERVER far;
  ANALYZE;
)";

class HardCases : public testing::Test {
 protected:
  Ran advise(const std::string& workload, const std::string& more = "", const std::string& conninfo = "") {
    const auto file = folder_.write("queries.sql", workload);
    return run("advise --db " + quoted(conninfo.empty() ? database_.conninfo() : conninfo) + " --workload " +
               quoted(file) + " --format json " + more);
  }
  // The first line of each index's DDL.
  static std::string indexes(const Ran& ran) {
    const json advice = json::parse(ran.out, nullptr, false);
    if (!advice.is_object()) return "exit " + std::to_string(ran.exit_code) + ": " + ran.err;
    std::string out;
    for (const auto& index : advice["indexes"]) {
      const std::string sql = index["sql"];
      out += sql.substr(0, sql.find('\n')) + "\n";
    }
    return out;
  }

  live::Database database_{schema};
  Folder folder_;
};

TEST_F(HardCases, NothingToIndex) {
  EXPECT_EQ("", indexes(advise("SELECT * FROM orders;")));
  EXPECT_EQ("", indexes(advise("SELECT name FROM tiny WHERE id = 7;"))) << "a table of one page";
  EXPECT_EQ("", indexes(advise("SELECT total FROM orders WHERE id = 7;"))) << "served by the key";
  EXPECT_EQ("", indexes(advise("SELECT relname FROM pg_class WHERE relpages = 7;")));
  EXPECT_EQ("",
            indexes(advise("WITH m AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM m WHERE total = 3;")))
      << "the CTE reads all of it";
}

TEST_F(HardCases, WhatCannotBeExplainedIsNamed) {
  const auto ran = advise(
      "SELECT id FROM distant WHERE name = 'x';\nSELECT FROM WHERE;\nSELECT x FROM no_such_table WHERE x = "
      "1;\nSELECT no_such_column FROM orders WHERE total = 1;\n"
      "SELECT id FROM orders WHERE total = 5;\n");
  EXPECT_EQ(0, ran.exit_code) << ran.err;
  for (const auto* named : {"queries.sql:2", "queries.sql:3", "no_such_column"})
    EXPECT_NE(std::string::npos, ran.err.find(named)) << named << "\n" << ran.err;
  EXPECT_NE(std::string::npos, indexes(ran).find("(total)")) << "the rest goes on";
}

TEST_F(HardCases, ForeignTablesAreNamed) {
  const auto ran = advise(
      "SELECT id FROM distant WHERE name = 'x';\nSELECT o.id FROM orders o JOIN distant d ON d.id = o.id "
      "WHERE o.total = 5;");
  EXPECT_EQ(0, ran.exit_code);
  EXPECT_EQ("", indexes(ran))
      << "planning may ask the other server, so that the local table has none, either";
  for (const auto* named : {"queries.sql:1:1", "also line 2", "foreign table public.distant"})
    EXPECT_NE(std::string::npos, ran.err.find(named)) << ran.err;
}

TEST_F(HardCases, TemporaryTablesAreNotThere) {
  auto other = database_.connect();
  ASSERT_TRUE(
      other.query(
          "CREATE TEMP TABLE passing AS SELECT g AS a, g % 900 AS b FROM generate_series(1, 50000) g") &&
      other.query("ANALYZE passing"));
  const auto place = other.query("SELECT pg_my_temp_schema()::regnamespace");
  ASSERT_TRUE(place);
  const auto ran = advise("SELECT a FROM passing WHERE b = 5;\nSELECT a FROM " +
                          place->front()[0].value_or("") + ".passing WHERE b = 5;");
  EXPECT_EQ("", indexes(ran));
  for (const auto* named : {"queries.sql:1:1: not explained: there is no passing",
                            "queries.sql:2:1: not explained: there is no pg_temp_"})
    EXPECT_NE(std::string::npos, ran.err.find(named)) << ran.err;
}

TEST_F(HardCases, WhatAnIndexServesAlready) {
  const struct {
    const char* index;
    const char* query;
  } served[] = {{"(customer_id DESC NULLS LAST)", "SELECT total FROM served WHERE customer_id = 5"},
                {"(placed_at)", "SELECT id FROM served ORDER BY placed_at DESC LIMIT 5"},
                {"(customer_id, placed_at)",
                 "SELECT total FROM served WHERE customer_id = 5 AND placed_at > '2026-01-05'"},
                {"(lower(status))", "SELECT total FROM served WHERE lower(status) = 'none of them'"},
                {"(status text_pattern_ops)", "SELECT total FROM served WHERE status LIKE 'z%'"},
                {"(total) WHERE status = 's7'", "SELECT id FROM served WHERE total = 5 AND status = 's7'"},
                {"(customer_id) INCLUDE (total)", "SELECT total FROM served WHERE customer_id = 5"}};
  for (const auto& [index, query] : served) {
    database_.run("CREATE TABLE served AS SELECT * FROM orders; ANALYZE served");
    EXPECT_NE("", indexes(advise(std::string(query) + ";"))) << query << ": without it one pays";
    database_.run(std::string("CREATE INDEX ON served ") + index + "; ANALYZE served");
    EXPECT_EQ("", indexes(advise(std::string(query) + ";", "--max-width 2"))) << index << ", " << query;
    database_.run("DROP TABLE served");
  }
}

TEST_F(HardCases, EveryClauseLeads) {
  const struct {
    const char* query;
    const char* index;
  } cases[] = {
      {"SELECT total FROM tiny t JOIN orders o ON o.customer_id = t.id WHERE t.name = 'x' AND t.id = 7",
       "orders (customer_id"},
      {"SELECT p.total FROM tiny t JOIN (SELECT customer_id AS id, total FROM orders) p USING (id) WHERE "
       "t.id = 7",
       "orders (customer_id"},
      {"SELECT t.name, l.total FROM tiny t, LATERAL (SELECT total FROM orders o WHERE o.customer_id = t.id "
       "ORDER BY placed_at DESC LIMIT 1) l",
       "orders (customer_id, placed_at"},
      {"WITH m AS (SELECT * FROM orders) SELECT id FROM m WHERE total = 3", "orders (total"},
      {"SELECT id FROM tiny WHERE EXISTS (SELECT FROM orders o WHERE o.customer_id = tiny.id AND o.total = "
       "5)",
       "orders ("},
      {"SELECT (SELECT max(o.total) FROM orders o WHERE o.customer_id = tiny.id) FROM tiny",
       "orders (customer_id, total"},
      {"SELECT min(placed_at) FROM orders", "orders (placed_at"},
      {"SELECT id FROM orders ORDER BY placed_at DESC NULLS LAST LIMIT 5",
       "orders (placed_at DESC NULLS LAST"},
      {"SELECT id FROM orders ORDER BY total DESC, customer_id LIMIT 5", "orders (total DESC, customer_id"},
      {"SELECT total FROM orders WHERE customer_id IN (1, 2, 3)", "orders (customer_id"},
      {"SELECT total FROM orders WHERE lower(status) = 'none of them'", "orders ((lower(status))"},
      {"INSERT INTO tiny SELECT id, status FROM orders WHERE customer_id = 5 ON CONFLICT DO NOTHING "
       "RETURNING id",
       "orders (customer_id"}};
  for (const auto& [query, index] : cases)
    EXPECT_NE(std::string::npos, indexes(advise(std::string(query) + ";")).find(index))
        << query << "\n"
        << indexes(advise(std::string(query) + ";"));
  const auto both = indexes(advise("SELECT id FROM orders WHERE total = 5 OR customer_id = 7;"));
  EXPECT_TRUE(both.find("(total") != std::string::npos && both.find("(customer_id") != std::string::npos)
      << "OR wants two: " << both;
  EXPECT_EQ("",
            indexes(advise(
                "INSERT INTO orders VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET total = 2 RETURNING id;")));
}

TEST_F(HardCases, ViewsAndMaterializedViews) {
  EXPECT_NE(
      std::string::npos,
      indexes(advise("SELECT id FROM late WHERE customer_id = 7;")).find("ON public.orders (customer_id"))
      << "the table behind the view";
  EXPECT_NE(
      std::string::npos,
      indexes(advise("SELECT sum FROM totals WHERE customer_id = 7;")).find("ON public.totals (customer_id"));
  EXPECT_EQ(std::string::npos, indexes(advise("SELECT id FROM late WHERE total = 7;")).find("late"))
      << "a view has none itself";
}

TEST_F(HardCases, PartitionedAndSinglePartitions) {
  const auto whole = advise("SELECT sum(amount) FROM days WHERE place = 7;");
  EXPECT_NE(std::string::npos, indexes(whole).find("ON ONLY public.days (place")) << indexes(whole);
  const json advice = json::parse(whole.out);
  EXPECT_NE(std::string::npos, advice["indexes"][0]["sql"].get<std::string>().find("CONCURRENTLY"))
      << "the partitions' concurrently";
  const auto one = advise("SELECT sum(amount) FROM days_1 WHERE place = 7;");
  EXPECT_NE(std::string::npos, indexes(one).find("ON public.days_1 (place"));
  // The whole way and back.
  const std::string state =
      "SELECT string_agg(concat(indexrelid::regclass, ' ', indisvalid), ',' ORDER BY "
      "indexrelid::regclass::text) FROM pg_index WHERE indrelid::regclass::text LIKE 'days%'";
  const std::string before = database_.value(state);
  for (const auto* ran : {&whole, &one}) {
    const json made = json::parse(ran->out)["indexes"][0];
    const std::string sql = made["sql"], down_sql = made["down_sql"];
    for (const auto line : split(sql, '\n')) database_.run(std::string(line));
    EXPECT_NE(before, database_.value(state));
    EXPECT_EQ(std::string::npos, database_.value(state).find(" f")) << "all valid";
    for (const auto line : split(down_sql, '\n')) database_.run(std::string(line));
    EXPECT_EQ(before, database_.value(state)) << down_sql;
  }
}

TEST_F(HardCases, OneIndexServesAPartitionedTableAndItsPartitions) {
  for (const auto* workload :
       {"SELECT sum(amount) FROM days WHERE place = 7; SELECT sum(amount) FROM days_1 WHERE place = 7;",
        "SELECT sum(amount) FROM days_1 WHERE place = 7; SELECT sum(amount) FROM days_2 WHERE place = 9; "
        "SELECT "
        "sum(amount) FROM days WHERE place = 7;"}) {
    const auto ran = advise(workload);
    const json advice = json::parse(ran.out, nullptr, false);
    ASSERT_TRUE(advice.is_object()) << ran.err;
    ASSERT_EQ(1u, advice["indexes"].size()) << indexes(ran);
    EXPECT_NE(std::string::npos, indexes(ran).find("ON ONLY public.days (place"));
    EXPECT_EQ(advice["queries"].size(), advice["indexes"][0]["queries"].size());
  }
}

// sequential-scan and advise cost the same indexes.
TEST_F(HardCases, CheckAgrees) {
  const auto proposed = [&](const std::string& workload) {
    const auto file = folder_.write("checked.sql", workload);
    const Ran ran = run("check --db " + quoted(database_.conninfo()) + " --workload " + quoted(file) +
                        " --format json --fail-on never");
    const json report = json::parse(ran.out, nullptr, false);
    std::string out = report.is_object() ? "" : ran.err;
    if (report.is_object())
      for (const auto& finding : report["findings"])
        if (finding["rule"] == "sequential-scan" && finding.contains("fix") && finding["fix"].is_object())
          out += finding["fix"].value("sql", "") + "\n";
    return out;
  };
  const std::string view = "SELECT sum FROM totals WHERE customer_id = 7;";
  EXPECT_NE(std::string::npos, proposed(view).find("ON public.totals (customer_id")) << proposed(view);
  const std::string many = "UPDATE orders SET status = 's1' WHERE status = 's2';";
  EXPECT_EQ("", indexes(advise(many)));
  EXPECT_EQ("", proposed(many));
  const std::string few = "UPDATE orders SET customer_id = 8 WHERE customer_id = 7;";
  EXPECT_NE(std::string::npos, indexes(advise(few)).find("ON public.orders (customer_id"));
  EXPECT_NE(std::string::npos, proposed(few).find("ON public.orders (customer_id")) << proposed(few);
}

TEST_F(HardCases, QuotedNames) {
  EXPECT_NE(std::string::npos, indexes(advise(R"(SELECT "select" FROM "Mixed Case" WHERE "Odd ""Name" = 5;)"))
                                   .find(R"(ON public."Mixed Case" ("Odd ""Name")"));
}

TEST_F(HardCases, WritesAndParametersWithoutValues) {
  EXPECT_NE(std::string::npos,
            indexes(advise("UPDATE orders SET total = 1 WHERE customer_id = 5;")).find("(customer_id)"));
  EXPECT_NE(std::string::npos,
            indexes(advise("DELETE FROM orders WHERE customer_id = 5 RETURNING id;")).find("(customer_id)"));
  EXPECT_NE(std::string::npos,
            indexes(advise("INSERT INTO tiny SELECT id, status FROM orders WHERE customer_id = 5;"))
                .find("ON public.orders (customer_id"));
  EXPECT_NE(std::string::npos, indexes(advise("MERGE INTO orders o USING tiny t ON o.customer_id = t.id WHEN "
                                              "MATCHED THEN UPDATE SET total = 2;"))
                                   .find("(customer_id)"));
  EXPECT_NE(std::string::npos,
            indexes(advise("SELECT id FROM orders WHERE customer_id = $1;")).find("(customer_id"))
      << "the generic plan";
}

TEST_F(HardCases, SeveralConnectionsGiveTheSameAdvice) {
  std::string queries;
  for (int i = 0; i < 12; ++i)
    queries += "SELECT id FROM orders WHERE customer_id = " + std::to_string(i) +
               " AND status = 's1' ORDER BY placed_at LIMIT " + std::to_string(i + 1) +
               "; SELECT count(*) FROM days WHERE place = " + std::to_string(i) + ";\n" +
               "SELECT o.total, d.amount FROM orders o JOIN days d ON d.amount = o.id WHERE o.total = " +
               std::to_string(i) + " AND d.place > 3;\n";
  const std::string file = folder_.write("same.sql", queries);
  const auto with = [&](const std::string& jobs) {
    return run("advise --db " + quoted(database_.conninfo()) + " --workload " + quoted(file) +
               " --format json -j " + jobs)
        .out;
  };
  const std::string one = with("1");
  EXPECT_NE(std::string::npos, one.find("CREATE INDEX"));
  EXPECT_EQ(one, with("2"));
  EXPECT_EQ(one, with("5"));
}

TEST_F(HardCases, WritesArePlannedAndNeverRun) {
  // With a sequence that would move, and rows whose versions would.
  const std::string state =
      "SELECT (SELECT concat(count(*), ' ', sum(total), ' ', max(xmin::text::bigint)) FROM orders) || ' ' || "
      "(SELECT count(*) FROM tiny) || ' ' || (SELECT is_called FROM drawn)";
  database_.run("CREATE SEQUENCE drawn; CREATE TABLE serials (id serial, customer_id int)");
  const std::string before = database_.value(state);
  const auto ran = advise(
      "UPDATE orders SET total = 1 WHERE customer_id = 5; DELETE FROM orders WHERE total = 7; INSERT INTO "
      "tiny VALUES (nextval('drawn'), 'y'); INSERT INTO serials (customer_id) VALUES (7);\n"
      "INSERT INTO orders SELECT * FROM orders WHERE total = 8 ON CONFLICT DO NOTHING; WITH gone AS (DELETE "
      "FROM orders WHERE total = 9 RETURNING id) SELECT count(*) FROM gone;\n"
      "MERGE INTO orders o USING tiny t ON o.total = t.id WHEN MATCHED THEN DELETE;");
  const json advice = json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(advice.is_object()) << ran.err;
  EXPECT_EQ(7u, advice["queries"].size()) << ran.err;
  EXPECT_EQ(before, database_.value(state));
  EXPECT_NE(
      std::string::npos,
      advise("SELECT nextval('drawn'), id FROM orders WHERE total = 3;").err.find("it would run nextval"))
      << "a SELECT might be run";
}

TEST_F(HardCases, AConstantOfAFileMayFilterAnIndexOfALogMayNot) {
  const std::string file =
      "SELECT id, placed_at FROM orders WHERE status = 's7' AND total > 900 ORDER BY placed_at;\n";
  const auto ran = advise(file);
  const auto cheaper = json::parse(ran.out)["cost_after"].get<double>();
  EXPECT_LT(cheaper, json::parse(advise(file, "--max-width 2").out)["cost_after"].get<double>());
  const auto log =
      folder_.write("s.log",
                    "2026-05-01 12:00:00.000 UTC [1] LOG:  duration: 5.0 ms  statement: SELECT id, placed_at "
                    "FROM orders WHERE status = 's7' AND total > 900 ORDER BY placed_at\n");
  const std::string command =
      "advise --db " + quoted(database_.conninfo()) + " --log " + quoted(log) + " --format json";
  const auto hidden = run(command);
  EXPECT_EQ(0, hidden.exit_code) << hidden.err;
  EXPECT_NE("", indexes(hidden));
  EXPECT_EQ(std::string::npos, hidden.out.find("s7")) << "no literal of a log is shown";
}

// 2 % of the rows; without the planner's estimate the size was that of half of them.
TEST(PartialIndex, OfARareTruthValueIsSmall) {
  live::Database database(R"(
    CREATE EXTENSION hypopg;
    CREATE TABLE invoices (id int PRIMARY KEY, paid boolean NOT NULL, pad text);
    INSERT INTO invoices SELECT g, g % 50 <> 0, repeat('x', 100) FROM generate_series(1, 100000) g;
    ANALYZE;
  )");
  const Folder folder;
  const auto file =
      folder.write("queries.sql", "SELECT id FROM invoices WHERE NOT paid ORDER BY id DESC LIMIT 10;\n");
  const Ran ran =
      run("advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file) + " --format json");
  const json advice = json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(advice.is_object()) << ran.err;
  ASSERT_EQ(1u, advice["indexes"].size()) << ran.out;
  const json& index = advice["indexes"][0];
  EXPECT_NE(std::string::npos, index["sql"].get<std::string>().find("(id) WHERE NOT paid")) << index;
  EXPECT_LT(index["size_bytes"].get<std::int64_t>(), 200'000);
}

TEST_F(HardCases, LoggedTimeWeighs) {
  // Both cost the planner the same; one takes a hundred times as long, and there is room for one index.
  const auto log = [&](const char* slow, const char* quick) {
    std::string out;
    for (int n = 0; n < 5; ++n) {
      out += "2026-05-01 12:00:0" + std::to_string(n) +
             ".000 UTC [1] LOG:  duration: 900.0 ms  statement: SELECT id FROM orders WHERE " + slow +
             " = 5\n";
      out += "2026-05-01 12:00:0" + std::to_string(n) +
             ".500 UTC [1] LOG:  duration: 9.0 ms  statement: SELECT id FROM orders WHERE " + quick +
             " = 5\n";
    }
    return out;
  };
  for (const auto& [slow, quick] : {std::pair("total", "customer_id"), std::pair("customer_id", "total")}) {
    const auto file = folder_.write("times.log", log(slow, quick));
    const auto ran = run("advise --db " + quoted(database_.conninfo()) + " --log " + quoted(file) +
                         " --max-indexes 1 --format json");
    EXPECT_NE(std::string::npos, indexes(ran).find(std::string("(") + slow)) << ran.out << ran.err;
    const auto by_calls = json::parse(run("advise --db " + quoted(database_.conninfo()) + " --log " +
                                          quoted(file) + " --weigh-by calls --format json")
                                          .out);
    EXPECT_EQ(2u, by_calls["queries"].size()) << by_calls.dump(1);
    for (const auto& query : by_calls["queries"]) EXPECT_EQ(5, query["weight"]);
  }
}

TEST_F(HardCases, BrinWhereRowsLieInOrder) {
  database_.run(
      "CREATE TABLE readings (id int, at timestamp, pad text); INSERT INTO readings SELECT g, timestamp "
      "'2026-01-01' + g * interval '1 second', repeat('x', 60) FROM generate_series(1, 200000) g; ANALYZE "
      "readings");
  const auto ran =
      advise("SELECT count(pad) FROM readings WHERE at BETWEEN '2026-01-01 10:00' AND '2026-01-01 12:00';",
             "--budget 100kB");
  EXPECT_NE(std::string::npos, indexes(ran).find("ON public.readings USING brin (at)")) << ran.out;
  const json advice = json::parse(ran.out, nullptr, false);
  for (const auto& index : advice["indexes"]) {
    const std::string sql = index["sql"];
    database_.run(sql);
    EXPECT_NE(std::string::npos,
              database_.value("SELECT string_agg(indexdef, '') FROM pg_indexes WHERE tablename = 'readings'")
                  .find("brin"));
  }
  EXPECT_EQ("",
            indexes(advise(
                "SELECT count(pad) FROM readings WHERE at BETWEEN '2026-01-01 10:00' AND '2026-01-01 12:00';",
                "--budget 100kB")))
      << "it is there";
}

TEST_F(HardCases, HashWhereLongTextsAreOnlyEqual) {
  database_.run(
      "CREATE TABLE pages (id int, url text, pad text); INSERT INTO pages SELECT g, 'https://example.org/' "
      "|| repeat(md5(g::text), 5), repeat('x', 60) FROM generate_series(1, 50000) g; ANALYZE pages");
  const std::string equal = "SELECT id FROM pages WHERE url = 'https://example.org/x';";
  const auto ran = advise(equal);
  const json advice = json::parse(ran.out, nullptr, false);
  ASSERT_EQ(1u, advice["indexes"].size()) << ran.out << ran.err;
  const auto& index = advice["indexes"][0];
  EXPECT_NE(std::string::npos, index["sql"].get<std::string>().find("ON public.pages USING hash (url)"))
      << index.dump();
  const auto size_of = [&](const std::string& sql) {
    database_.run(sql);
    return std::stod(
        database_.value("SELECT pg_relation_size(indexrelid) FROM pg_index WHERE indrelid = "
                        "'pages'::regclass ORDER BY 1 DESC LIMIT 1"));
  };
  const double built = size_of(index["sql"]);
  EXPECT_NEAR(1, index["size_bytes"].get<double>() / built, 0.5);
  EXPECT_EQ("", indexes(advise(equal))) << "it is there";
  database_.run(index["down_sql"]);
  EXPECT_LT(built * 2, size_of("CREATE INDEX pages_btree ON pages (url)"));
  database_.run("DROP INDEX pages_btree");
  EXPECT_EQ(std::string::npos,
            indexes(advise(equal + "SELECT id FROM pages ORDER BY url LIMIT 5;")).find("hash"))
      << "another query wants the order";
}

TEST_F(HardCases, SeveralSearchPaths) {
  const std::string query = "SELECT pad FROM things WHERE owner = 5;", wanted = "ON app.things (owner";
  const auto tenant = database_.create_role("tenant");
  database_.run("ALTER ROLE " + tenant + " SET search_path = app, public; GRANT USAGE ON SCHEMA app TO " +
                tenant + "; GRANT SELECT ON ALL TABLES IN SCHEMA app TO " + tenant);
  EXPECT_NE(std::string::npos, indexes(advise(query, "--search-path app,public")).find(wanted));
  EXPECT_NE(std::string::npos, indexes(advise(query, "--role " + tenant)).find(wanted));
  EXPECT_NE(std::string::npos, indexes(advise(query, "", database_.conninfo(tenant))).find(wanted));
  EXPECT_NE(std::string::npos, indexes(advise("SELECT pad FROM app.things WHERE owner = 5;")).find(wanted));
  EXPECT_EQ("", indexes(advise(query, "--search-path other,app"))) << "the other one has no rows";
  EXPECT_NE(std::string::npos, advise(query).err.find("there is no things")) << "not in public";
}

TEST_F(HardCases, MissingPermissionsAreSaid) {
  const auto role = database_.create_role("nobody_much");
  const auto ran = advise("SELECT id FROM orders WHERE total = 5;", "", database_.conninfo(role));
  EXPECT_NE(std::string::npos, ran.err.find("permission denied")) << ran.err;
  EXPECT_EQ("", indexes(ran));
  database_.run("GRANT SELECT ON orders TO " + role);
  EXPECT_NE(
      std::string::npos,
      indexes(advise("SELECT id FROM orders WHERE total = 5;", "", database_.conninfo(role))).find("(total"));
}

TEST_F(HardCases, HypopgOfAnotherSchema) {
  database_.run("DROP EXTENSION hypopg");
  const auto missing = advise("SELECT id FROM orders WHERE total = 5;");
  EXPECT_EQ(2, missing.exit_code);
  EXPECT_NE(std::string::npos, missing.err.find("CREATE EXTENSION hypopg")) << missing.err;
  database_.run("CREATE SCHEMA \"Hypo Place\"; CREATE EXTENSION hypopg SCHEMA \"Hypo Place\"");
  EXPECT_NE(std::string::npos, indexes(advise("SELECT id FROM orders WHERE total = 5;")).find("(total"));
}

TEST_F(HardCases, HypopgThatCannotBeUsedIsSaid) {
  const std::string query = "SELECT id FROM orders WHERE total = 5;";
  const auto visitor = database_.create_role("visitor");
  database_.run(
      "ALTER EXTENSION hypopg DROP FUNCTION hypopg_drop_index(oid); DROP FUNCTION hypopg_drop_index(oid)");
  const auto old = advise(query);
  EXPECT_EQ(2, old.exit_code);
  EXPECT_NE(std::string::npos, old.err.find("hypopg_drop_index")) << old.err;
  database_.run(
      "DROP EXTENSION hypopg; CREATE SCHEMA hidden; CREATE EXTENSION hypopg SCHEMA hidden; GRANT SELECT ON "
      "orders TO " +
      visitor);
  const auto hidden = advise(query, "", database_.conninfo(visitor));
  EXPECT_EQ(2, hidden.exit_code);
  EXPECT_NE(std::string::npos, hidden.err.find("permission")) << hidden.err;
}

TEST_F(HardCases, EmptyAndNeverAnalyzedTablesAreNamed) {
  database_.run(
      "CREATE TABLE nothing (id int PRIMARY KEY, a int, b text);"
      "CREATE TABLE unseen (id int PRIMARY KEY, a int) WITH (autovacuum_enabled = false);"
      "INSERT INTO unseen SELECT g, g FROM generate_series(1, 60000) g");
  const Ran empty = advise("SELECT id FROM nothing WHERE a = 5 AND b = 'x';");
  EXPECT_EQ("", indexes(empty)) << "the planner's guess for an empty table";
  EXPECT_NE(std::string::npos, empty.err.find("nothing: no rows")) << empty.err;
  const Ran unseen = advise("SELECT id FROM unseen WHERE a = 5;");
  EXPECT_NE(std::string::npos, indexes(unseen).find("(a)"));
  EXPECT_NE(std::string::npos, unseen.err.find("unseen: never analyzed")) << unseen.err;
  EXPECT_EQ(std::string::npos, advise("SELECT total FROM orders WHERE total = 7;").err.find("analyzed"));
}

// As check, which refutes findings about such tables.
TEST_F(HardCases, ATableUnderAHundredPagesGetsNoIndex) {
  database_.run(
      "CREATE TABLE middling AS SELECT g AS id, g % 500 AS a, repeat('x', 60) AS pad FROM generate_series(1, "
      "5000) g; ANALYZE middling");
  EXPECT_EQ("", indexes(advise("SELECT id FROM middling WHERE a = 7;")));
}

TEST_F(HardCases, AnEmptySandboxSaysSo) {
  const auto file = folder_.write("schema.sql", "CREATE TABLE t (id int PRIMARY KEY, a int);");
  const std::string command = "advise --sandbox --schema " + quoted(file) + " --workload " +
                              quoted(folder_.write("q.sql", "SELECT id FROM t WHERE a = 1;"));
  const auto empty = run(command);
  EXPECT_EQ(0, empty.exit_code);
  EXPECT_NE(std::string::npos, empty.err.find("have no rows")) << empty.err;
  const auto loaded =
      run(command + " --load " +
          quoted(folder_.write("rows.sql", "INSERT INTO t SELECT g, g FROM generate_series(1, 40000) g;")));
  EXPECT_EQ(std::string::npos, loaded.err.find("have no rows")) << loaded.err;
  EXPECT_NE(std::string::npos, loaded.out.find("(a)")) << loaded.out;
}

// HypoPG has room for 2,828 indexes of a backend, each partition's counted.
TEST_F(HardCases, MoreCandidatesThanHypopgHasRoomFor) {
  std::string columns, query = "SELECT id FROM parts WHERE a = 7", parts;
  for (char c = 'a'; c <= 'i'; ++c) columns += std::string(", ") + c + " int";
  for (char c = 'b'; c <= 'i'; ++c) query += std::string(" AND ") + c + " > 3";
  for (int n = 0; n < 60; ++n)
    parts += "CREATE TABLE parts_" + std::to_string(n) + " PARTITION OF parts FOR VALUES FROM (" +
             std::to_string(n * 2000) + ") TO (" + std::to_string(n * 2000 + 2000) + ");";
  database_.run("CREATE TABLE parts (id int" + columns + ") PARTITION BY RANGE (id);" + parts +
                "INSERT INTO parts SELECT g, g % 20000, g % 7, g % 7, g % 7, g % 7, g % 7, g % 7, g % 7, g % "
                "7 FROM generate_series(0, 119999) g; ANALYZE parts");
  const std::string one = indexes(advise(query + ";", "-j 1"));
  EXPECT_NE(std::string::npos, one.find("ON ONLY public.parts (a")) << one;
  EXPECT_EQ(one, indexes(advise(query + ";", "-j 4")));
}

TEST_F(HardCases, CtrlCGivesTheBestSoFar) {
  std::string many;
  for (int n = 0; n < 1500; ++n)
    many += "SELECT a" + std::to_string(n) + ".id FROM orders a" + std::to_string(n) +
            " JOIN \"Mixed Case\" m ON m.\"Odd \"\"Name\" = a" + std::to_string(n) + ".customer_id WHERE a" +
            std::to_string(n) + ".total = 5;\n";
  const auto file = folder_.write("many.sql", many);
  const std::string out = folder_.path("advice.json");
  const auto command = [&](int seconds) {
    return "(timeout -s INT " + std::to_string(seconds) + " " + quoted(testing_support::program) +
           " advise --db " + quoted(database_.conninfo()) + " --workload " + quoted(file) +
           " --format json >" + quoted(out) + " 2>/dev/null; echo $? >" + quoted(folder_.path("code")) + ")";
  };
  // It has to have begun: where the machine is busy a signal may come before.
  json advice;
  for (int seconds = 1; seconds <= 8 && !advice.is_object(); seconds *= 2) {
    (void)std::system(command(seconds).c_str());
    advice = json::parse(read_file(out).value_or(""), nullptr, false);
  }
  ASSERT_TRUE(advice.is_object()) << "a report is written all the same";
  EXPECT_FALSE(advice["complete"]);
  EXPECT_LE(advice["cost_after"].get<double>(), advice["cost_before"].get<double>());
}

TEST_F(HardCases, AServerLostInTheMiddle) {
  std::string many;
  for (int n = 0; n < 400; ++n)
    many += "SELECT a" + std::to_string(n) + ".id FROM orders a" + std::to_string(n) +
            " JOIN \"Mixed Case\" m ON m.\"Odd \"\"Name\" = a" + std::to_string(n) + ".customer_id WHERE a" +
            std::to_string(n) + ".total = 5;\n";
  const auto file = folder_.write("many.sql", many);
  const std::string out = folder_.path("advice.json");
  const std::string command = "(" + quoted(testing_support::program) + " advise --db " +
                              quoted(database_.conninfo()) + " --workload " + quoted(file) +
                              " --format json >" + quoted(out) + " 2>" + quoted(folder_.path("err")) +
                              "; echo $? >" + quoted(folder_.path("code")) + ") & ";
  std::string killed = "0", code;
  for (int start = 0; start < 5 && killed == "0"; ++start) {  // it may be done before it is seen
    std::filesystem::remove(folder_.path("code"));
    (void)std::system(command.c_str());
    for (code.clear(); killed == "0" && code.empty();
         code = std::string(trim(read_file(folder_.path("code")).value_or(""))))
      killed = database_.value(
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'pgadvise' "
          "AND pid <> pg_backend_pid() AND datname = current_database() "
          "AND query LIKE '%hypopg_create_index(i.sql)%'");
  }
  if (killed == "0") GTEST_SKIP() << "it was done too soon to be seen";
  for (int tries = 0; tries < 600 && code.empty(); ++tries) {
    code = std::string(trim(read_file(folder_.path("code")).value_or("")));
    (void)database_.value("SELECT pg_sleep(0.1)");
  }
  EXPECT_EQ("3", code);
  const auto advice = json::parse(read_file(out).value_or(""), nullptr, false);
  ASSERT_TRUE(advice.is_object());
  EXPECT_FALSE(advice["complete"]);
}

bool has(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

TEST_F(HardCases, ATransactionPoolerIsRefused) {
  if (!has("pgbouncer") || !has("su")) GTEST_SKIP() << "pgbouncer is not installed";
  const std::string name = database_.value("SELECT current_database()");
  const auto home = std::filesystem::path(live::server_folder()).string();
  // Two clients take turns on one server connection: whose hypothetical indexes are whose? The next one gets
  // the connection as it was left.
  const auto ini = folder_.write(
      "bouncer.ini", "[databases]\n" + name + " = host=" + home +
                         " port=5432 user=pgadvise_admin\n[pgbouncer]\nlisten_port = 6432\nlisten_addr "
                         "=\nunix_socket_dir = " +
                         folder_.path() +
                         "\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 1\nlogfile = " +
                         folder_.path("bouncer.log") + "\npidfile = " + folder_.path("bouncer.pid") +
                         "\nignore_startup_parameters = extra_float_digits,options\n");
  (void)std::system(("chmod -R a+rwX " + quoted(folder_.path())).c_str());
  const bool root = std::system("test \"$(id -u)\" = 0") == 0;
  ASSERT_EQ(0, std::system(((root ? "su postgres -s /bin/sh -c " + quoted("pgbouncer -d " + quoted(ini))
                                  : "pgbouncer -d " + quoted(ini)) +
                            " >/dev/null 2>&1")
                               .c_str()));
  for (int tries = 0; tries < 300 && !std::filesystem::exists(folder_.path(".s.PGSQL.6432")); ++tries)
    (void)database_.value("SELECT pg_sleep(0.1)");
  const std::string pooled = "host=" + folder_.path() + " port=6432 dbname=" + name + " user=pgadvise_admin";
  const auto left = [&]() -> std::string {
    auto client = pg::Connection::open(pooled);
    if (!client) return client.error().line();
    const auto rows = client->query(
        "SELECT concat(pg_backend_pid(), ' ', (SELECT count(*) FROM hypopg()), ' ', (SELECT count(*) FROM "
        "pg_prepared_statements), ' ', "
        "(SELECT md5(string_agg(name || setting, ',' ORDER BY name)) FROM pg_settings WHERE name NOT IN "
        "('application_name', 'client_encoding')))");
    return rows ? rows->front()[0].value_or("") : rows.error().line();
  };
  const std::string before = left();
  const auto ran = advise("SELECT id FROM orders WHERE total = 5;", "", pooled);
  const std::string after = left();
  const auto queries = folder_.write(
      "two.sql", "SELECT id FROM orders WHERE total = 5; SELECT id FROM orders WHERE status = 's1';");
  const auto checked =
      run("check --db " + quoted(pooled) + " --workload " + quoted(queries) + " -v -j 3 --fail-on never");
  (void)std::system(("kill $(cat " + quoted(folder_.path("bouncer.pid")) + ")").c_str());
  EXPECT_EQ(2, ran.exit_code) << ran.out << ran.err;
  EXPECT_NE(std::string::npos, ran.err.find("pooler")) << ran.err;
  EXPECT_EQ(before, after);
  EXPECT_EQ(0, checked.exit_code) << checked.err;
  EXPECT_NE(std::string::npos, checked.err.find("requested plans on 1 connection\n")) << checked.err;
  EXPECT_NE(std::string::npos, checked.out.find("2 statements planned, 2 of them run")) << checked.out;
  EXPECT_EQ("0", database_.value("SELECT count(*) FROM hypopg()"));
}

// A hot standby that follows a server: nothing can be written there, and hypothetical indexes are of the
// session.
TEST_F(HardCases, AHotStandbyAnswersAsItsServer) {
  const Folder folder;
  const std::string script = R"sh(set -e
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/pg_ctl 2>/dev/null | tail -1)")
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")
cd "$1"
trap 'for each in first second; do "$bin/pg_ctl" -D $each -m immediate stop >/dev/null 2>&1; done' EXIT
"$bin/initdb" -D first -U pgadvise_admin -A trust -N -E UTF8 --no-locale >init.log 2>&1
mkdir 1 2
echo "unix_socket_directories = '$1/1'
listen_addresses = ''
wal_level = replica
fsync = off" >>first/postgresql.conf
"$bin/pg_ctl" -D first -w -l log start >/dev/null
"$bin/pg_basebackup" -h "$1/1" -U pgadvise_admin -D second -R -X stream -c fast >backup.log 2>&1
echo "unix_socket_directories = '$1/2'" >>second/postgresql.conf
"$bin/pg_ctl" -D second -w -l log2 start >/dev/null
"$bin/psql" -qX -v ON_ERROR_STOP=1 -h "$1/1" -U pgadvise_admin postgres -c 'CREATE EXTENSION hypopg' -c 'CREATE TABLE t AS SELECT g AS a, g % 9000 AS b FROM generate_series(1, 50000) g' -c 'ANALYZE t'
for n in $(seq 300); do
  [ "$("$bin/psql" -qAtX -h "$1/2" -U pgadvise_admin postgres -c "SELECT count(*) FROM pg_stats WHERE tablename = 't'")" = 2 ] && break
  sleep 0.1
done
[ "$("$bin/psql" -qAtX -h "$1/2" -U pgadvise_admin postgres -c 'SELECT pg_is_in_recovery(), count(*) FROM pg_stat_wal_receiver')" = 't|1' ]
trap - EXIT
)sh";
  const auto file = folder.write("standby.sh", script);
  const auto home = folder.path("server");
  std::filesystem::create_directory(home);
  (void)std::system(("chmod a+rx " + quoted(folder.path()) + "; chmod a+rwx " + quoted(home)).c_str());
  const bool root = std::system("test \"$(id -u)\" = 0") == 0;
  const auto as_server = [&](const std::string& command) {
    return std::system((root ? "su postgres -s /bin/sh -c " + quoted(command) : command).c_str());
  };
  if (as_server("sh " + quoted(file) + " " + quoted(home)) != 0)
    GTEST_SKIP() << "no standby can be made here: " << read_file(home + "/backup.log").value_or("")
                 << read_file(home + "/log2").value_or("");
  const auto queries = folder.write(
      "queries.sql",
      "SELECT a FROM t WHERE b = 5; UPDATE t SET a = 1 WHERE b = 7; SELECT count(*) FROM t WHERE b = $1;");
  const auto on = [&](const std::string& place) {
    return run("advise --db 'host=" + home + "/" + place +
               " user=pgadvise_admin dbname=postgres' --workload " + quoted(queries) + " --format json");
  };
  const auto first = on("1"), second = on("2");
  (void)as_server(
      "bin=$(ls /usr/lib/postgresql/*/bin/pg_ctl 2>/dev/null | tail -1 | grep . || command -v pg_ctl); for "
      "each in second first; do $bin -D " +
      quoted(home) + "/$each -m immediate stop >/dev/null; done");
  EXPECT_EQ(0, second.exit_code) << second.err;
  EXPECT_NE(std::string::npos, indexes(second).find("ON public.t (b")) << second.out << second.err;
  EXPECT_EQ(indexes(first), indexes(second));
}

// A server that was shut down comes up again as a standby of nobody.
TEST_F(HardCases, AStandbyAnswersAsWell) {
  const Folder folder;
  const std::string script = R"sh(set -e
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/pg_ctl 2>/dev/null | tail -1)")
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")
cd "$1"
trap '"$bin/pg_ctl" -D data -m immediate stop >/dev/null 2>&1' EXIT
"$bin/initdb" -D data -U pgadvise_admin -A trust -N -E UTF8 --no-locale >init.log 2>&1
echo "unix_socket_directories = '$1'
listen_addresses = ''" >>data/postgresql.conf
"$bin/pg_ctl" -D data -w -l log start >/dev/null
"$bin/psql" -qX -h "$1" -U pgadvise_admin postgres -c 'CREATE EXTENSION hypopg' -c 'CREATE TABLE t AS SELECT g AS a, g % 9000 AS b FROM generate_series(1, 50000) g' -c 'ANALYZE'
"$bin/pg_ctl" -D data -w stop >/dev/null
touch data/standby.signal
"$bin/pg_ctl" -D data -w -l log start >/dev/null
trap - EXIT
)sh";
  const auto file = folder.write("standby.sh", script);
  const auto home = folder.path("server");
  std::filesystem::create_directory(home);
  (void)std::system(("chmod a+rx " + quoted(folder.path()) + "; chmod a+rwx " + quoted(home)).c_str());
  const bool root = std::system("test \"$(id -u)\" = 0") == 0;
  const auto as_server = [&](const std::string& command) {
    return std::system((root ? "su postgres -s /bin/sh -c " + quoted(command) : command).c_str());
  };
  if (as_server("sh " + quoted(file) + " " + quoted(home)) != 0)
    GTEST_SKIP() << "no standby can be made here: " << read_file(home + "/log").value_or("");
  const auto queries = folder.write("queries.sql", "SELECT a FROM t WHERE b = 5;");
  const std::string conninfo = "host=" + home + " user=pgadvise_admin dbname=postgres";
  const auto ran =
      run("advise --db " + quoted(conninfo) + " --workload " + quoted(queries) + " --format json");
  const auto refused = run("advise --db " + quoted(conninfo) + " --workload " + quoted(queries) +
                           " --verify --disposable postgres");
  (void)as_server(
      "$(ls /usr/lib/postgresql/*/bin/pg_ctl 2>/dev/null | tail -1 | grep . || command -v pg_ctl) -D " +
      quoted(home + "/data") + " -m immediate stop >/dev/null");
  EXPECT_EQ(0, ran.exit_code) << ran.err;
  EXPECT_NE(std::string::npos, indexes(ran).find("(b")) << ran.out;
  EXPECT_EQ(2, refused.exit_code);
  EXPECT_NE(std::string::npos, refused.err.find("standby")) << refused.err;
}

}  // namespace
}  // namespace pgadvise
