// What `pgadvise history` makes of a store's answers.
#include "reports/history.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "store/store/history.h"
#include "support/schema.h"

namespace pgadvise::store {
namespace {

constexpr std::int64_t day = 86400;
constexpr std::int64_t now = 1'700'438'400;

struct FakeStore : Store {
  std::vector<FindingLife> lives;
  std::vector<QueryChange> changes;
  std::vector<RelationGrowth> sizes;
  std::vector<PlanChangeOfQuery> plans;
  std::vector<UnusedIndex> indexes;
  std::vector<LockWait> waits;

  Result<void> put(const Facts&, std::int64_t) override { return {}; }
  Result<std::vector<FindingLife>> findings(const std::string&) override { return lives; }
  Result<std::vector<QueryChange>> query_changes(const std::string&) override { return changes; }
  Result<std::vector<RelationGrowth>> growth(const std::string&) override { return sizes; }
  Result<std::vector<PlanChangeOfQuery>> plan_changes(const std::string&) override { return plans; }
  Result<std::vector<UnusedIndex>> unused_indexes(const std::string&) override { return indexes; }
  Result<std::vector<LockWait>> lock_waits(const std::string&, std::int64_t) override { return waits; }
};

FindingLife life(const std::string& id, FindingLife::State state, std::int64_t first_seen) {
  return {.target = "shop",
          .id = id,
          .rule = "slow-query",
          .severity = "warning",
          .verdict = "suspected",
          .message = "A \x1b[31mslow query.",
          .state = state,
          .first_seen = first_seen,
          .last_seen = first_seen + 3600,
          .runs = 2};
}

History of(FakeStore& store) {
  auto out = history(store, {.now = now});
  EXPECT_TRUE(out.has_value());
  return out.value_or(History{});
}

TEST(History, EachFindingIsInOneList) {
  using State = FindingLife::State;
  FakeStore store;
  FindingLife reopened = life("3", State::open, now - 60 * day),
              gone = life("4", State::gone, now - 60 * day),
              long_gone = life("5", State::gone, now - 60 * day);
  reopened.reopened = now - day;
  gone.gone = now - day;
  long_gone.gone = now - 30 * day;
  store.lives = {life("1", State::open, now - day),
                 life("2", State::open, now - 60 * day),
                 reopened,
                 gone,
                 long_gone,
                 life("6", State::suppressed, now - day),
                 life("7", State::accepted, now - day)};
  const History found = of(store);
  ASSERT_EQ(found.fresh.size(), 1u);
  EXPECT_EQ(found.fresh[0].id, "1");
  ASSERT_EQ(found.recurring.size(), 1u);
  EXPECT_EQ(found.recurring[0].id, "2");
  ASSERT_EQ(found.reopened.size(), 1u);
  ASSERT_EQ(found.fixed.size(), 1u);
  EXPECT_EQ(found.fixed[0].id, "4");
  EXPECT_EQ(found.gone_before, 1u);
  EXPECT_EQ(found.suppressed, 1u);
  EXPECT_EQ(found.accepted, 1u);
}

TEST(History, NamesIgnoresThatExpireWithin30Days) {
  FakeStore store;
  for (const char* until : {"2023-12-20", "2023-12-21", "2023-01-01", ""}) {  // now: 2023-11-20
    store.lives.push_back(life(until, FindingLife::State::suppressed, now - day));
    store.lives.back().until = until;
    store.lives.back().reason = "it is small";
    store.lives.back().owner = "@orders";
  }
  const History found = of(store);
  EXPECT_EQ(found.suppressed, 4u);
  ASSERT_EQ(found.expiring.size(), 2u);
  EXPECT_EQ(found.expiring[0].until, "2023-01-01");
  EXPECT_EQ(found.expiring[1].until, "2023-12-20");
  const std::string text = report::history_text(found, {}, 10);
  EXPECT_NE(text.find("2023-12-20: it is small; owned by @orders"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(report::history_json(found));
  EXPECT_EQ(json["expiring"][0]["until"], "2023-01-01");
  EXPECT_EQ(json["expiring"][0]["owner"], "@orders");
}

TEST(History, LeavesOutSmallChanges) {
  FakeStore store;
  store.changes = {{"shop", "aa", "SELECT $1", 100, 15, 10, 2},
                   {"shop", "bb", "SELECT $2", 100, 14, 10, 2},
                   {"shop", "cc", "SELECT $3", 19, 90, 10, 2}};
  constexpr std::int64_t mb = 1 << 20;
  store.sizes = {{"shop", "table", "public", "a", now - day, now, 100 * mb, 115 * mb},
                 {"shop", "table", "public", "b", now - day, now, 1000 * mb, 1020 * mb},
                 {"shop", "index", "public", "c", now - day, now, 1 * mb, 9 * mb}};
  const History found = of(store);
  ASSERT_EQ(found.slower.size(), 1u);
  EXPECT_EQ(found.slower[0].class_id, "aa");
  ASSERT_EQ(found.growth.size(), 1u);
  EXPECT_EQ(found.growth[0].name, "a");
}

TEST(History, NamesRecentChangesOfPlansWithTheirCause) {
  FakeStore store;
  store.plans = {{"shop", "aa", "SELECT $1", now - 2 * day, now - day, "Index Scan using i on a\n",
                  "Sort\n  Seq Scan on \x1b[31ma\n", 8, 1200, 1, "dropped index", "public.i"},
                 {"shop", "bb", "", now - 9 * day, now - 8 * day, "", "", 1, 2, 1, "statistics", ""}};
  const History found = of(store);
  ASSERT_EQ(found.plans.size(), 1u);
  const std::string text = report::history_text(found, {}, 10);
  EXPECT_NE(text.find("dropped index (public.i)"), std::string::npos) << text;
  EXPECT_NE(text.find("before:\n      Index Scan using i on a\n    now:\n      Sort\n        Seq Scan on"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(report::history_json(found))["plans"][0]["cause"], "dropped index");
}

TEST(History, AnIndexIsUnusedOnlyWhereTheStoreHasAllServers) {
  FakeStore store;
  store.indexes = {{"shop", "public", "a", 8192, now - 8 * day, now, 2, 1, 1},
                   {"shop", "public", "too_young", 8192, now - 6 * day, now, 2, 1, 1},
                   {"shop", "public", "replica_missing", 8192, now - 8 * day, now, 2, 1, 2},
                   {"shop", "public", "primary_missing", 0, now - 8 * day, now, 1, 0, 0}};
  const History found = of(store);
  ASSERT_EQ(found.unused.size(), 1u);
  EXPECT_EQ(found.unused[0].name, "a");
  EXPECT_EQ(found.unsure_unused, 2u);
  const std::string text = report::history_text(found, {}, 10);
  EXPECT_NE(text.find("shop public.a: 9 kB, no scan from 2023-11-12"), std::string::npos) << text;
  EXPECT_NE(text.find("2 more indexes had no scan"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(report::history_json(found));
  EXPECT_EQ(json["unused_indexes"].size(), 1u);
  EXPECT_EQ(json["unsure_unused_indexes"], 2);
}

TEST(History, RanksTheDatabasesToLookAtFirst) {
  using State = FindingLife::State;
  FakeStore store;
  const auto add = [&](const char* target, const char* id, const char* severity, double score,
                       std::int64_t first_seen) {
    store.lives.push_back(life(id, State::open, first_seen));
    store.lives.back().target = target;
    store.lives.back().severity = severity;
    store.lives.back().score = score;
  };
  add("many", "1", "warning", 5, now - 60 * day);
  add("many", "2", "warning", 6, now - 60 * day);
  add("error", "3", "note", 90, now - day);
  add("error", "4", "error", 1, now - day);
  add("great", "5", "note", 50, now - 60 * day);
  store.changes = {{"slow", "aa", "SELECT $1", 100, 15, 10, 2}};
  const History found = of(store);
  std::string order;
  for (const auto& rank : found.ranking) order += rank.target + " " + rank.first_id + ", ";
  EXPECT_EQ(order, "error 4, great 5, many 2, slow , ");
  const std::string text = report::history_text(found, {}, 10);
  EXPECT_NE(text.find("1. error: 1 error, 1 note, 2 of them new\n"), std::string::npos) << text;
  EXPECT_NE(text.find("4. slow: 1 slower query\n"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(report::history_json(found));
  EXPECT_EQ(json["ranking"][0]["target"], "error");
  EXPECT_EQ(json["ranking"][0]["first"]["id"], "4");
}

TEST(History, TextShowsTheFirstEntries) {
  FakeStore store;
  for (int i = 0; i < 12; ++i)
    store.lives.push_back(life(std::to_string(100 + i), FindingLife::State::open, now - day));
  const History found = of(store);
  const std::string text = report::history_text(found, {}, 10);
  EXPECT_NE(text.find("12 new"), std::string::npos) << text;
  EXPECT_NE(text.find("109"), std::string::npos) << text;
  EXPECT_EQ(text.find("110"), std::string::npos) << text;
  EXPECT_NE(text.find("and 2 more"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(report::history_text(found, {}, 0).find("111"), std::string::npos);
}

FakeStore full_store() {
  using State = FindingLife::State;
  FakeStore store;
  store.lives = {life("1", State::open, now - day), life("2", State::open, now - 60 * day),
                 life("3", State::open, now - 60 * day), life("4", State::gone, now - 60 * day),
                 life("5", State::suppressed, now - day)};
  store.lives[1].file = "db/schema.sql";
  store.lives[1].short_id = "slow-query:2";
  store.lives[1].owner = "@orders";
  store.lives[2].reopened = now - day;
  store.lives[3].gone = now - day;
  store.lives[4].reason = "it is small";
  store.lives[4].until = "2023-12-01";
  store.changes = {{"shop", "aa", "SELECT $1", 100, 15, 10, 2}};
  store.plans = {{"shop", "aa", "SELECT $1", now - 2 * day, now - day, "Index Scan", "</script><img>", 8,
                  1200, 1, "statistics", ""}};
  store.sizes = {{"shop", "table", "public", "a", now - day, now, 100 << 20, 200 << 20}};
  store.waits = {{"shop", "public", "orders", "ShareLock", "billing", 4.5, 60, now - day, 3},
                 {"shop", "public", "short", "ShareLock", "billing", 0.5, 60, now - day, 3}};
  store.indexes = {{"shop", "public", "a", 8192, now - 8 * day, now, 2, 1, 1},
                   {"shop", "public", "b", 0, now - 8 * day, now, 2, 1, 1}};
  return store;
}

TEST(History, JsonIsValidAgainstItsSchema) {
  FakeStore store = full_store(), empty;
  auto full = nlohmann::json::parse(report::history_json(of(store)));
  for (const char* list : {"new", "reopened", "fixed", "recurring", "expiring", "slower", "plans",
                           "lock_waits", "growth", "unused_indexes", "ranking"})
    EXPECT_FALSE(full[list].empty()) << list;
  for (const auto& json : {full, nlohmann::json::parse(report::history_json(of(empty)))})
    EXPECT_EQ(testing_support::violations("history.schema.json", json), "");
  full["new"][0].erase("rule");
  EXPECT_NE(testing_support::violations("history.schema.json", full), "");
}

TEST(History, HtmlHasTheJsonAndTheText) {
  FakeStore store = full_store();
  const std::string html = report::history_html(of(store));
  EXPECT_NE(html.find("\"schema\": \"pgadvise-history-1\""), std::string::npos);
  EXPECT_NE(html.find("<h1>pgadvise history</h1><pre>"), std::string::npos);
  EXPECT_NE(html.find("1 new, 1 reopened and 1 fixed findings"), std::string::npos);
  EXPECT_EQ(html.find("</script><img>"), std::string::npos);
}

TEST(History, ListsLongWaitsForLocks) {
  FakeStore store = full_store();
  const History found = of(store);
  ASSERT_EQ(found.lock_waits.size(), 1u) << "the other one is below a second";
  const std::string text = report::history_text(found, {.color = false, .unicode = true, .width = 100}, 10);
  EXPECT_NE(text.find("shop public.orders, ShareLock: 4.50s on 2023-11-19T00:00:00Z, the holder was billing"),
            std::string::npos)
      << text;
}

TEST(History, JsonHasEachList) {
  FakeStore store;
  store.lives = {life("1", FindingLife::State::open, now - day)};
  store.changes = {{"shop", "aa", "SELECT $1", 100, 15, 10, 2}};
  const auto out = nlohmann::json::parse(report::history_json(of(store)));
  EXPECT_EQ(out["since"], "2023-11-13T00:00:00Z");
  EXPECT_EQ(out["new"][0]["first_seen"], "2023-11-19T00:00:00Z");
  EXPECT_EQ(out["slower"][0]["mean_ms"], 15);
  for (const char* list : {"reopened", "fixed", "recurring", "growth"})
    EXPECT_TRUE(out[list].is_array() && out[list].empty()) << list;
}

}  // namespace
}  // namespace pgadvise::store
