// check, advise and explain propose the same indexes for the same inputs; review shows what check proposes.
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

constexpr const char* shop = R"(
  CREATE EXTENSION hypopg;
  CREATE TABLE customers (id int PRIMARY KEY, email text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, status text, placed_at timestamptz, total int);
  CREATE TABLE order_items (order_id int, line_no int, product text, PRIMARY KEY (order_id, line_no));
  CREATE TABLE shipments (id int PRIMARY KEY, order_id int, line_no int, carrier text,
                          FOREIGN KEY (order_id, line_no) REFERENCES order_items);
  INSERT INTO customers SELECT g, 'user' || g || '@example.com' FROM generate_series(1, 20000) g;
  INSERT INTO orders SELECT g, 1 + g % 20000, 'state' || g % 40, timestamptz '2026-01-01' + g * interval '1 minute', g FROM generate_series(1, 100000) g;
  INSERT INTO order_items SELECT g, 1, 'p' || g % 500 FROM generate_series(1, 100000) g;
  INSERT INTO shipments SELECT g, g, 1, 'c' || g % 7 FROM generate_series(1, 100000) g;
  ANALYZE;
)";

constexpr const char* workload = R"(
  SELECT id FROM orders WHERE status = 'state7' AND placed_at > '2026-02-20';
  SELECT id FROM orders WHERE status = 'state7' ORDER BY placed_at DESC LIMIT 5;
  SELECT total FROM orders WHERE customer_id = 77;
  SELECT carrier FROM shipments WHERE order_id = 5;
  SELECT id FROM orders ORDER BY total DESC LIMIT 10;
  SELECT id FROM orders WHERE total = 71;
)";

// "ON public.orders (status, placed_at)": without the names of indexes.
void add(const json& sql, std::set<std::string>& out) {
  const auto script = sql.get<std::string>();
  for (const auto line : split(script, '\n')) {
    const std::string text(line);
    const auto on = text.find(" ON ");
    if (text.starts_with("CREATE INDEX") && on != std::string::npos) out.insert(text.substr(on));
  }
}

TEST(OneSetOfProposals, CheckAndAdviseProposeTheSameIndexes) {
  live::Database database(shop);
  const Folder folder;
  const auto file = folder.write("queries.sql", workload);
  const std::string inputs = " --db " + quoted(database.conninfo()) + " --workload " + quoted(file);
  const auto checked = run("check" + inputs + " --format json --fail-on never");
  const auto advised = run("advise" + inputs + " --format json");
  const json report = json::parse(checked.out, nullptr, false);
  const json advice = json::parse(advised.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << checked.err;
  ASSERT_TRUE(advice.is_object()) << advised.err;
  std::set<std::string> of_check, of_advise;
  for (const auto& finding : report["findings"])
    if (finding.contains("fix") && finding["fix"].contains("sql")) add(finding["fix"]["sql"], of_check);
  for (const auto& index : report["further_indexes"]) add(index["sql"], of_check);
  for (const auto& index : advice["indexes"]) add(index["sql"], of_advise);
  EXPECT_EQ(of_check, of_advise);
  EXPECT_GE(of_advise.size(), 3u) << advised.out;
  const json set = report["summary"].value("index_set", json::object());
  EXPECT_EQ(set.value("steps", json::array()).size(), advice["indexes"].size()) << set.dump();

  std::size_t of_status = 0, of_shipments = 0;
  for (const auto& index : of_advise) {
    of_status += index.starts_with(" ON public.orders (status");
    of_shipments += index.starts_with(" ON public.shipments (");
  }
  EXPECT_EQ(1u, of_status) << "both directions, once: " << advised.out;
  EXPECT_EQ(1u, of_shipments) << "the foreign key's index serves the statement: " << advised.out;
}

std::set<std::string> of_explain(const std::string& conninfo, const std::string& statement) {
  const auto plan =
      run("explain --db " + quoted(conninfo) + " --no-analyze --format json " + quoted(statement));
  const json parsed = json::parse(plan.out, nullptr, false);
  EXPECT_TRUE(parsed.is_object()) << plan.err;
  std::set<std::string> out;
  if (!parsed.is_object() || !parsed.contains("findings")) return out;
  for (const auto& finding : parsed["findings"])
    if (finding.contains("fix") && finding["fix"].contains("sql")) add(finding["fix"]["sql"], out);
  return out;
}

TEST(OneSetOfProposals, ExplainProposesWhatAdviseProposesForItsStatement) {
  live::Database database(shop);
  const Folder folder;
  for (const std::string statement :
       {"SELECT carrier FROM shipments WHERE order_id = 5",
        "SELECT carrier FROM shipments WHERE order_id = 5 AND line_no = 1",
        "SELECT total FROM orders WHERE customer_id = 7",
        "SELECT order_id FROM shipments WHERE carrier = 'c3'",
        "SELECT id FROM orders WHERE status = 'state7' ORDER BY placed_at DESC LIMIT 5",
        "SELECT id FROM orders WHERE total = 71 OR customer_id = 77"}) {
    const auto file = folder.write("queries.sql", statement + ";\n");
    const std::string inputs = " --db " + quoted(database.conninfo()) + " --workload " + quoted(file);
    const json advice = json::parse(run("advise" + inputs + " --format json").out, nullptr, false);
    ASSERT_TRUE(advice.is_object());
    std::set<std::string> of_advise;
    for (const auto& index : advice["indexes"])
      if (!index["queries"].empty()) add(index["sql"], of_advise);  // not those of other foreign keys
    EXPECT_FALSE(of_advise.empty()) << statement;
    EXPECT_EQ(of_advise, of_explain(database.conninfo(), statement)) << statement;
  }
}

TEST(OneSetOfProposals, ExplainSaysWhyOthersMayProposeAWiderIndex) {
  live::Database database(shop);
  const auto text = run("explain --db " + quoted(database.conninfo()) +
                        " \"SELECT carrier FROM shipments WHERE order_id = 5\"");
  EXPECT_NE(std::string::npos, text.out.find("ON public.shipments (order_id")) << text.out;
  EXPECT_NE(std::string::npos, text.out.find("for this statement alone")) << text.out;
}

TEST(OneSetOfProposals, AOneOffBulkLoadDoesNotOutweighTheQueries) {
  live::Database database(shop);
  const Folder folder;
  const auto file =
      folder.write("queries.sql",
                   "SELECT total FROM orders WHERE customer_id = 77;\n"
                   "INSERT INTO orders (id, customer_id) SELECT g, 1 FROM generate_series(1, 50000000) g;\n");
  const std::string command = "advise --db " + quoted(database.conninfo()) + " --workload " + quoted(file);
  const auto steady = run(command);
  EXPECT_NE(std::string::npos, steady.out.find("ON public.orders (customer_id")) << steady.out;
  EXPECT_NE(std::string::npos, steady.out.find("1 bulk load left out")) << steady.out;
  const json all = json::parse(run(command + " --include-bulk --format json").out, nullptr, false);
  ASSERT_TRUE(all.is_object());
  EXPECT_EQ(0, all["bulk_loads"]);
}

TEST(OneSetOfProposals, WhatTheRoleMayNotWriteHasAnUnknownMaintenanceCost) {
  live::Database database(shop);
  const std::string reader = database.create_role("reader");
  database.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + reader);
  const Folder folder;
  const auto file = folder.write("queries.sql",
                                 "SELECT total FROM orders WHERE customer_id = 77;\n"
                                 "INSERT INTO orders (id, customer_id) VALUES (200001, 1);\n");
  const std::string command =
      "advise --db " + quoted(database.conninfo(reader)) + " --workload " + quoted(file);
  const auto text = run(command);
  EXPECT_NE(std::string::npos, text.out.find("index maintenance cost is unknown for orders")) << text.out;
  const json advice = json::parse(run(command + " --format json").out, nullptr, false);
  ASSERT_TRUE(advice.is_object() && !advice["indexes"].empty()) << text.err;
  for (const auto& index : advice["indexes"])
    if (index["table"] == "orders") {
      EXPECT_TRUE(index["upkeep"].is_null());
    }
}

}  // namespace
}  // namespace pgadvise
