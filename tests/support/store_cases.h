// What every engine of a store does alike: tests/unit/store/store_test.cc runs these cases on SQLite,
// tests/live/store_postgres_test.cc on PostgreSQL, and tests/live/store_clickhouse_test.cc on ClickHouse. An
// engine has `open(name, retention_days)`, which opens a store of its own for each name, `dump(name)`, all
// rows of all tables with "|" between the values, and `value(sql)` of the store "store". It may have
// `missing()`: why the cases are skipped, or "".
#pragma once

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/iso_time.h"
#include "model/queries/histogram.h"
#include "store/store/store.h"

namespace pgadvise::store {

inline constexpr std::int64_t day = 86400;
inline constexpr std::int64_t monday = 1'700'438'400;  // 2023-11-20T00:00:00Z

inline RecordedFinding finding(const std::string& id, const std::string& rule = "unindexed-foreign-key") {
  return {.id = id, .rule = rule, .location = {"db/1.sql", 3, 1}, .message = "orders has no index."};
}

inline Facts run_of(std::int64_t started, std::vector<RecordedFinding> findings) {
  RunRecord run{.started = iso_of(started),
                .version = "0.1.0",
                .inputs = {{"SQL script", "db", ""}},
                .scope = {.rules = {"unindexed-foreign-key", "slow-query"}},
                .findings = std::move(findings)};
  return {.target = "shop", .run = std::move(run)};
}

inline Facts log_of(const std::string& source, std::int64_t start, double mean_ms, std::uint64_t calls = 100,
                    std::uint64_t size = 1000) {
  QueryStatistics query{.source = source,
                        .source_size = size,
                        .class_id = "00000000000000aa",
                        .text = "SELECT $1",
                        .bucket_start = start,
                        .bucket_seconds = 3600,
                        .calls = calls,
                        .timed_calls = calls,
                        .total_ns = static_cast<std::int64_t>(mean_ms * 1e6 * static_cast<double>(calls)),
                        .max_ns = static_cast<std::int64_t>(mean_ms * 2e6)};
  for (std::uint64_t i = 0; i < calls; ++i) query.times.add(nanoseconds(mean_ms));
  return {.target = "shop", .queries = {query}};
}

inline Facts size_of(std::int64_t taken, std::int64_t bytes) {
  return {.target = "shop", .sizes = {{SizeSample::Kind::table, {"public", "orders"}, taken, bytes, 10}}};
}

// A plan of the query of log_of(): with the index, or by a sequential scan.
inline Facts plan_of(std::int64_t taken, const std::string& index, std::int64_t bytes = 1000,
                     std::vector<std::string> indexes = {"by_state"}, std::int64_t major = 15) {
  Facts out = size_of(taken, bytes);
  for (const auto& name : indexes)
    out.sizes.push_back({SizeSample::Kind::index, {"public", name}, taken, 100, -1});
  QueryPlan plan{.class_id = "00000000000000aa",
                 .text = "SELECT $1",
                 .taken = taken,
                 .structure = index.empty() ? "Seq Scan on public.orders\n"
                                            : "Index Scan using " + index + " on public.orders\n",
                 .relations = {{SizeSample::Kind::table, {"public", "orders"}}},
                 .cost = index.empty() ? 500.0 : 8.0,
                 .server_major = major};
  if (!index.empty()) plan.relations.push_back({SizeSample::Kind::index, {"public", index}});
  out.plans.push_back(std::move(plan));
  return out;
}

// The scans of the index by_state on one server of a cluster, and its size.
inline Facts scans_of(std::int64_t taken, const std::string& server, std::int64_t scans,
                      std::int64_t replicas = 0) {
  Facts out;
  out.target = server == "a" ? "shop" : "shop-" + server;
  out.sizes.push_back({SizeSample::Kind::index, {"public", "by_state"}, taken, 8192, -1});
  IndexScans sample;
  sample.member = {.system = "42", .address = server, .replica = server != "a", .replicas = replicas};
  sample.database = "shop";
  sample.taken = taken;
  sample.scans.emplace_back(QualifiedName{"public", "by_state"}, scans);
  out.scans = sample;
  return out;
}

// Six samples of a bucket: the sum of active sessions without a wait and of those that wait for a lock, and
// the longest wait for orders.
inline Facts samples_of(std::int64_t start, std::uint64_t running, std::uint64_t waiting, double seconds,
                        const std::string& holder = "billing") {
  const auto sessions = [&](const char* type, const char* event, std::uint64_t sum) {
    SessionSample out;
    out.bucket_start = start;
    out.bucket_seconds = 60;
    out.state = "active";
    out.wait_event_type = type;
    out.wait_event = event;
    out.samples = 6;
    out.sessions = sum;
    out.max_sessions = sum;
    return out;
  };
  Facts out;
  out.target = "shop";
  out.session_samples = {sessions("none", "none", running), sessions("Lock", "transactionid", waiting)};
  out.session_samples.push_back(out.session_samples.front());
  out.session_samples.back().state = "idle";
  LockWaitSample wait;
  wait.bucket_start = start;
  wait.relation = {"public", "orders"};
  wait.mode = "ShareLock";
  wait.holder = holder;
  wait.samples = 2;
  wait.max_wait_seconds = seconds;
  wait.max_holder_seconds = seconds + 1;
  out.lock_wait_samples = {wait};
  return out;
}

// Of a store whose server has a clock of its own: a host whose clock is ahead neither stores a run nor
// removes facts that the server's clock keeps.
template <class Engine>
void expect_a_fast_clock_changes_nothing(Engine& engine) {
  const auto to = engine.open("store", 10);
  const std::int64_t today = std::time(nullptr);
  ASSERT_TRUE(to->put(run_of(today, {finding("01")}), today).has_value());
  const std::string before = engine.dump("store");
  for (const Facts& facts : {run_of(today + 2 * day, {}), size_of(today + 3000 * day, 7),
                             samples_of(today + 2 * day, 1, 0, 0), plan_of(today + 2 * day, "")}) {
    const auto done = to->put(facts, today + 3000 * day);
    ASSERT_FALSE(done.has_value());
    EXPECT_TRUE(done.error().what.starts_with("the clock of the host is ahead")) << done.error().line();
  }
  EXPECT_EQ(engine.dump("store"), before);
  ASSERT_TRUE(to->put(log_of("a", today - 3600, 5), today + 3000 * day).has_value());
  const auto life = to->findings("shop");
  ASSERT_TRUE(life.has_value());
  EXPECT_EQ(life->size(), 1U) << "the retention counts from the server's clock";
}

inline const std::vector<Facts>& uploads() {
  static const std::vector<Facts> all = {run_of(monday, {finding("01"), finding("02", "slow-query")}),
                                         run_of(monday + day, {finding("02", "slow-query")}),
                                         log_of("a", monday, 5),
                                         log_of("a", monday, 6, 150, 2000),  // the same log, grown
                                         log_of("b", monday + 3600, 5),
                                         size_of(monday, 1000),
                                         size_of(monday + day, 2000),
                                         scans_of(monday, "a", 7),
                                         scans_of(monday, "b", 0),
                                         samples_of(monday, 3, 6, 2.5),
                                         samples_of(monday + 60, 3, 0, 4.5),
                                         plan_of(monday, "by_state", 1000, {}),
                                         plan_of(monday + day, "", 2000, {})};
  return all;
}

// One upload with rows of each table. Its log "a" is the one of log_of("a", monday, …), grown.
inline Facts everything() {
  Facts out = plan_of(monday + day, "by_state");
  out.run = run_of(monday + day, {finding("01"), finding("02", "slow-query")}).run;
  out.queries = log_of("a", monday, 6, 150, 2000).queries;
  out.queries.push_back(log_of("b", monday + 3600, 5).queries.front());
  out.scans = scans_of(monday + day, "a", 7).scans;
  out.session_samples = samples_of(monday, 3, 6, 2.5).session_samples;
  out.lock_wait_samples = samples_of(monday, 3, 6, 2.5).lock_wait_samples;
  return out;
}

inline Facts large_run() {
  std::vector<RecordedFinding> findings;
  for (int i = 0; i < 5'000; ++i) {
    findings.push_back(finding(std::to_string(100'000 + i)));
    findings.back().message = std::string(200, 'x');
  }
  return run_of(monday, std::move(findings));
}

// The tables of a store, in the order of a dump.
inline constexpr const char* store_tables[] = {
    "setting",       "run",         "scope_rule",     "scope_input",
    "finding_event", "query_class", "source",         "query_statistics",
    "relation_size", "plan",        "plan_relation",  "query_plan",
    "server_sample", "index_scan",  "session_sample", "lock_wait_sample"};

inline void put_all(Store& to, const std::vector<Facts>& all) {
  for (const auto& facts : all) {
    const auto done = to.put(facts, monday + 30 * day);
    EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
  }
}

template <class Engine>
class StoreCases : public testing::Test {
 protected:
  void SetUp() override {
    if constexpr (requires { Engine::missing(); }) {
      if (const std::string why = Engine::missing(); !why.empty()) GTEST_SKIP() << why;
    }
  }
  std::unique_ptr<Store> store(const std::string& name = "store", std::optional<int> retention = {}) {
    return engine_.open(name, retention);
  }
  void put(const std::vector<Facts>& all, const std::string& name = "store") { put_all(*store(name), all); }
  std::string dump(const std::string& name = "store") { return engine_.dump(name); }

  FindingLife life(const std::string& id = "01") {
    const auto lives = store()->findings("shop");
    EXPECT_TRUE(lives.has_value()) << (lives ? "" : lives.error().line());
    for (const auto& one : lives.value_or(std::vector<FindingLife>{}))
      if (one.id == id) return one;
    ADD_FAILURE() << "no finding " << id;
    return {};
  }

  Engine engine_;
};

TYPED_TEST_SUITE_P(StoreCases);

TYPED_TEST_P(StoreCases, TheSameUploadTwiceChangesNothing) {
  this->put(uploads());
  const std::string once = this->dump();
  this->put(uploads());
  EXPECT_EQ(this->dump(), once);
  EXPECT_NE(once.find("query_statistics|shop|00000000000000aa|1700438400|a|3600|150"), std::string::npos)
      << once;
}

TYPED_TEST_P(StoreCases, TheOrderOfUploadsDoesNotMatter) {
  this->put(uploads());
  std::vector<Facts> reversed(uploads().rbegin(), uploads().rend());
  this->put(reversed, "reversed");
  EXPECT_EQ(this->dump("reversed"), this->dump());
}

TYPED_TEST_P(StoreCases, OverlappingUploadsOfAGrowingLogCountOnce) {
  this->put({log_of("a", monday, 5, 100, 1000), log_of("a", monday, 5, 200, 2000),
             log_of("a", monday, 5, 150, 1500)});
  EXPECT_EQ(this->engine_.value("SELECT sum(calls) FROM query_bucket"), "200");
  EXPECT_EQ(this->engine_.value("SELECT sum(calls) FROM query_latency"), "200");
}

TYPED_TEST_P(StoreCases, HistogramsOfTwoLogsAreSummed) {
  this->put({log_of("a", monday, 5, 100), log_of("b", monday, 5, 70), log_of("c", monday + 3600, 9, 30)});
  const auto calls = [&](std::int64_t bucket) {
    return this->engine_.value("SELECT sum(calls) FROM query_latency WHERE bucket_start = " +
                               std::to_string(bucket));
  };
  EXPECT_EQ(calls(monday), "170");
  EXPECT_EQ(calls(monday + 3600), "30");
  EXPECT_EQ(this->engine_.value("SELECT count(*) FROM query_latency"), "2") << "a row for each bin";
}

TYPED_TEST_P(StoreCases, TwoWritersAtOnceLoseNothing) {
  constexpr int each = 40;
  const auto write = [&](const std::string& name, int from) {
    const auto to = this->store(name);
    for (int i = 0; i < each; ++i) {  // the two overlap by half
      const int number = from + i;
      const auto done = to->put(
          run_of(monday + number * 60, {finding("01"), finding("1" + std::to_string(number))}), monday);
      EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
    }
  };
  this->store("both");
  std::thread first([&] { write("both", 0); });
  std::thread second([&] { write("both", each / 2); });
  first.join();
  second.join();
  write("one", 0);
  write("one", each / 2);
  EXPECT_EQ(this->dump("both"), this->dump("one"));
}

// Both hosts have the beginning of two logs; one of them sees the logs grow, the other one sends old parts
// last.
TYPED_TEST_P(StoreCases, TwoHostsWithOverlappingLogsAtOnceCountOnce) {
  constexpr std::uint64_t parts = 10;
  const auto part = [](std::uint64_t i) {
    const bool first = i % 2 == 0;
    return log_of(first ? "a" : "b", first ? monday : monday + 3600, 5, 100 + i, 1000 + i);
  };
  const auto write = [&](const std::string& name, bool oldest_first) {
    const auto to = this->store(name);
    for (std::uint64_t i = 0; i < parts; ++i) {
      const auto done = to->put(part(oldest_first ? i : parts - 1 - i), monday);
      EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().line());
    }
  };
  this->store("both");
  std::thread first([&] { write("both", true); });
  std::thread second([&] { write("both", false); });
  first.join();
  second.join();
  write("one", true);
  EXPECT_EQ(this->dump("both"), this->dump("one"));
}

TYPED_TEST_P(StoreCases, FindingsHaveALife) {
  this->put({run_of(monday, {finding("01")}), run_of(monday + day, {finding("01")})});
  EXPECT_EQ(this->life().state, FindingLife::State::open);
  EXPECT_EQ(this->life().first_seen, monday);
  EXPECT_EQ(this->life().last_seen, monday + day);
  EXPECT_EQ(this->life().runs, 2u);

  Facts elsewhere = run_of(monday + 2 * day, {});
  elsewhere.run->inputs = {{"SQL script", "other", ""}};
  Facts without_rule = run_of(monday + 2 * day, {});
  without_rule.run->scope.rules = {"slow-query"};
  this->put({elsewhere, without_rule});
  EXPECT_EQ(this->life().state, FindingLife::State::open) << "no run looked for it";

  this->put({run_of(monday + 3 * day, {}), run_of(monday + 4 * day, {})});
  EXPECT_EQ(this->life().state, FindingLife::State::gone);
  EXPECT_EQ(this->life().gone, monday + 3 * day);
  EXPECT_EQ(this->life().reopened, std::nullopt);

  this->put({run_of(monday + 5 * day, {finding("01")})});
  EXPECT_EQ(this->life().state, FindingLife::State::open);
  EXPECT_EQ(this->life().reopened, monday + 5 * day);
  EXPECT_EQ(this->life().first_seen, monday);

  RecordedFinding refuted = finding("01");
  refuted.state = RecordedFinding::State::refuted;
  this->put({run_of(monday + 6 * day, {refuted})});
  EXPECT_EQ(this->life().gone, monday + 6 * day);

  RecordedFinding suppressed = finding("01");
  suppressed.state = RecordedFinding::State::suppressed;
  this->put({run_of(monday + 7 * day, {suppressed})});
  EXPECT_EQ(this->life().state, FindingLife::State::suppressed);
}

TYPED_TEST_P(StoreCases, ASuppressedFindingHasItsReasonLastDayAndOwner) {
  RecordedFinding suppressed = finding("01");
  suppressed.state = RecordedFinding::State::suppressed;
  suppressed.owners = "@shop/orders @joe";
  suppressed.reason = "written rarely";
  suppressed.until = "2027-01-31";
  this->put({run_of(monday, {suppressed})});
  EXPECT_EQ(this->life().owner, "@shop/orders @joe");
  EXPECT_EQ(this->life().reason, "written rarely");
  EXPECT_EQ(this->life().until, "2027-01-31");
  this->put({run_of(monday + day, {finding("01")})});
  EXPECT_EQ(this->life().state, FindingLife::State::open);
  EXPECT_EQ(this->life().until, "") << "the last run decides";
}

TYPED_TEST_P(StoreCases, AMigrationsFindingIsGoneOnlyWhenTheMigrationIsChecked) {
  Facts next = run_of(monday + day, {});
  next.run->scope = {.migration_rules = {"blocking-index-build"}, .migrations = {"db/2.sql"}};
  this->put({run_of(monday, {finding("01", "blocking-index-build")}), next});
  EXPECT_EQ(this->life().state, FindingLife::State::open);
  next.run->started = iso_of(monday + 2 * day);
  next.run->scope.migrations = {"./db/1.sql"};
  this->put({next});
  EXPECT_EQ(this->life().state, FindingLife::State::gone);
}

TYPED_TEST_P(StoreCases, ADatabasesFindingIsGoneOnlyInItsDatabase) {
  const auto of = [](std::int64_t started, const char* database, std::vector<RecordedFinding> findings) {
    Facts out = run_of(started, std::move(findings));
    out.run->inputs = {{"database", database, ""}};
    return out;
  };
  RecordedFinding live = finding("01");
  live.location = {};
  this->put({of(monday, "shop", {live}), of(monday + day, "billing", {})});
  EXPECT_EQ(this->life().state, FindingLife::State::open);
  this->put({of(monday + 2 * day, "shop", {})});
  EXPECT_EQ(this->life().state, FindingLife::State::gone);
}

TYPED_TEST_P(StoreCases, QueriesAreComparedWithTheSameHourOfTheWeek) {
  const std::int64_t now = monday + 14 * day;
  this->put({log_of("a", monday + 9 * 3600, 10), log_of("b", monday + 7 * day + 9 * 3600, 20),
             log_of("c", now - day + 9 * 3600, 500),  // another day of the week
             log_of("d", now + 8 * 3600, 500),        // an hour without earlier weeks
             log_of("e", now + 9 * 3600, 60)});
  const auto changes = this->store()->query_changes("shop");
  ASSERT_TRUE(changes.has_value()) << changes.error().line();
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_DOUBLE_EQ(changes->front().mean_ms, 60);
  EXPECT_DOUBLE_EQ(changes->front().earlier_mean_ms, 15);
  EXPECT_EQ(changes->front().weeks, 2u);
  EXPECT_EQ(changes->front().calls, 100u);
  EXPECT_EQ(this->store()->query_changes("").value_or(std::vector<QueryChange>{}).size(), 1u);
  EXPECT_TRUE(this->store()->query_changes("other").value_or(std::vector<QueryChange>(1)).empty());
}

TYPED_TEST_P(StoreCases, TablesThatGrow) {
  this->put({size_of(monday - 60 * day, 1), size_of(monday, 1000), size_of(monday + 20 * day, 4000)});
  const auto growth = this->store()->growth("");
  ASSERT_TRUE(growth.has_value()) << growth.error().line();
  ASSERT_EQ(growth->size(), 1u);
  EXPECT_EQ(growth->front().bytes_before, 1000);
  EXPECT_EQ(growth->front().bytes, 4000);
  EXPECT_EQ(growth->front().until - growth->front().from, 20 * day);
}

TYPED_TEST_P(StoreCases, AChangedPlanHasACause) {
  int round = 0;
  const auto cause = [&](const std::vector<Facts>& all) {
    const std::string name = "plans" + std::to_string(++round);
    this->put(all, name);
    const auto changes = this->store(name)->plan_changes("shop");
    EXPECT_TRUE(changes.has_value()) << (changes ? "" : changes.error().line());
    if (!changes || changes->size() != 1) return std::string("not one change");
    EXPECT_EQ(changes->front().text, "SELECT $1");
    return changes->front().cause + ": " + changes->front().detail;
  };
  EXPECT_EQ(cause({plan_of(monday, "by_state"), plan_of(monday + day, "", 1000, {})}),
            "dropped index: public.by_state");
  EXPECT_EQ(cause({plan_of(monday, "", 1000, {}), plan_of(monday + day, "by_state")}),
            "new index: public.by_state");
  EXPECT_EQ(cause({plan_of(monday + day, "by_state", 1500), plan_of(monday, "")}),
            "table size: 1000 to 1500 bytes");
  EXPECT_EQ(cause({plan_of(monday, "", 1500), plan_of(monday + day, "by_state", 1000)}),
            "table size: 1500 to 1000 bytes");
  EXPECT_EQ(cause({plan_of(monday, "by_state", 1000), plan_of(monday + day, "", 1100)}), "statistics: ");
  EXPECT_EQ(cause({plan_of(monday, "by_state"), plan_of(monday + day, "", 1000, {}, 16)}),
            "server version: 15 to 16");
  EXPECT_EQ(cause({plan_of(monday, "by_state"), plan_of(monday + day, "by_state")}), "not one change");
}

TYPED_TEST_P(StoreCases, OfSeveralChangesOfAPlanTheNewestCounts) {
  this->put({plan_of(monday, "by_state"), plan_of(monday + day, "", 1000, {}),
             plan_of(monday + 2 * day, "", 1000, {}), plan_of(monday + 3 * day, "by_state")});
  const auto changes = this->store()->plan_changes("");
  ASSERT_TRUE(changes.has_value() && changes->size() == 1);
  const PlanChangeOfQuery& change = changes->front();
  EXPECT_EQ(change.since, monday + 2 * day);
  EXPECT_EQ(change.until, monday + 3 * day);
  EXPECT_EQ(change.changes, 2u);
  EXPECT_EQ(change.plan_before, "Seq Scan on public.orders\n");
  EXPECT_EQ(change.cost_before, 500);
  EXPECT_EQ(change.cause, "new index");
}

TYPED_TEST_P(StoreCases, AnIndexIsUnusedIfNoServerScannedIt) {
  int round = 0;
  const auto unused = [&](std::vector<Facts> all) {
    const std::string name = "scans" + std::to_string(++round);
    this->put(all, name);
    const auto found = this->store(name)->unused_indexes("");
    EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().line());
    std::string out;
    for (const auto& one : found.value_or(std::vector<UnusedIndex>{})) {
      EXPECT_EQ(one.bytes, 8192) << name;
      out += one.target + " " + one.schema + "." + one.name + ": " +
             std::to_string((one.until - one.from) / day) + " days, " + std::to_string(one.servers) +
             " servers, " + std::to_string(one.primaries) + " primary, " + std::to_string(one.replicas) +
             " known replicas";
    }
    return out;
  };
  const std::int64_t later = monday + 10 * day;
  EXPECT_EQ(unused({scans_of(monday, "a", 7), scans_of(later, "a", 7)}),
            "shop public.by_state: 10 days, 1 servers, 1 primary, 0 known replicas");
  EXPECT_EQ(unused({scans_of(monday, "a", 7), scans_of(later, "a", 8)}), "");
  EXPECT_EQ(unused({scans_of(monday, "a", 7, 1), scans_of(later, "a", 7, 1), scans_of(monday + day, "b", 0),
                    scans_of(later - day, "b", 0)}),
            "shop public.by_state: 8 days, 2 servers, 1 primary, 1 known replicas");
  EXPECT_EQ(unused({scans_of(monday, "a", 7, 1), scans_of(later, "a", 7, 1), scans_of(monday, "b", 0),
                    scans_of(later, "b", 1)}),
            "")
      << "the replica scans it";
  EXPECT_EQ(unused({scans_of(monday, "a", 7), scans_of(later, "a", 0)}), "") << "statistics were reset";
  Facts dropped = scans_of(later, "a", 7);
  dropped.scans->scans.clear();
  EXPECT_EQ(unused({scans_of(monday, "a", 7), scans_of(later - day, "a", 7), dropped}), "");
  EXPECT_EQ(unused({scans_of(monday, "a", 7, 1), scans_of(later, "a", 7, 1), scans_of(monday, "b", 0),
                    scans_of(monday + day, "b", 0)}),
            "shop public.by_state: 1 days, 1 servers, 1 primary, 1 known replicas")
      << "the replica has no recent sample";
}

TYPED_TEST_P(StoreCases, TheLoadOfAnHourIsAnAverageOverItsSamples) {
  // The second bucket has no session that waits, and its samples count all the same.
  this->put({samples_of(monday + 10, 3, 6, 1), samples_of(monday + 3000, 6, 0, 1),
             samples_of(monday + 3600, 30, 60, 1)});
  const auto load = [&](std::int64_t hour, const std::string& type) {
    return this->engine_.value("SELECT average_sessions FROM session_load WHERE target = 'shop' AND hour = " +
                               std::to_string(hour) + " AND wait_event_type = '" + type + "'");
  };
  EXPECT_EQ(load(monday, "none"), "0.75");
  EXPECT_EQ(load(monday, "Lock"), "0.5");
  EXPECT_EQ(std::stod(load(monday + 3600, "Lock")), 10);
  EXPECT_EQ(this->engine_.value("SELECT max_sessions FROM session_load WHERE wait_event = 'transactionid' "
                                "ORDER BY hour LIMIT 1"),
            "6");
  EXPECT_EQ(this->engine_.value("SELECT samples FROM session_load WHERE wait_event = 'none' ORDER BY hour "
                                "LIMIT 1"),
            "12");
  EXPECT_EQ(this->engine_.value("SELECT count(*) FROM session_load"), "4") << "active sessions only";
}

TYPED_TEST_P(StoreCases, OfTheWaitsForALockTheLongestCounts) {
  Facts other = samples_of(monday + 120, 1, 1, 9, "worker");
  other.target = "warehouse";
  this->put({samples_of(monday - 10, 1, 1, 60), samples_of(monday, 1, 1, 2), samples_of(monday + 60, 1, 1, 7),
             samples_of(monday + 120, 1, 1, 3), samples_of(monday + 180, 1, 1, 4, "worker"), other});
  const auto waits = this->store()->lock_waits("shop", monday);
  ASSERT_TRUE(waits.has_value()) << waits.error().line();
  ASSERT_EQ(waits->size(), 2u);
  const LockWait& longest = waits->front();
  EXPECT_EQ(longest.schema + "." + longest.name + " " + longest.mode + " " + longest.holder,
            "public.orders ShareLock billing");
  EXPECT_EQ(longest.wait_seconds, 7);
  EXPECT_EQ(longest.holder_seconds, 8);
  EXPECT_EQ(longest.seen, monday + 60);
  EXPECT_EQ(longest.samples, 6u);
  EXPECT_EQ(waits->back().holder, "worker");
  EXPECT_EQ(this->store()->lock_waits("", monday).value_or(std::vector<LockWait>{}).size(), 3u);
}

TYPED_TEST_P(StoreCases, RetentionRemovesOldFacts) {
  const auto to = this->store("store", 10);
  for (const auto& facts : uploads()) ASSERT_TRUE(to->put(facts, monday + day).has_value());
  EXPECT_EQ(to->findings("").value_or(std::vector<FindingLife>{}).size(), 2u);
  ASSERT_TRUE(to->put(size_of(monday + 40 * day, 1), monday + 40 * day).has_value());
  EXPECT_EQ(this->dump().find("finding_event"), std::string::npos);
  EXPECT_EQ(this->dump().find("query_"), std::string::npos);
  EXPECT_EQ(this->dump().find("scope_"), std::string::npos);
  EXPECT_EQ(this->dump().find("\nplan"), std::string::npos);
  EXPECT_EQ(this->dump().find("\nserver_sample"), std::string::npos);
  EXPECT_EQ(this->dump().find("\nindex_scan"), std::string::npos);
  EXPECT_EQ(this->dump().find("\nsession_sample"), std::string::npos);
  EXPECT_EQ(this->dump().find("\nlock_wait_sample"), std::string::npos);
  ASSERT_NE(this->store(), nullptr);
  EXPECT_NE(this->dump().find("setting|retention_days|10"), std::string::npos)
      << "the store keeps the setting";
}

// A message is what a program wrote: any bytes.
TYPED_TEST_P(StoreCases, AnyBytesAreStoredAsText) {
  RecordedFinding odd = finding("01");
  odd.message = std::string("a\0b \xff {\"\\,'} \x1b[31m", 18);
  odd.location.file = "it's \"a\\b\".sql";
  Facts facts = log_of("{a,b}", monday, 5);
  facts.queries[0].text = "SELECT \"a\\\", '{}'\nFROM \xc3";
  this->put({run_of(monday, {odd}), facts});
  EXPECT_EQ(this->life().file, "it's \"a\\b\".sql");
  EXPECT_EQ(this->life().message, "a\\x00b \\xff {\"\\,'} \\x1b[31m");
  EXPECT_EQ(this->engine_.value("SELECT text FROM query_class"), "SELECT \"a\\\", '{}'\nFROM \\xc3");
}

TYPED_TEST_P(StoreCases, NamesAreOfOneLine) {
  Facts facts = size_of(monday, 1000);
  facts.target = "shop\n\x07";
  facts.sizes[0].name = {"pub\tlic", "or\r\nders"};
  RecordedFinding odd = finding("01");
  odd.location.file = "db/a\nb.sql";
  facts.run = run_of(monday, {odd}).run;
  this->put({facts});
  EXPECT_EQ(this->engine_.value("SELECT target || ' ' || schema || '.' || name FROM relation_size"),
            "shop\\x0a\\x07 pub\\x09lic.or\\x0d\\x0aders");
  EXPECT_EQ(this->engine_.value("SELECT file FROM finding_event"), "db/a\\x0ab.sql");
  EXPECT_EQ(this->store()->growth("shop\n\x07").value_or(std::vector<RelationGrowth>{}).size(), 1u)
      << "the target that was given";
}

REGISTER_TYPED_TEST_SUITE_P(StoreCases, TheSameUploadTwiceChangesNothing, TheOrderOfUploadsDoesNotMatter,
                            OverlappingUploadsOfAGrowingLogCountOnce, HistogramsOfTwoLogsAreSummed,
                            TwoWritersAtOnceLoseNothing, TwoHostsWithOverlappingLogsAtOnceCountOnce,
                            FindingsHaveALife, ASuppressedFindingHasItsReasonLastDayAndOwner,
                            AMigrationsFindingIsGoneOnlyWhenTheMigrationIsChecked,
                            ADatabasesFindingIsGoneOnlyInItsDatabase,
                            QueriesAreComparedWithTheSameHourOfTheWeek, TablesThatGrow, AChangedPlanHasACause,
                            OfSeveralChangesOfAPlanTheNewestCounts, AnIndexIsUnusedIfNoServerScannedIt,
                            TheLoadOfAnHourIsAnAverageOverItsSamples, OfTheWaitsForALockTheLongestCounts,
                            RetentionRemovesOldFacts, AnyBytesAreStoredAsText, NamesAreOfOneLine);

}  // namespace pgadvise::store
