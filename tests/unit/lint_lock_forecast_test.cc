// Locks of migrations: how long a transaction holds them, and whom they hold up.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lint/context.h"
#include "lint/lock_forecast.h"
#include "sql/facts.h"
#include "sql/replay.h"

namespace pgadvise::lint {
namespace {

using Transaction = Migration::Transaction;

const std::string schema =
    "CREATE TABLE users (id int PRIMARY KEY, name text); CREATE TABLE events (id int PRIMARY KEY, user_id "
    "int "
    "REFERENCES users, kind text); CREATE TABLE busy (id int);";

// Migrations of one folder: "1.sql", "2.sql" …
struct Folder {
  Catalog catalog;
  std::vector<Migration> migrations;
};

Folder folder(const std::vector<std::string>& scripts, Transaction how = Transaction::file,
              bool together = true) {
  Folder out;
  sql::Replayer replayer;
  replayer.run(schema, "0.sql");
  out.catalog = replayer.catalog();
  for (const std::string& script : scripts) {
    Migration& one = out.migrations.emplace_back();
    one.file = std::to_string(out.migrations.size()) + ".sql";
    one.entry = std::to_string(out.migrations.size());
    one.transaction = how;
    one.with_previous = together && out.migrations.size() > 1;
    replayer.run(script, one, one.with_previous);
  }
  return out;
}

std::vector<Finding> findings(const std::string& rule, const Folder& folder,
                              const Workload* workload = nullptr) {
  return run({.catalog = &folder.catalog, .workload = workload, .migrations = &folder.migrations}, {rule})
      .findings;
}

std::vector<std::size_t> sizes(const Folder& folder) {
  std::vector<std::size_t> out;
  for (const auto& transaction : transactions_of(folder.migrations)) out.push_back(transaction.steps.size());
  return out;
}

const std::string two = "ALTER TABLE users ADD COLUMN a int; ALTER TABLE busy ADD COLUMN a int;";
const std::string two_more = "ALTER TABLE users ADD COLUMN b int; ALTER TABLE busy ADD COLUMN b int;";

TEST(LockForecast, TransactionsAreThoseOfTheTool) {
  EXPECT_EQ(sizes(folder({two, two_more})), (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(sizes(folder({two, two_more}, Transaction::run)), (std::vector<std::size_t>{4}));
  EXPECT_EQ(sizes(folder({two, two_more}, Transaction::run, false)), (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(sizes(folder({two}, Transaction::none)), (std::vector<std::size_t>{1, 1}));
  EXPECT_EQ(sizes(folder({"BEGIN;" + two + "COMMIT;" + two_more}, Transaction::none)),
            (std::vector<std::size_t>{2, 1, 1}));
}

TEST(LockForecast, ALockLastsThroughTheWorkOnAnotherTable) {
  const auto found =
      findings("lock-held-during-work",
               folder({"ALTER TABLE users ADD COLUMN a int;\nCREATE INDEX events_kind ON events (kind);"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_EQ(found[0].message,
            "The transaction blocks reads and writes of users from line 1 until it ends, and before that a "
            "statement at line 2 builds an index on events.");
}

TEST(LockForecast, ALockLastsIntoTheNextFileOfARun) {
  const std::vector<std::string> files = {"ALTER TABLE users ADD COLUMN a int;",
                                          "UPDATE events SET kind = 'x' WHERE kind IS NULL;"};
  EXPECT_EQ(findings("lock-held-during-work", folder(files, Transaction::run)).size(), 1u);
  EXPECT_EQ(findings("lock-held-during-work", folder(files, Transaction::file)).size(), 0u);
}

TEST(LockForecast, NothingIsHeldUpWhereNoLockOrNoWorkRemains) {
  for (const char* script :
       {"CREATE INDEX events_kind ON events (kind); ALTER TABLE users ADD COLUMN a int;",
        "ALTER TABLE users ADD COLUMN a int; UPDATE events SET kind = 'x' WHERE id = 1;",
        "ALTER TABLE users ADD COLUMN a int; CREATE TABLE n (id int, user_id int REFERENCES users); CREATE "
        "INDEX ON n (user_id);",
        "CREATE TABLE n (id int); ALTER TABLE n ADD COLUMN a int; CREATE INDEX events_kind ON events (kind);",
        "ALTER TABLE users ADD COLUMN a int; INSERT INTO events VALUES (1);",
        // Reported by rules on single statements.
        "ALTER TABLE users ADD COLUMN a int; UPDATE users SET a = 1;",
        "ALTER TABLE users ADD COLUMN a int; ALTER TABLE users ALTER COLUMN name SET NOT NULL;"})
    EXPECT_EQ(findings("lock-held-during-work", folder({script})).size(), 0u) << script;
}

TEST(LockForecast, AForeignKeyOfANewTableBlocksWritesToTheOther) {
  const auto found =
      findings("lock-held-during-work", folder({"CREATE TABLE n (id int, user_id int REFERENCES users);\n"
                                                "CREATE INDEX events_kind ON events (kind);"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);
  EXPECT_NE(found[0].message.find("blocks writes of users"), std::string::npos);
}

Workload traffic(std::uint64_t calls, double longest_ms) {
  Workload out;
  Query& query = out.queries.emplace_back();
  query.fingerprint = "1";
  query.text = "SELECT name FROM users WHERE id = $1";
  query.calls = query.timed_calls = calls;
  query.first = 0;
  query.last = 100'000'000;
  query.max_ms = 1;
  ServerEvent& open = out.server_events.emplace_back();
  open.kind = ServerEvent::Kind::open_transaction;
  open.fingerprint = "1";
  open.statement = query.text;
  open.longest_us = longest_ms * 1000;
  return out;
}

TEST(LockForecast, ABusyTableWithLongTransactionsNeedsALockTimeout) {
  const Folder change = folder({"ALTER TABLE users ADD COLUMN a int; ALTER TABLE busy ADD COLUMN a int;"});
  struct Case {
    std::uint64_t calls;
    double longest_ms;
    std::size_t expected;
    Severity severity;
  };
  for (const Case& one : {Case{34000, 40000, 1, Severity::warning}, Case{34000, 5, 1, Severity::note},
                          Case{3, 40000, 1, Severity::note}, Case{3, 5, 0, Severity::note}}) {
    Workload workload = traffic(one.calls, one.longest_ms);
    sql::resolve(workload, change.catalog);
    const auto found = findings("missing-lock-timeout", change, &workload);
    ASSERT_EQ(found.size(), one.expected) << one.calls;
    if (found.empty()) continue;
    EXPECT_EQ(found[0].severity, one.severity) << one.calls;
    EXPECT_EQ(found[0].subject.table, "users");
  }
  Workload workload = traffic(34000, 40000);
  sql::resolve(workload, change.catalog);
  EXPECT_NE(findings("missing-lock-timeout", change, &workload)[0].message.find(
                "the log has transactions of up to 40 s and 340 queries per second"),
            std::string::npos);
}

TEST(LockForecast, ALockTimeoutOfTheScriptCounts) {
  struct Case {
    const char* script;
    std::size_t findings;
  };
  Workload workload = traffic(34000, 40000);
  sql::resolve(workload, folder({}).catalog);
  for (const Case& one :
       {Case{"SET lock_timeout = '2s'; ALTER TABLE users ADD COLUMN a int", 0},
        Case{"SET LOCAL lock_timeout TO 500; ALTER TABLE users ADD COLUMN a int", 0},
        Case{"SELECT set_config('lock_timeout', '1 min', true); ALTER TABLE users ADD b int", 0},
        Case{"SET lock_timeout = 0; ALTER TABLE users ADD COLUMN a int", 1},
        Case{"SET lock_timeout = '2s'; RESET lock_timeout; ALTER TABLE users ADD a int", 1},
        Case{"SET statement_timeout = '2s'; ALTER TABLE users ADD COLUMN a int", 1},
        Case{"SET LOCAL lock_timeout = '2s'; COMMIT; ALTER TABLE users ADD a int", 1}})
    EXPECT_EQ(findings("missing-lock-timeout", folder({one.script}), &workload).size(), one.findings)
        << one.script;
}

}  // namespace
}  // namespace pgadvise::lint
