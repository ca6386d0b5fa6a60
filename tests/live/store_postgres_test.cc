// The store in a PostgreSQL database: the cases of every engine, and what only a server can do.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text/text.h"
#include "live/own_server.h"
#include "live/support.h"
#include "pg/catalog/catalog_reader.h"
#include "store/open.h"
#include "store/postgres/postgres_schema.h"
#include "store/postgres/postgres_session.h"
#include "store/store/spool.h"
#include "store/store/views.h"
#include "support/child.h"
#include "support/killing_relay.h"
#include "support/small_disk.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

std::string dump_of(pg::Connection& connection) {
  std::string out;
  for (const std::string table : store_tables) {
    const auto rows =
        connection.query("SELECT * FROM pgadvise." + table + " t ORDER BY t::text COLLATE \"C\"");
    EXPECT_TRUE(rows.has_value()) << (rows ? "" : rows.error().line());
    if (!rows) continue;
    for (const auto& row : *rows) {
      out += table;
      for (const auto& value : row) out += "|" + value.value_or("");
      out += "\n";
    }
  }
  return out;
}

struct PostgresEngine {
  live::Database& database(const std::string& name) {
    auto& out = databases[name];
    if (!out) out = std::make_unique<live::Database>();
    return *out;
  }

  Result<std::unique_ptr<Store>> try_open(const std::string& name, bool create = true) {
    return store::open({.path = {}, .retention_days = {}, .conninfo = database(name).conninfo()}, create);
  }

  std::unique_ptr<Store> open(const std::string& name, std::optional<int> retention = {}) {
    auto out =
        store::open({.path = {}, .retention_days = retention, .conninfo = database(name).conninfo()}, true);
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().line());
    return out ? std::move(*out) : nullptr;
  }

  std::string dump(const std::string& name) { return dump_of(database(name).admin()); }

  std::string value(const std::string& sql) {
    database("store").run("SET search_path = pgadvise");
    return database("store").value(sql);
  }

  std::map<std::string, std::unique_ptr<live::Database>> databases;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StoreCases, PostgresEngine);

class PostgresStoreTest : public testing::Test {
 protected:
  live::Database& database() { return engine_.database("store"); }

  // Ends when the server has ended the sessions of killed processes.
  void wait_for_sessions() {
    for (int i = 0; i < 1000; ++i) {
      if (database().value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                           "backend_type = 'client backend' AND pid <> pg_backend_pid()") == "0")
        return;
      ::usleep(10'000);
    }
    ADD_FAILURE() << "the server keeps the session of a killed process";
  }

  PostgresEngine engine_;
};

class KilledPostgresUpload : public PostgresStoreTest {
 protected:
  // Kills the client when the server has `messages` messages (-1: never). Returns the number of messages that
  // the server got.
  int upload_until(int messages, bool halfway) {
    const std::string conninfo = replace_all(database().conninfo(), live::server_folder(), relay_.folder());
    const pid_t child = testing_support::start_child([&] {
      auto to = open({.path = {}, .retention_days = {}, .conninfo = conninfo}, true);
      return to && (*to)->put(everything(), monday + 30 * day) ? 0 : 1;
    });
    const int sent = relay_.serve(child, messages, halfway);
    const int status = testing_support::wait_for(child);
    if (messages < 0) {
      EXPECT_EQ(status, 0) << "the upload fails";
      whole_ = sent;
    } else {
      // The client waits for no answer to its last message, Terminate: it may end before it is killed.
      const bool ended = status == 0 && messages == whole_ - 1;
      EXPECT_TRUE(testing_support::was_killed(status) || ended) << status;
    }
    wait_for_sessions();
    return sent;
  }

  // What is stored after the kill and a restart.
  std::string after() {
    engine_.open("store");
    return engine_.dump("store");
  }

  // Every message, or evenly chosen ones if the upload has more than `most`. `begin` makes the store as it is
  // before the upload.
  void kill_at_each(int most, const std::function<void()>& begin) {
    begin();
    const std::string nothing = after();
    begin();
    const int messages = upload_until(-1, false);
    const std::string all = after();
    ASSERT_NE(all, nothing);
    for (const std::string table : store_tables)
      ASSERT_NE(("\n" + all).find("\n" + table + "|"), std::string::npos) << "everything() lacks " << table;
    const int step = std::max(1, (messages + most - 1) / most);
    int with_nothing = 0, with_all = 0;
    // In turn before a message and in its middle.
    for (int point = 0, round = 0; point < messages && !HasFailure(); point += step, ++round) {
      begin();
      EXPECT_EQ(upload_until(point, round % 2 == 1), point);
      const std::string found = after();
      EXPECT_TRUE(found == nothing || found == all) << "message " << point << ": " << found;
      (found == nothing ? with_nothing : with_all) += 1;
      put_all(*engine_.open("store"), {everything()});
      EXPECT_EQ(engine_.dump("store"), all) << "message " << point << " of " << messages;
    }
    EXPECT_GE(with_nothing, 20);
    EXPECT_GE(with_all, 1) << "messages behind the commit";
  }

  testing_support::KillingRelay relay_{live::server_folder()};
  int whole_ = 0;  // messages of an upload that is not killed
};

TEST_F(KilledPostgresUpload, LeavesAllOrNothing) {
  engine_.open("store");
  kill_at_each(100, [&] {
    // Without the partitions that an upload adds.
    database().run(
        "DO $$ DECLARE one text; BEGIN "
        "FOR one IN SELECT c.oid::regclass FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'pgadvise'::regnamespace LOOP "
        "EXECUTE 'DROP TABLE ' || one; END LOOP; "
        "FOR one IN SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND relname <> 'setting' "
        "AND relnamespace = 'pgadvise'::regnamespace LOOP EXECUTE 'TRUNCATE ' || one; END LOOP; END $$");
    put_all(*engine_.open("store"), {run_of(monday, {finding("01")}), log_of("a", monday, 5)});
  });
}

TEST_F(KilledPostgresUpload, ThatCreatesTheStoreLeavesAllOrNothing) {
  kill_at_each(40, [&] { database().run("DROP SCHEMA IF EXISTS pgadvise CASCADE"); });
}

// A database whose tables are on a disk that a test fills; the server's log of transactions is elsewhere. A
// sandbox's server may not write to that disk.
class FullPostgresDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.missing().empty()) GTEST_SKIP() << disk_.missing();
    struct stat server{};
    ASSERT_TRUE(server_.started());
    ASSERT_EQ(::stat(server_.folder().c_str(), &server), 0);
    const std::string folder = disk_.path("tables");
    std::filesystem::create_directory(folder);
    ASSERT_EQ(::chown(folder.c_str(), server.st_uid, server.st_gid), 0);
    auto admin = server_.connect();
    for (const auto& sql :
         {"CREATE TABLESPACE full_disk LOCATION '" + folder + "'",
          std::string("CREATE DATABASE \"full\" TEMPLATE template0 TABLESPACE full_disk")}) {
      const auto done = admin.query(sql);
      ASSERT_TRUE(done.has_value()) << done.error().line();
    }
  }

  testing_support::SmallDisk disk_{32};
  live::OwnServer server_;
};

TEST_F(FullPostgresDisk, LeavesTheStoreAsItWasAndTheRunWaitsInTheSpool) {
  PostgresEngine engine;
  const Facts facts = large_run();
  put_all(*engine.open("whole"), {run_of(monday, {finding("01")}), facts});
  const Address address{.path = {}, .retention_days = {}, .conninfo = server_.conninfo("full")};
  const auto opened = open(address, true);
  ASSERT_TRUE(opened.has_value()) << opened.error().line();
  put_all(**opened, {run_of(monday, {finding("01")})});
  auto reader = pg::Connection::open(address.conninfo);
  ASSERT_TRUE(reader.has_value()) << reader.error().line();
  const std::string before = dump_of(*reader);
  disk_.fill();
  const auto refused = (*opened)->put(facts, monday + day);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_NE(refused.error().what.find("disk of the server is full"), std::string::npos)
      << refused.error().line();
  EXPECT_EQ(dump_of(*reader), before);
  const testing_support::Folder folder;
  Spool spool(folder.path("spool"), address);
  ASSERT_TRUE(spool.keep(facts, monday + day).has_value());
  EXPECT_NE(spool.send(**opened, monday + day).failure, "");
  EXPECT_EQ(spool.state().runs, 1u);
  EXPECT_EQ((*opened)->findings("").value_or(std::vector<FindingLife>{}).size(), 1u) << "still readable";
  disk_.make_room();
  const auto sent = spool.send(**opened, monday + day);
  EXPECT_EQ(sent.failure, "");
  EXPECT_EQ(sent.sent, 1u);
  EXPECT_EQ(dump_of(*reader), engine.dump("whole"));
}

TEST_F(PostgresStoreTest, TheServerCompilesNoneOfItsQueries) {
  auto connection = database().connect();
  ASSERT_TRUE(connection.query("SET jit = on").has_value());
  auto transaction = PostgresTransaction::begin(connection, PostgresTransaction::Access::read);
  ASSERT_TRUE(transaction.has_value()) << transaction.error().line();
  const auto rows = transaction->query("SHOW jit");
  ASSERT_TRUE(rows.has_value()) << rows.error().line();
  EXPECT_EQ(rows->front()[0], "off");
}

TEST_F(PostgresStoreTest, AFastClockOfAHostChangesNothing) { expect_a_fast_clock_changes_nothing(engine_); }

TEST_F(PostgresStoreTest, LeavesADatabaseOfOthersAlone) {
  database().run("CREATE TABLE orders (id int)");
  const auto refused = engine_.try_open("store");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_NE(refused.error().line().find("CREATE SCHEMA pgadvise"), std::string::npos)
      << refused.error().line();
  EXPECT_EQ(database().value("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgadvise'"), "0");
  database().run("CREATE SCHEMA pgadvise");  // this asks for it
  EXPECT_TRUE(engine_.try_open("store").has_value());
  EXPECT_EQ(database().value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "1");
}

TEST_F(PostgresStoreTest, ATargetsNameAndASchemaOfOthers) {
  EXPECT_FALSE(engine_.try_open("store", false).has_value()) << "history creates no store";
  database().run("CREATE SCHEMA pgadvise CREATE TABLE theirs (a int)");
  const auto refused = engine_.try_open("store");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().line().find("another program"), std::string::npos) << refused.error().line();
}

TEST_F(PostgresStoreTest, ATableOfOthersThatIsCalledSettingIsNoStore) {
  const auto refused_with = [&](const std::string& name, const std::string& table) {
    engine_.database(name).run("CREATE SCHEMA pgadvise CREATE TABLE " + table);
    for (const bool create : {true, false}) {
      const auto refused = engine_.try_open(name, create);
      ASSERT_FALSE(refused.has_value()) << table;
      EXPECT_EQ(refused.error().kind, Error::Kind::usage) << table;
      EXPECT_NE(refused.error().line().find("belongs to another program"), std::string::npos)
          << refused.error().line();
    }
    EXPECT_EQ(
        engine_.database(name).value(
            "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = 'pgadvise'::regnamespace "
            "AND relkind = 'r'"),
        "setting")
        << table;
  };
  refused_with("other_columns", "setting (key text, content text)");
  refused_with("same_columns", "setting (name text, value bigint)");
}

TEST_F(PostgresStoreTest, BringsAnEarlierVersionUpToDateAndRefusesALaterOne) {
  put_all(*engine_.open("store"), uploads());
  const std::string before = engine_.dump("store");
  database().run(
      "UPDATE pgadvise.setting SET value = 0 WHERE name = 'views_version'; "
      "DROP VIEW pgadvise.relation_growth");
  const auto growth = engine_.open("store")->growth("");
  ASSERT_TRUE(growth.has_value()) << growth.error().line();
  EXPECT_EQ(growth->size(), 3u);
  EXPECT_EQ(engine_.dump("store"), before);
  // Version 1 has neither plans, owners, scans of indexes nor samples.
  database().run(
      "DROP TABLE pgadvise.plan, pgadvise.plan_relation, pgadvise.query_plan, pgadvise.server_sample, "
      "pgadvise.index_scan, pgadvise.session_sample, pgadvise.lock_wait_sample CASCADE; "
      "ALTER TABLE pgadvise.finding_event DROP owner CASCADE, DROP reason CASCADE, DROP until CASCADE; "
      "UPDATE pgadvise.setting SET value = 1 WHERE name = 'tables_version'");
  put_all(*engine_.open("store"), uploads());
  EXPECT_EQ(engine_.dump("store"), before) << "the same uploads, after the migration";
  database().run("UPDATE pgadvise.setting SET value = 99 WHERE name = 'tables_version'");
  // The views_version is this one's: only the tables are of a later version.
  const auto refused = engine_.try_open("store");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().line().find("later version"), std::string::npos) << refused.error().line();
}

TEST_F(PostgresStoreTest, NewViewsKeepTheirReadersAndWhatReadsThem) {
  put_all(*engine_.open("store"), uploads());
  const std::string role = database().create_role("reader");
  const auto later_version = [&](const std::string& change) {
    database().run(change + "; UPDATE pgadvise.setting SET value = 0 WHERE name = 'views_version'");
    return engine_.try_open("store");
  };
  const auto readable = [&](const std::string& view) {
    auto reader = database().connect(role);
    return reader.query("SELECT * FROM pgadvise." + view).has_value();
  };
  // As all views were at first, and with a view of others.
  auto opened = later_version(fmt::format(
      "GRANT USAGE ON SCHEMA pgadvise TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA pgadvise TO {0}; "
      "CREATE VIEW public.theirs AS SELECT target, name FROM pgadvise.relation_growth",
      role));
  ASSERT_TRUE(opened.has_value()) << opened.error().line();
  EXPECT_TRUE(readable("relation_growth"));
  EXPECT_EQ(database().value("SELECT count(*) FROM public.theirs"), "3");
  // A view that is new in this version: whoever may read the runs may read the view.
  opened = later_version("DROP VIEW pgadvise.plan_change");
  ASSERT_TRUE(opened.has_value()) << opened.error().line();
  EXPECT_TRUE(readable("plan_change"));
  // Views that had other columns.
  const std::string other =
      "DROP VIEW IF EXISTS public.theirs; DROP VIEW pgadvise.relation_growth; "
      "CREATE VIEW pgadvise.relation_growth AS SELECT 1 AS a, 'x'::text AS target; ";
  opened = later_version(other + fmt::format("GRANT SELECT (target) ON pgadvise.relation_growth TO {0}; "
                                             "GRANT SELECT (a) ON pgadvise.relation_growth TO {0}; "
                                             "REVOKE SELECT ON pgadvise.query_bucket FROM {0}",
                                             role));
  ASSERT_TRUE(opened.has_value()) << opened.error().line();
  EXPECT_EQ((*opened)->growth("").value_or(std::vector<RelationGrowth>{}).size(), 3u);
  EXPECT_TRUE(readable("finding_life"));
  EXPECT_FALSE(readable("query_bucket")) << "what was revoked";
  EXPECT_FALSE(readable("relation_growth"));
  EXPECT_TRUE(database().connect(role).query("SELECT target FROM pgadvise.relation_growth").has_value());
  // The same, while others read that view.
  opened = later_version(other + "CREATE VIEW public.theirs AS SELECT a FROM pgadvise.relation_growth");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, Error::Kind::usage);
  EXPECT_NE(opened.error().line().find("the view public.theirs reads pgadvise.relation_growth"),
            std::string::npos)
      << opened.error().line();
  EXPECT_EQ(database().value("SELECT count(a) FROM public.theirs"), "1") << "all is as before";
  EXPECT_TRUE(readable("finding_life"));
  opened = later_version("DROP VIEW public.theirs");
  EXPECT_TRUE(opened.has_value()) << opened.error().line();
}

TEST_F(PostgresStoreTest, StatisticsAreInDailyPartitions) {
  put_all(*engine_.open("store"), uploads());
  EXPECT_EQ(database().value("SELECT count(*) FROM pgadvise.query_statistics_20231120"), "2");
  EXPECT_EQ(database().value("SELECT count(*) FROM pgadvise.relation_size_20231121"), "1");
  const auto to = engine_.open("store", 10);
  ASSERT_TRUE(to->put(size_of(monday + 40 * day, 1), monday + 40 * day).has_value());
  EXPECT_EQ(database().value("SELECT to_regclass('pgadvise.query_statistics_20231120')"), "");
  EXPECT_EQ(database().value("SELECT count(*) FROM pg_inherits"), "3") << "a partition and its two indexes";
}

TEST_F(PostgresStoreTest, AReaderDoesNotStopAnUpload) {
  const auto to = engine_.open("store", 10);
  ASSERT_TRUE(to->put(log_of("a", monday, 5), monday).has_value());
  auto reader = database().connect();
  ASSERT_TRUE(reader.query("BEGIN").has_value());
  ASSERT_TRUE(reader.query("SELECT * FROM pgadvise.query_statistics").has_value());
  const std::int64_t later = monday + 40 * day;
  const auto done = to->put(log_of("b", later, 5), later);
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
  EXPECT_EQ(engine_.value("SELECT count(*) FROM source"), "2") << "the old log is kept until nobody reads it";
  ASSERT_TRUE(reader.query("COMMIT").has_value());
  ASSERT_TRUE(to->put(log_of("b", later, 5), later).has_value());
  EXPECT_EQ(engine_.value("SELECT count(*) FROM source"), "1");
}

TEST_F(PostgresStoreTest, ARoleThatMayOnlyReadAsksForTheHistory) {
  put_all(*engine_.open("store"), uploads());
  const std::string role = database().create_role("reader");
  database().run(
      fmt::format("GRANT USAGE ON SCHEMA pgadvise TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA "
                  "pgadvise TO {0}",
                  role));
  auto reader = open({.path = {}, .retention_days = {}, .conninfo = database().conninfo(role)}, false);
  ASSERT_TRUE(reader.has_value()) << reader.error().line();
  EXPECT_EQ((*reader)->findings("").value_or(std::vector<FindingLife>{}).size(), 2u);
  const auto refused = (*reader)->put(run_of(monday, {}), monday);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
}

TEST_F(PostgresStoreTest, NoViewOfTheSchemaIsRead) {
  put_all(*engine_.open("store"), uploads());
  const auto answers = [&] {
    const auto reader = engine_.try_open("store", false);
    EXPECT_TRUE(reader.has_value()) << reader.error().line();
    if (!reader) return std::string();
    Store& store = **reader;
    return fmt::format("{} {} {} {} {} {}", store.findings("").value().size(),
                       store.query_changes("").value().size(), store.growth("").value().size(),
                       store.unused_indexes("").value().size(), store.plan_changes("").value().size(),
                       store.lock_waits("", 0).value().size());
  };
  const std::string before = answers();
  for (const auto& view : postgres_definitions()) {
    if (view.select.starts_with("SELECT * FROM pgadvise.")) continue;  // a table
    database().run(fmt::format("DROP VIEW IF EXISTS pgadvise.{} CASCADE", view.name));
    database().run(
        fmt::format("CREATE VIEW pgadvise.{} AS SELECT 'x' AS target FROM pg_sleep(600)", view.name));
  }
  EXPECT_EQ(answers(), before);
}

// Each change by which reading or writing the store would run what others wrote, as pgadvise's role.
TEST_F(PostgresStoreTest, WhatCouldRunCodeOfOthersIsRefused) {
  const std::pair<const char*, const char*> changes[] = {
      {"CREATE FUNCTION pgadvise.lag(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
       "the schema has the function lag"},
      {"CREATE FUNCTION public.f(bigint, text) RETURNS text LANGUAGE sql AS 'SELECT 1::text'; CREATE "
       "OPERATOR "
       "pgadvise.|| (LEFTARG = bigint, RIGHTARG = text, FUNCTION = public.f)",
       "the schema has the operator ||"},
      {"CREATE FUNCTION public.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE "
       "TRIGGER "
       "spy BEFORE INSERT ON pgadvise.run FOR EACH ROW EXECUTE FUNCTION public.t()",
       "pgadvise.run has the trigger spy"},
      {"CREATE RULE spy AS ON INSERT TO pgadvise.run DO ALSO SELECT pg_sleep(600)",
       "pgadvise.run has the rule spy"},
      {"ALTER TABLE pgadvise.run ENABLE ROW LEVEL SECURITY", "pgadvise.run has row-level security"},
      {"ALTER TABLE pgadvise.run ADD x text GENERATED ALWAYS AS (lower(target)) STORED",
       "pgadvise.run has a default or generates a value in the column x"},
      {"ALTER TABLE pgadvise.run ADD x text DEFAULT lower('X')",
       "pgadvise.run has a default or generates a value in the column x"},
      {"ALTER TABLE pgadvise.run ADD CHECK (lower(target) <> '')",
       "pgadvise.run has the constraint run_target_check"},
      {"CREATE INDEX spy ON pgadvise.run (lower(target))", "pgadvise.run has the index spy"},
      {"CREATE INDEX spy ON pgadvise.run (target) WHERE lower(target) = ''",
       "pgadvise.run has the index spy"},
      {"CREATE DOMAIN public.d AS text CHECK (lower(VALUE) <> ''); ALTER TABLE pgadvise.run ALTER version "
       "TYPE "
       "public.d",
       "pgadvise.run has another type in the column version"},
      {"ALTER TABLE pgadvise.query_class RENAME TO kept; CREATE VIEW pgadvise.query_class AS SELECT k.* FROM "
       "pgadvise.kept k, pg_sleep(600)",
       "pgadvise.query_class is no table"},
      {"ALTER TABLE pgadvise.relation_size_20231120 ADD CHECK (lower(name) <> '')",
       "pgadvise.relation_size_20231120 has the constraint"},
  };
  int number = 0;
  for (const auto& [change, message] : changes) {
    const std::string name = "store" + std::to_string(number++);
    put_all(*engine_.open(name), {size_of(monday, 10)});
    const auto opened = engine_.try_open(name, false);
    ASSERT_TRUE(opened.has_value());
    engine_.database(name).run(change);
    const auto later = (*opened)->put(size_of(monday, 11), monday);
    ASSERT_FALSE(later.has_value()) << change;
    EXPECT_NE(later.error().what.find(message), std::string::npos) << later.error().line();
    for (const bool create : {true, false}) {
      const auto refused = engine_.try_open(name, create);
      ASSERT_FALSE(refused.has_value()) << change;
      EXPECT_EQ(refused.error().kind, Error::Kind::usage);
      EXPECT_NE(refused.error().what.find(message), std::string::npos) << refused.error().line();
    }
    engine_.databases.erase(name);
  }
}

TEST_F(PostgresStoreTest, OtherObjectsOfTheSchemaDoNothing) {
  put_all(*engine_.open("store"), uploads());
  database().run(
      "CREATE TABLE pgadvise.theirs (a text DEFAULT lower('X') CHECK (lower(a) <> '')); CREATE INDEX ON "
      "pgadvise.theirs (lower(a)); CREATE VIEW pgadvise.slow AS SELECT 1 AS a FROM pg_sleep(600)");
  const auto reader = engine_.try_open("store", false);
  ASSERT_TRUE(reader.has_value()) << reader.error().line();
  EXPECT_EQ((*reader)->findings("").value_or(std::vector<FindingLife>{}).size(), 2u);
}

TEST_F(PostgresStoreTest, AStatementHasATimeLimitThatTheErrorNames) {
  const auto to = engine_.open("store");
  auto connection = database().connect();
  auto transaction = PostgresTransaction::begin(connection, PostgresTransaction::Access::question);
  ASSERT_TRUE(transaction.has_value()) << transaction.error().line();
  for (const auto& [setting, value] :
       {std::pair("statement_timeout", "1min"), std::pair("lock_timeout", "10s"),
        std::pair("search_path", "pg_catalog, pg_temp"), std::pair("row_security", "off")})
    EXPECT_EQ(transaction->query(std::string("SHOW ") + setting).value().front()[0], value);
  // What a statement that reaches the limit gets.
  auto other = database().connect();
  ASSERT_TRUE(other.query("BEGIN").has_value());
  ASSERT_TRUE(other.query("LOCK TABLE pgadvise.relation_size").has_value());
  std::thread cancel([&] {
    const std::string waiting =
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND "
        "wait_event_type = 'Lock'";
    for (int i = 0; i < 1000 && database().value(waiting) == "0"; ++i) ::usleep(5'000);
  });
  const auto stopped = to->growth("");
  cancel.join();
  ASSERT_FALSE(stopped.has_value());
  EXPECT_NE(
      stopped.error().what.find("the question about growing tables was canceled: it takes longer than 60 "
                                "seconds, the limit of a statement"),
      std::string::npos)
      << stopped.error().line();
}

TEST_F(PostgresStoreTest, UploadsOfTwoTargetsDoNotWaitForEachOther) {
  const auto write = [&](const std::string& target) {
    const auto to = engine_.open("store");
    for (int i = 0; i < 20; ++i) {
      Facts facts = log_of(std::to_string(i), monday + i * 3600, 5);
      facts.target = target;
      for (int query = 0; query < 50; ++query) {
        facts.queries.push_back(facts.queries.front());
        facts.queries.back().class_id = fmt::format("{:016}", target == "a" ? query : 50 - query);
      }
      const auto done = to->put(facts, monday);
      EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
    }
  };
  engine_.open("store");
  std::thread first([&] { write("a"); });
  std::thread second([&] { write("b"); });
  first.join();
  second.join();
  EXPECT_EQ(engine_.value("SELECT count(*) FROM source"), "40");
}

TEST_F(PostgresStoreTest, AServerThatIsDownIsAnErrorOfTheStore) {
  const auto refused = open(
      {.path = {}, .retention_days = {}, .conninfo = "host=/nonexistent dbname=x password=geheim"}, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, Error::Kind::usage);
  EXPECT_EQ(refused.error().line().find("geheim"), std::string::npos);
}

TEST(IndexScansOfAServer, AreThoseOfIndexesThatOnlyServeQueries) {
  live::Database database(
      "CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, k int); CREATE INDEX by_k ON t (k); "
      "CREATE TABLE parted (id int, k int) PARTITION BY RANGE (id); "
      "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10); CREATE INDEX ON parted (k)");
  const auto scans_as = [&](pg::Connection connection) {
    Diagnostics diagnostics;
    const auto catalog = pg::read_catalog(connection, diagnostics);
    EXPECT_TRUE(catalog.has_value()) << (catalog ? "" : catalog.error().line());
    return catalog ? index_scans(*catalog, monday) : std::nullopt;
  };
  const auto scans = scans_as(database.connect());
  ASSERT_TRUE(scans.has_value());
  ASSERT_EQ(scans->scans.size(), 1u);
  EXPECT_EQ(scans->scans[0].first.name, "by_k");
  EXPECT_EQ(scans->scans[0].second, 0);
  EXPECT_EQ(scans->database, database.name());
  EXPECT_EQ(scans->member.system, database.value("SELECT system_identifier FROM pg_control_system()"));
  EXPECT_EQ(scans->member.address, "|" + database.value("SHOW port"));
  EXPECT_FALSE(scans->member.replica);
  database.run("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
  const auto without = scans_as(database.connect(database.create_role("guest")));
  ASSERT_TRUE(without.has_value());
  EXPECT_EQ(without->member.system, "");
  EXPECT_EQ(without->member.address, scans->member.address);
  EXPECT_FALSE(index_scans(Catalog{}, monday).has_value()) << "no server";
}

}  // namespace
}  // namespace pgadvise::store
