// check --against: a change that makes a statement's plan worse is found, and a harmless one is not. Each
// case is a repository whose branch adds one migration; the statistics are those of a server with rows.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

constexpr const char* schema = R"(
CREATE TABLE customers (id bigint PRIMARY KEY, email varchar(100) NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text, placed_at timestamptz, total numeric(12, 2), note text);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_total_idx ON orders (total);
CREATE INDEX orders_status_placed_at_idx ON orders (status, placed_at);
)";

constexpr const char* rows = R"(
INSERT INTO customers SELECT g, 'user' || g || '@example.com' FROM generate_series(1, 20000) g;
INSERT INTO orders SELECT g, 1 + g % 20000, CASE WHEN g % 5000 = 0 THEN 'late' WHEN g % 3 = 0 THEN 'open' ELSE 'done' END,
  timestamptz '2026-01-01' + g * interval '1 minute', g % 900, repeat('x', g % 90) FROM generate_series(1, 100000) g;
)";

constexpr const char* queries = R"(
SELECT id, total FROM orders WHERE customer_id = 4711;
SELECT count(*) FROM orders WHERE status = 'late';
SELECT id FROM orders WHERE status = 'open' ORDER BY placed_at DESC LIMIT 10;
SELECT o.id, c.email FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = 77;
SELECT c.email, sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.email;
SELECT id, note FROM orders WHERE id = 9;
UPDATE orders SET total = 0 WHERE id = 5;
)";

// A repository with the schema on main, and production's snapshot beside it.
class Project {
 public:
  Project() {
    static const std::string snapshot = [] {
      live::Database database(std::string(schema) + rows);
      database.run("VACUUM ANALYZE");
      const Folder made;
      const Ran ran = run("snapshot --db " + quoted(database.conninfo()) + " --with-values -o " +
                          quoted(made.path("prod.json")));
      EXPECT_EQ(ran.exit_code, 0) << ran.err;
      return read_file(made.path("prod.json")).value_or("");
    }();
    folder.write("prod.json", snapshot);
    folder.write("repository/queries.sql", queries);
    folder.write("repository/migrations/0001_init.sql", schema);
    git("init -q -b main && git config user.email a@example.com && git config user.name a && git add . && "
        "git "
        "commit -qm schema");
  }
  void git(const std::string& arguments) const {
    ASSERT_EQ(std::system(("cd " + quoted(folder.path("repository")) + " && git " + arguments).c_str()), 0);
  }
  void migrate(const std::string& sql) const { folder.write("repository/migrations/0002_change.sql", sql); }
  Ran check(const std::string& more = "--against main --schema ../prod.json") const {
    return run(
        "check migrations --workload queries.sql --only plan-regression,failing-statement --format json " +
            more,
        folder.path("repository"));
  }
  json report(const std::string& more = "--against main --schema ../prod.json") const {
    const Ran ran = check(more);
    EXPECT_LE(ran.exit_code, 1) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
  Folder folder;
};

const json* change_with(const json& report, const std::string& kind) {
  for (const auto& one : report["plan_comparison"]["changes"])
    if (one.contains("differences") && one["differences"][0]["kind"] == kind) return &one;
  return nullptr;
}

TEST(Against, ADroppedIndexThatWasInUse) {
  const Project project;
  project.migrate("DROP INDEX orders_customer_id_idx;\n");
  const Ran ran = project.check();
  EXPECT_EQ(ran.exit_code, 1) << ran.err << ran.out;
  const auto report = json::parse(ran.out, nullptr, false);
  ASSERT_EQ(report["findings"].size(), 1U) << ran.out;
  const auto& finding = report["findings"][0];
  EXPECT_EQ(finding["rule"], "plan-regression");
  EXPECT_EQ(finding["severity"], "error");
  EXPECT_EQ(finding["verdict"], "confirmed");
  EXPECT_NE(
      finding["message"].get<std::string>().find("drops the index orders_customer_id_idx (customer_id)"),
      std::string::npos)
      << finding["message"];
  const json* change = change_with(report, "index_to_sequential_scan");
  ASSERT_TRUE(change) << ran.out;
  EXPECT_EQ((*change)["cause"]["kind"], "dropped_index");
  EXPECT_GT((*change)["cost_after"], 10 * (*change)["cost_before"].get<double>());
  EXPECT_EQ(report["plan_comparison"]["compared"], 7);
  EXPECT_EQ(ran.out.find("4711"), std::string::npos) << "a literal";
}

TEST(Against, AnIndexWithItsColumnsInAnotherOrder) {
  const Project project;
  project.migrate(
      "DROP INDEX orders_status_placed_at_idx;\nCREATE INDEX orders_status_placed_at_idx ON orders "
      "(placed_at, "
      "status);\n");
  const auto report = project.report();
  bool found = false;
  for (const auto& finding : report["findings"])
    found |= finding["message"].get<std::string>().find(
                 "turns the index orders_status_placed_at_idx of orders from (status, placed_at) into "
                 "(placed_at, status)") != std::string::npos;
  EXPECT_TRUE(found) << report.dump(1);
}

TEST(Against, ATypeThatLosesTheIndexCondition) {
  const Project project;
  project.migrate("ALTER TABLE orders ALTER COLUMN customer_id TYPE numeric;\n");
  const auto report = project.report();
  bool found = false;
  for (const auto& finding : report["findings"])
    found |= finding["message"].get<std::string>().find(
                 "turns orders.customer_id from bigint into numeric") != std::string::npos;
  EXPECT_TRUE(found) << report.dump(1);
}

TEST(Against, AStatementThatFailsAfterTheChange) {
  const Project project;
  project.migrate("ALTER TABLE orders DROP COLUMN note;\n");
  const auto report = project.report();
  ASSERT_EQ(report["findings"].size(), 1U) << report.dump(1);
  EXPECT_EQ(report["findings"][0]["rule"], "failing-statement");
  EXPECT_NE(report["findings"][0]["message"].get<std::string>().find("\"note\" does not exist"),
            std::string::npos)
      << report["findings"][0]["message"];
}

TEST(Against, HarmlessChangesAreSilent) {
  const Project project;
  for (const char* sql : {
           "ALTER TABLE orders ADD COLUMN shipped_at timestamptz;",
           "CREATE INDEX orders_placed_at_idx ON orders (placed_at);",
           "CREATE TABLE refunds (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);",
           "COMMENT ON TABLE orders IS 'what customers bought';",
           "ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO orders_key;",
           "ALTER INDEX orders_customer_id_idx RENAME TO orders_by_customer;",
           "ALTER TABLE orders ADD CONSTRAINT total_check CHECK (total >= 0) NOT VALID;",
           "ALTER TABLE customers ALTER COLUMN email TYPE varchar(200);",
           "DROP INDEX orders_total_idx;",
           "CREATE VIEW late_orders AS SELECT * FROM orders WHERE status = 'late';",
           "ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;",
       }) {
    project.migrate(std::string(sql) + "\n");
    const Ran ran = project.check();
    EXPECT_EQ(ran.exit_code, 0) << sql << ran.err;
    const auto report = json::parse(ran.out, nullptr, false);
    EXPECT_EQ(report["findings"], json::array()) << sql << ran.out;
    EXPECT_EQ(report["plan_comparison"]["compared"], 7) << sql << ran.out;
  }
}

TEST(Against, ASnapshotIsTheSchemaBefore) {
  const Project project;
  project.migrate("DROP INDEX orders_customer_id_idx;\n");
  const auto report = project.report("--against ../prod.json");
  EXPECT_TRUE(change_with(report, "index_to_sequential_scan")) << report.dump(1);
}

TEST(Against, WhatIsMissingIsAnError) {
  const Project project;
  const auto refused = [&](const std::string& arguments, const std::string& message) {
    const Ran ran = run("check " + arguments, project.folder.path("repository"));
    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_NE(ran.err.find(message), std::string::npos) << arguments << "\n" << ran.err;
  };
  refused("migrations --schema ../prod.json --against main", "compares the plans of statements");
  refused("migrations --workload queries.sql --against main", "compares plans with production's statistics");
  refused("migrations --schema ../prod.json --workload queries.sql --against nowhere",
          "unknown revision nowhere");
  refused("migrations --against -x", "--against");
  refused("migrations --load queries.sql", "--load: requires --sandbox, --migrate-with or --against");
}

}  // namespace
}  // namespace pgadvise
