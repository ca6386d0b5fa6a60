// Locks of migrations: how long a transaction holds them, and whom they hold up.
#include "lint/migrations/lock_forecast.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lint/migrations/migration_forecast.h"
#include "lint/run/context.h"
#include "sql/facts/facts.h"
#include "sql/replay/replay.h"

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

// autumn's folder for drizzle, whose own runner opens no transaction.
TEST(LockForecast, AFileWithConcurrentlyHasNoTransactionWhereOthersHaveSuchStatements) {
  const std::string script =
      "ALTER TABLE users ADD COLUMN a int; UPDATE users SET a = 1; CREATE INDEX CONCURRENTLY i ON users (a);";
  Folder change = folder({script}, Transaction::run);
  EXPECT_EQ(findings("unbatched-backfill", change).at(0).severity, Severity::warning);
  EXPECT_EQ(sizes(change), (std::vector<std::size_t>{3}));
  change.migrations[0].concurrently_elsewhere = true;
  EXPECT_EQ(sizes(change), (std::vector<std::size_t>{1, 1, 1}));
  EXPECT_EQ(findings("lock-held-during-work", change).size(), 0u);
  EXPECT_EQ(findings("unbatched-backfill", change).at(0).severity, Severity::note);
  const auto forecasts =
      forecast_locks(Context({.catalog = &change.catalog, .migrations = &change.migrations}));
  ASSERT_EQ(forecasts.size(), 1u);
  EXPECT_EQ(forecasts[0].how, "");
  Folder other = folder({two_more, script}, Transaction::run);
  for (Migration& one : other.migrations) one.concurrently_elsewhere = true;
  EXPECT_EQ(sizes(other), (std::vector<std::size_t>{2, 1, 1, 1})) << "a file without such a statement";
}

TEST(LockForecast, ManyNotesAboutLockTimeoutAreOne) {
  std::vector<std::string> scripts;
  const auto notes = [&] {
    Folder change = folder(scripts);
    change.catalog.settings["max_connections"] = "100";
    change.catalog.tables.at({"public", "users"}).statistics = TableStatistics{.rows = 2e6};
    return findings("missing-lock-timeout", change);
  };
  for (const char* column : {"a", "b", "c"})
    scripts.push_back("ALTER TABLE users ADD COLUMN " + std::string(column) + " int;");
  EXPECT_EQ(notes().size(), 3u);
  scripts.push_back("ALTER TABLE users ADD COLUMN d int; ALTER TABLE users ADD COLUMN e int;");
  const auto found = notes();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].message.find("The same holds for 3 more migrations."), std::string::npos)
      << found[0].message;
}

TEST(LockForecast, ALockLastsThroughTheWorkOnAnotherTable) {
  const auto found =
      findings("lock-held-during-work",
               folder({"ALTER TABLE users ADD COLUMN a int;\nCREATE INDEX events_kind ON events (kind);"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_EQ(
      found[0].message,
      "The transaction blocks reads and writes of users from line 1 until it ends, and meanwhile line 2 "
      "builds an index on events.");
  EXPECT_NE(found[0].fix->title.find("put it before"), std::string::npos) << found[0].fix->title;
}

// https://www.postgresql.org/docs/current/explicit-locking.html: a lock is on the relation, not on its name.
TEST(LockForecast, ALockLastsThroughARename) {
  for (const std::string rename :
       {"ALTER TABLE events RENAME TO e2;\n", "ALTER TABLE events SET SCHEMA e2;\n"}) {
    const std::string now = rename.find("RENAME") != std::string::npos ? "e2" : "e2.events";
    const Folder change = folder({"CREATE SCHEMA e2;\n" + rename + "ALTER TABLE " + now +
                                  " ADD COLUMN q int;\nUPDATE " + now + " SET q = 1;"});
    EXPECT_EQ(findings("lock-held-during-work", change).size(), 0u) << "unbatched-backfill reports it";
    const auto found = findings("unbatched-backfill", change);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].severity, Severity::warning);
    EXPECT_NE(found[0].message.find("the lock taken at line 2 blocks"), std::string::npos)
        << found[0].message;
    const auto forecasts =
        forecast_locks(Context({.catalog = &change.catalog, .migrations = &change.migrations}));
    ASSERT_EQ(forecasts.size(), 1u);
    ASSERT_EQ(forecasts[0].locks.size(), 1u);
    EXPECT_EQ(display(forecasts[0].locks[0].table), "events");
  }
  const auto alone =
      findings("unbatched-backfill", folder({"ALTER TABLE events RENAME TO e2; UPDATE e2 SET kind = 'x';"}));
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].severity, Severity::warning);
  const auto apart = findings("unbatched-backfill", folder({"ALTER TABLE events RENAME TO e2; UPDATE e2 SET "
                                                            "kind = 'x';"},
                                                           Transaction::none));
  ASSERT_EQ(apart.size(), 1u);
  EXPECT_EQ(apart[0].severity, Severity::note);
}

TEST(LockForecast, TablesThatSwapNamesStayTwo) {
  const Folder change =
      folder({"ALTER TABLE busy RENAME TO old;\nALTER TABLE events RENAME TO busy;\n"
              "ALTER TABLE old ADD COLUMN a int;\nUPDATE busy SET kind = 'x';"});
  const auto backfill = findings("unbatched-backfill", change);
  ASSERT_EQ(backfill.size(), 1u);
  EXPECT_NE(backfill[0].message.find("the lock taken at line 2 blocks"), std::string::npos)
      << backfill[0].message;
  const auto held = findings("lock-held-during-work", change);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_TRUE(
      held[0].message.starts_with("The transaction blocks reads and writes of busy from line 1 until"))
      << held[0].message;
  const auto forecasts =
      forecast_locks(Context({.catalog = &change.catalog, .migrations = &change.migrations}));
  ASSERT_EQ(forecasts.size(), 1u);
  ASSERT_EQ(forecasts[0].locks.size(), 2u);
  EXPECT_EQ(forecasts[0].locks[0].table.name, "busy");
  EXPECT_EQ(forecasts[0].locks[1].table.name, "events");
}

TEST(LockForecast, WhatUsesTheNewNameIsNotPutBeforeTheRename) {
  const auto found =
      findings("lock-held-during-work",
               folder({"ALTER TABLE events RENAME TO e2;\nCREATE INDEX e2_kind ON e2 (kind);"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].message.find("of events from line 1 until it ends, and meanwhile line 2 builds an index "
                                  "on e2."),
            std::string::npos)
      << found[0].message;
  EXPECT_EQ(found[0].fix->title.find("put it before"), std::string::npos) << found[0].fix->title;
}

// blocking-alter has the same severity.
TEST(LockForecast, ARewriteUnlessTheSessionIsInUtcIsANote) {
  const std::string lock = "ALTER TABLE users ADD COLUMN a int;\n";
  const std::string both = "ALTER TABLE stamps ALTER COLUMN t TYPE timestamptz;\n";
  const auto with_table = [](const std::string& script) {
    Folder out = folder({});
    sql::Replayer replayer;
    replayer.run(schema + "CREATE TABLE stamps (id int PRIMARY KEY, t timestamp, n int);", "0.sql");
    out.catalog = replayer.catalog();
    Migration& one = out.migrations.emplace_back();
    one.file = "1.sql";
    one.entry = "1";
    one.transaction = Transaction::file;
    replayer.run(script, one, false);
    return out;
  };
  Folder change = with_table(lock + both);
  auto found = findings("lock-held-during-work", change);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::note);
  EXPECT_NE(found[0].message.find("line 2 rewrites stamps, unless the session's TimeZone is UTC."),
            std::string::npos)
      << found[0].message;
  ASSERT_EQ(findings("blocking-alter", change).size(), 1u);
  EXPECT_EQ(findings("blocking-alter", change)[0].severity, found[0].severity);
  change.catalog.settings["TimeZone"] = "UTC";
  EXPECT_EQ(findings("lock-held-during-work", change).size(), 0u);
  EXPECT_EQ(findings("blocking-alter", change).size(), 0u);
  // Work that any session does comes first.
  found = findings("lock-held-during-work",
                   with_table(lock + both + "ALTER TABLE stamps ALTER COLUMN n TYPE bigint;\n"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_NE(found[0].message.find("line 3 rewrites stamps."), std::string::npos) << found[0].message;
}

TEST(LockForecast, EachLockHasItsOwnLine) {
  const auto found =
      findings("lock-held-during-work",
               folder({"ALTER TABLE users ADD COLUMN a int;\nALTER TABLE busy ADD COLUMN a int;\n"
                       "CREATE INDEX events_kind ON events (kind);"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(
      found[0].message,
      "The transaction blocks reads and writes of busy from line 2, users from line 1 until it ends, and "
      "meanwhile line 3 builds an index on events.");
}

TEST(LockForecast, WhatNeedsTheEarlierStatementIsNotPutBeforeIt) {
  const auto found = findings(
      "lock-held-during-work",
      folder({"ALTER TABLE events DROP CONSTRAINT events_user_id_fkey;\n"
              "ALTER TABLE events ADD CONSTRAINT events_user_id_fkey FOREIGN KEY (user_id) REFERENCES users "
              "ON DELETE CASCADE;"}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].fix->title.find("Move the statement"), std::string::npos);
  EXPECT_EQ(found[0].fix->title.find("put it before"), std::string::npos) << found[0].fix->title;
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
                "ALTER TABLE users waits for transactions of up to 40 s seen in the log; 340 queries/s queue "
                "behind it. No lock_timeout is set."),
            std::string::npos);
  const Folder drop = folder({"DROP TABLE events;"});  // which refers to users
  const auto other_side = findings("missing-lock-timeout", drop, &workload);
  ASSERT_EQ(other_side.size(), 1U);
  EXPECT_TRUE(other_side[0].message.starts_with("The lock of DROP TABLE on users waits for"))
      << other_side[0].message;
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

TEST(LockForecast, TheDeployStepAndItsTimeoutAreNamed) {
  const Folder change = folder({"ALTER TABLE users ADD COLUMN a int;"});
  Workload workload = traffic(34000, 40000);
  sql::resolve(workload, change.catalog);
  Project project;
  DeployCommand step;
  step.command = "npx drizzle-kit migrate";
  step.words = {"drizzle-kit", "migrate"};
  step.place = {"Dockerfile", 14, 1};
  project.deploy_commands.push_back(step);
  const auto found = [&] {
    return run({.catalog = &change.catalog,
                .workload = &workload,
                .project = &project,
                .migrations = &change.migrations},
               {"missing-lock-timeout"})
        .findings;
  };
  ASSERT_EQ(found().size(), 1u);
  EXPECT_NE(found()[0].message.find("No lock_timeout is set by the deploy step (Dockerfile:14)."),
            std::string::npos)
      << found()[0].message;
  project.timeouts.push_back(
      {true, 5000, "PGOPTIONS", "postgres.js does not read PGOPTIONS", {"Dockerfile", 3, 1}});
  const auto all = found();
  ASSERT_EQ(all.size(), 1u);
  bool unread = false;
  for (const Evidence& evidence : all[0].evidence)
    unread =
        unread || evidence.text == "PGOPTIONS sets lock_timeout, but postgres.js does not read PGOPTIONS";
  EXPECT_TRUE(unread);
  project.timeouts[0].unread.clear();
  EXPECT_EQ(found().size(), 0u);
  project.timeouts[0].lock = false;
  EXPECT_EQ(found().size(), 1u) << "statement_timeout alone lets the queue grow";
}

// A transaction of the new release, which knows the new name alone.
TEST(LockForecast, TheFirstLockOfARenamedTableDecidesTheOrder) {
  const std::string script =
      "ALTER TABLE events RENAME TO e2;\nALTER TABLE busy ADD COLUMN a int;\nALTER TABLE e2 ADD COLUMN q "
      "int;";
  Folder change = folder({script});
  sql::Replayer replayer;
  replayer.run(schema + script, "0.sql");
  change.catalog = replayer.catalog();
  const auto deadlocks = [&](const std::vector<std::string>& statements) {
    Workload workload;
    workload.has_events = true;
    TransactionOrder& order = workload.transaction_orders.emplace_back();
    order.transactions = 1;
    for (const std::string& text : statements) {
      Query& query = workload.queries.emplace_back();
      query.fingerprint = text;
      query.text = text;
      query.calls = 1;
      order.statements.push_back(text);
    }
    sql::resolve(workload, change.catalog);
    return findings("opposite-lock-order", change, &workload).size();
  };
  EXPECT_EQ(deadlocks({"UPDATE e2 SET q = $1", "UPDATE busy SET a = $1"}), 0u);
  EXPECT_EQ(deadlocks({"UPDATE busy SET a = $1", "UPDATE e2 SET q = $1"}), 1u);
}

std::vector<LockForecast> forecast(const Folder& folder, const Workload* workload = nullptr) {
  return forecast_locks(
      Context({.catalog = &folder.catalog, .workload = workload, .migrations = &folder.migrations}));
}

TEST(MigrationForecast, ALockLastsUntilTheTransactionOfTheToolEnds) {
  const std::vector<std::string> files = {
      "ALTER TABLE users ADD COLUMN a int; CREATE INDEX events_kind ON events (kind);",
      "ALTER TABLE busy ADD COLUMN a int;"};
  const auto together = forecast(folder(files, Transaction::run));
  ASSERT_EQ(together.size(), 1u);
  EXPECT_EQ(together[0].statements.size(), 3u);
  ASSERT_EQ(together[0].locks.size(), 3u);
  EXPECT_EQ(together[0].locks[0].table.name, "users");
  EXPECT_EQ(together[0].locks[0].until, 2u);
  EXPECT_TRUE(together[0].locks[0].harmful) << "held while an index is built";
  EXPECT_EQ(together[0].locks[1].mode, LockMode::share);
  EXPECT_FALSE(together[0].locks[2].harmful) << "taken after the work";
  const auto apart = forecast(folder(files, Transaction::file));
  ASSERT_EQ(apart.size(), 2u);
  EXPECT_EQ(apart[0].locks[0].until, 1u);
  EXPECT_FALSE(apart[1].harmful());
  const auto none = forecast(folder({files[0]}, Transaction::none));
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].locks[0].until, 0u);
  EXPECT_FALSE(none[0].locks[0].harmful);
}

TEST(MigrationForecast, ShortAndNewIsNotHarmful) {
  for (const char* script :
       {"ALTER TABLE users ADD COLUMN a int; ALTER TABLE busy ADD COLUMN a int;",
        "CREATE TABLE n (id int); CREATE INDEX ON n (id); ALTER TABLE n ADD b int;",
        "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0) NOT VALID;",
        "CREATE INDEX CONCURRENTLY i ON events (kind);", "UPDATE events SET kind = 'x';"})
    for (const LockForecast& one : forecast(folder({script}))) EXPECT_FALSE(one.harmful()) << script;
}

TEST(MigrationForecast, EndsAtAStatementThatFailsInItsTransaction) {
  const std::string script =
      "ALTER TABLE users ADD COLUMN a int; CREATE INDEX CONCURRENTLY i ON busy (id); CREATE INDEX ON events "
      "(kind);";
  const auto inside = forecast(folder({script}));
  ASSERT_EQ(inside.size(), 1u);
  ASSERT_EQ(inside[0].statements.size(), 2u);
  EXPECT_TRUE(inside[0].statements[1].fails);
  EXPECT_EQ(inside[0].locks.size(), 1u);
  const auto outside = forecast(folder({script}, Transaction::none));
  ASSERT_EQ(outside.size(), 1u);
  EXPECT_EQ(outside[0].statements.size(), 3u);
}

TEST(MigrationForecast, TimeIsKnownOnlyWithSizes) {
  Folder change = folder({"CREATE INDEX events_kind ON events (kind);"});
  const auto unknown = forecast(change);
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_FALSE(unknown[0].statements[0].seconds);
  EXPECT_FALSE(unknown[0].locks[0].held);
  change.catalog.settings["max_connections"] = "100";
  Table& events = change.catalog.tables.at({"public", "events"});
  events.statistics = TableStatistics{.rows = 20'000'000, .bytes = 2'000'000'000};
  const auto known = forecast(change);
  ASSERT_TRUE(known[0].statements[0].seconds);
  EXPECT_EQ(known[0].statements[0].seconds, time_of(TableLock::Work::build, 20'000'000, 2'000'000'000, 0));
  EXPECT_GT(known[0].locks[0].held->from, 1);
  EXPECT_LT(known[0].locks[0].held->to, 3600);
  events.statistics->rows = 100;
  EXPECT_FALSE(forecast(change)[0].harmful());
}

TEST(MigrationForecast, OnlyQueriesThatConflictQueue) {
  Workload workload = traffic(34000, 40000);
  const Folder ddl = folder({"ALTER TABLE users ADD COLUMN a int;"});
  sql::resolve(workload, ddl.catalog);
  const auto all = forecast(ddl, &workload);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_NEAR(all[0].locks[0].queued_per_second.value_or(0), 340, 0.1);
  EXPECT_EQ(all[0].locks[0].longest_ms, 40000);
  EXPECT_TRUE(all[0].harmful());
  const auto writes = forecast(folder({"CREATE INDEX i ON users (name);"}), &workload);
  EXPECT_EQ(writes[0].locks[0].queued_per_second, 0) << "SHARE does not block SELECT";
  EXPECT_EQ(writes[0].locks[0].longest_ms, 0);
  const auto limited =
      forecast(folder({"SET lock_timeout = '1s'; ALTER TABLE users ADD COLUMN a int;"}), &workload);
  EXPECT_FALSE(limited[0].harmful());
  const auto concurrent =
      forecast(folder({"CREATE INDEX CONCURRENTLY i ON busy (id);"}, Transaction::none), &workload);
  EXPECT_EQ(concurrent[0].locks[0].longest_ms, 40000) << "waits for transactions on other tables, too";
  EXPECT_FALSE(concurrent[0].harmful());
}

}  // namespace
}  // namespace pgadvise::lint
