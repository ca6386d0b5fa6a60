// Rules about what a server's log tells besides statements: where their thresholds lie.
#include <fmt/format.h>

#include "lint/run/context.h"
#include "lint/run/rule.h"
#include "log/workload/workload_file.h"
#include "sql/facts/facts.h"
#include "sql/replay/replay.h"
#include "support/schema.h"
#include "unit/log/log_support.h"

namespace pgadvise::log::testing {
namespace {

std::vector<Finding> run_rules(Workload workload, const std::string& rule) {
  sql::resolve(workload, Catalog{});
  auto outcome = lint::run({nullptr, &workload, nullptr}, {rule});
  EXPECT_EQ(outcome.ran.size(), 1u) << rule;
  return std::move(outcome.findings);
}

std::vector<Finding> run_rules(const std::string& log, const std::string& rule) {
  return run_rules(read_text(log).workload, rule);
}

// Sessions of one user, each `every` seconds, of so many milliseconds.
std::string sessions(int count, double every, int length_ms, const std::string& who = "app@shop") {
  const auto user = who.substr(0, who.find('@')), database = who.substr(who.find('@') + 1);
  std::string out;
  for (int i = 0; i < count; ++i) {
    const double begin = i * every;
    out +=
        at(begin, 1000 + i, fmt::format("LOG:  connection authorized: user={} database={}", user, database));
    out += at(begin + length_ms / 1000.0, 1000 + i,
              fmt::format("LOG:  disconnection: session time: 0:00:{:06.3f} user={} database={} host=[local]",
                          length_ms / 1000.0, user, database));
  }
  return out;
}

TEST(ConnectionChurn, Thresholds) {
  const auto count = [](const std::string& log) { return run_rules(log, "connection-churn").size(); };
  EXPECT_EQ(count(sessions(100, 0.8, 40)), 1u);
  EXPECT_EQ(count(sessions(99, 0.8, 40)), 0u) << "fewer than `least`";
  EXPECT_EQ(count(sessions(120, 1.9, 40)), 1u) << "31.8 a minute";
  EXPECT_EQ(count(sessions(120, 2.1, 40)), 0u) << "28.8 a minute";
  EXPECT_EQ(count(sessions(120, 0.8, 1900)), 1u);
  EXPECT_EQ(count(sessions(120, 0.8, 2300)), 0u) << "they are not short";
  EXPECT_EQ(count(sessions(120, 0.8, 40, "datadog@shop")), 0u);
  EXPECT_EQ(count(sessions(120, 0.8, 40, "pg_backup@shop")), 0u);
  EXPECT_EQ(count(sessions(120, 0.8, 40, "postgres@postgres")), 0u) << "75 a minute, not ten times 30";
  EXPECT_EQ(count(sessions(400, 0.15, 40, "postgres@postgres")), 1u) << "400 in a minute";
}

TEST(ConnectionChurn, WithoutEndsItIsANote) {
  std::string log;
  for (int i = 0; i < 150; ++i)
    log += at(i * 0.5, 1000 + i, "LOG:  connection authorized: user=app database=shop");
  const auto findings = run_rules(log, "connection-churn");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, Severity::note);
}

std::string wait(double second, int process, double ms, int id, bool acquired = true) {
  return at(second, process,
            fmt::format("LOG:  process {} {} ShareLock on transaction 7 after {:.3f} ms", process,
                        acquired ? "acquired" : "still waiting for", ms)) +
         at(second, process, fmt::format("STATEMENT:  update accounts set balance = 1 where id = {}", id));
}

TEST(LockWait, ADeadlockOfTwoTablesNamesAnOrder) {
  const std::string orders = "update orders set total = 1 where id = 2";
  const std::string accounts = "update accounts set balance = 1 where id = 3";
  const std::string log =
      at(1, 1, "LOG:  duration: 1.000 ms  statement: " + orders) +
      at(2, 2, "LOG:  duration: 1.000 ms  statement: " + accounts) + at(5, 1, "ERROR:  deadlock detected") +
      at(5, 1,
         "DETAIL:  Process 1 waits for ShareLock on transaction 8; blocked by process 2.\n"
         "\tProcess 2 waits for ShareLock on transaction 7; blocked by process 1.\n"
         "\tProcess 1: " +
             orders + "\n\tProcess 2: " + accounts) +
      at(5, 1, "STATEMENT:  " + orders);
  sql::Replayer replayer;
  replayer.run(
      "CREATE TABLE orders (id int PRIMARY KEY, total int); CREATE TABLE accounts (id int PRIMARY KEY, "
      "balance int);",
      "schema.sql");
  const Catalog catalog = replayer.take();
  Workload workload = read_text(log).workload;
  sql::resolve(workload, catalog);
  const auto outcome = lint::run({&catalog, &workload, nullptr}, {"lock-wait"});
  ASSERT_EQ(outcome.findings.size(), 1u);
  const Finding& finding = outcome.findings[0];
  ASSERT_TRUE(finding.fix);
  EXPECT_NE(finding.fix->title.find("accounts before orders"), std::string::npos) << finding.fix->title;
}

TEST(LockWait, Thresholds) {
  const auto count = [](const std::string& log) { return run_rules(log, "lock-wait").size(); };
  EXPECT_EQ(count(wait(1, 7, 999, 1)), 0u);
  EXPECT_EQ(count(wait(1, 7, 1000, 1)), 1u);
  EXPECT_EQ(count(wait(1, 7, 600, 1) + wait(2, 8, 400, 2)), 1u) << "they add up by statement";
  EXPECT_EQ(count(wait(1, 7, 200, 1, false)), 1u) << "no end of it in the log";
  EXPECT_EQ(count(wait(1, 7, 200, 1, false) + wait(2, 7, 300, 1)), 0u) << "it ended soon";
}

TEST(LockWait, UnfinishedOnesAreNotCountedTwice) {
  const auto findings =
      run_rules(wait(1, 7, 1000, 1, false) + wait(2, 7, 1500, 1) + wait(3, 8, 1000, 2, false), "lock-wait");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].message.find("waited for a lock 2 times, 1.5 s at most"), std::string::npos)
      << findings[0].message;
}

constexpr const char* prefix = "%m [%p] %q%u@%d/%a ";

// An error with an application before it.
std::string missing(double second, const std::string& application, const std::string& table,
                    const std::string& statement) {
  return at(second, 7,
            "app@shop/" + application + " ERROR:  relation \"" + table +
                "\" does not exist at character 15") +
         at(second, 7, "app@shop/" + application + " STATEMENT:  " + statement);
}

std::vector<Finding> unknown(const std::string& log) {
  return run_rules(read_text(log, prefix).workload, "unknown-relation");
}

TEST(UnknownRelation, WhatPeopleTypedIsNotCounted) {
  for (const auto* tool :
       {"psql", "pgAdmin 4 - CONN:123", "DBeaver 23.1 - Main", "DataGrip 2024.1", "TablePlus", "pgcli"})
    EXPECT_TRUE(unknown(missing(1, tool, "oders", "select * from oders")).empty()) << tool;
  const auto findings = unknown(missing(1, "psql", "oders", "select * from oders") +
                                missing(2, "web", "oders", "select * from oders") +
                                missing(3, "web", "oders", "select * from oders"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].message.find("was used 2 times"), std::string::npos) << findings[0].message;
  EXPECT_TRUE(
      std::any_of(findings[0].evidence.begin(), findings[0].evidence.end(), [](const Evidence& evidence) {
        return evidence.text == "not counted: once in psql or other interactive tools";
      }));
}

TEST(UnknownRelation, TheApplicationIsInTheWorkloadFile) {
  Diagnostics diagnostics;
  const auto path = write_log(missing(1, "psql", "oders", "select * from oders") +
                              missing(2, "web", "oders", "select * from oders"));
  const auto workloads = read_each({path}, {prefix}, diagnostics);
  const auto text = to_workload_file(workloads, false);
  auto back = parse_workload_file("w.json", text);
  ASSERT_TRUE(back) << back.error().what;
  ASSERT_EQ(back->front().server_events.size(), 1u);
  const std::map<std::string, std::uint64_t> expected{{"psql", 1}, {"web", 1}};
  EXPECT_EQ(back->front().server_events[0].applications, expected);
  EXPECT_EQ(testing_support::violations("workload.schema.json", nlohmann::json::parse(text)), "");
  // One that was written before there were applications.
  auto old = nlohmann::json::parse(text);
  for (auto& log : old["logs"])
    for (auto& event : log["server_events"]) event.erase("applications");
  const auto read = parse_workload_file("old.json", old.dump());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(run_rules(read->front(), "unknown-relation").size(), 1u);
}

TEST(UnknownRelation, ToolsProbesByAnyWriting) {
  for (const auto* statement :
       {"select * from \"knex_migrations_lock\"", "select * from \"public\".\"knex_migrations_lock\"",
        "select * from knex_migrations_lock where is_locked = 0"})
    for (const auto* name : {"knex_migrations_lock", "public.knex_migrations_lock"})
      EXPECT_TRUE(unknown(missing(1, "web", name, statement)).empty()) << statement << " " << name;
}

// BEGIN, an UPDATE, a pause of so many seconds, COMMIT.
std::string transaction(double seconds, const std::string& application = "web", const char* last = "COMMIT") {
  const auto line = [&](double second, double ms, const std::string& statement) {
    return at(
        second, 7,
        fmt::format("app@shop/{} LOG:  duration: {:.3f} ms  statement: {}", application, ms, statement));
  };
  return line(1, 0.1, "BEGIN") + line(1.01, 0.5, "UPDATE t SET a = 1 WHERE id = 4") +
         line(1.01 + seconds, 0.1, last);
}

std::vector<Finding> transactions(const std::string& log) {
  return run_rules(read_text(log, prefix).workload, "long-transaction");
}

TEST(LongTransaction, IdleFromBeginToCommit) {
  const auto findings = transactions(transaction(40));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_TRUE(
      findings[0].message.starts_with("A transaction was open for 40 s, and idle for most of it; the longest "
                                      "pause came after: UPDATE t SET a = $1 WHERE id = $2"))
      << findings[0].message;
  EXPECT_EQ(findings[0].location->line, 2);
  EXPECT_EQ(transactions(transaction(40, "web", "ROLLBACK")).size(), 1u);
}

TEST(LongTransaction, Thresholds) {
  EXPECT_EQ(transactions(transaction(29)).size(), 0u);
  EXPECT_EQ(transactions(transaction(30)).size(), 1u);
  EXPECT_EQ(transactions(transaction(40, "psql")).size(), 0u) << "a person";
  EXPECT_EQ(transactions(transaction(40, "pg_dump")).size(), 0u);
  // Busy for most of it: one slow statement is another matter.
  EXPECT_EQ(transactions(at(1, 7, "app@shop/web LOG:  duration: 0.1 ms  statement: BEGIN") +
                         at(41, 7, "app@shop/web LOG:  duration: 39000 ms  statement: UPDATE t SET a = 1") +
                         at(41.1, 7, "app@shop/web LOG:  duration: 0.1 ms  statement: COMMIT"))
                .size(),
            0u);
  // Two short ones with a pause between them.
  EXPECT_EQ(
      transactions(transaction(0.1) + at(60, 7, "app@shop/web LOG:  duration: 0.1 ms  statement: BEGIN") +
                   at(60.1, 7, "app@shop/web LOG:  duration: 0.1 ms  statement: COMMIT"))
          .size(),
      0u);
}

TEST(RedundantQuery, HasTheStatementThatIsAskedOnce) {
  std::string log = at(1, 7, "LOG:  duration: 0.1 ms  statement: BEGIN");
  for (int i = 0; i < 9; ++i)
    log +=
        at(1.01 + i * 0.01, 7, "LOG:  duration: 0.1 ms  statement: SELECT name FROM customers WHERE id = 5");
  Workload workload = read_text(log + at(2, 7, "LOG:  duration: 0.1 ms  statement: COMMIT")).workload;
  Catalog catalog;
  Table customers{.name = {"public", "customers"}};
  customers.columns = {{.name = "id", .type = "integer"}, {.name = "name", .type = "text"}};
  catalog.tables.emplace(customers.name, customers);
  sql::resolve(workload, catalog);
  Project project{.drizzle = true};
  project.drizzle_names = {
      {"public.customers", "customers"}, {"public.customers.id", "id"}, {"public.customers.name", "name"}};
  const auto outcome = lint::run({&catalog, &workload, &project}, {"redundant-query"});
  ASSERT_EQ(outcome.findings.size(), 1u);
  ASSERT_TRUE(outcome.findings[0].fix);
  EXPECT_EQ(
      outcome.findings[0].fix->title,
      "Run the query once at the beginning of the transaction and pass the result on, or cache it for that "
      "time: 8 of the 9 calls are not needed");
  EXPECT_EQ(outcome.findings[0].fix->sql, "SELECT name FROM customers WHERE id = $1");
  EXPECT_TRUE(outcome.findings[0].fix->drizzle.starts_with(
      "const kept = await tx.select({ name: customers.name }).from(customers).where(eq(customers.id, id));"))
      << outcome.findings[0].fix->drizzle;
}

}  // namespace
}  // namespace pgadvise::log::testing
