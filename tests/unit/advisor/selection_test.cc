#include "advisor/search/selection.h"

#include <map>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "advisor/costs/cost_model.h"

namespace pgadvise::advisor {
namespace {

// A planner of a few known plans: each statement costs its base, or what the cheapest plan does whose indexes
// are all there.
class KnownPlans : public plan::WhatIf {
 public:
  struct Known {
    std::vector<int> needs;
    double cost = 0;
  };
  std::map<std::string, std::vector<Known>> plans;
  std::vector<std::pair<std::string, std::vector<int>>> asked;
  std::uint64_t lose_after = 1'000'000;
  bool refuse = false;

  int add(const QualifiedName&, std::vector<std::string>) override { return count_++; }
  Result<plan::WhatIfPlan> cost(const plan::WhatIfStatement& statement,
                                const std::vector<int>& indexes) override {
    if (refuse) return fail(Error::Kind::nonfatal, "", "canceling statement due to lock timeout");
    if (asked.size() >= lose_after)
      return fail(Error::Kind::database, "", "the server closed the connection");
    asked.emplace_back(statement.sql, indexes);
    plan::WhatIfPlan best{1e9, {}, 0};
    for (const auto& known : plans.at(statement.sql))
      if (std::includes(indexes.begin(), indexes.end(), known.needs.begin(), known.needs.end()) &&
          known.cost < best.cost)
        best = {known.cost, known.needs, 0};
    return best;
  }
  Result<std::vector<std::int64_t>> sizes(const std::vector<int>& indexes) override {
    return std::vector<std::int64_t>(indexes.size(), 1);
  }
  void clear() override {}
  std::uint64_t calls() const override { return asked.size(); }

 private:
  int count_ = 0;
};

void add(CostModel& model, KnownPlans& plans, const std::string& sql, double weight, IndexSet relevant) {
  plan::WhatIfStatement statement;
  statement.sql = sql;
  const auto base = plans.cost(statement, {});
  model.relate(model.add({model.size(), weight, statement}, *base), std::move(relevant));
  plans.asked.clear();
}

constexpr std::int64_t mb = 1'000'000;

TEST(CostModel, KnowsWhatLiesBetweenThePlanAndWhatItUses) {
  KnownPlans plans;
  plans.plans["q"] = {{{}, 100}, {{1}, 40}, {{0, 2}, 10}};
  CostModel model(plans);
  add(model, plans, "q", 1, {0, 1, 2, 3});
  EXPECT_EQ(10, model.cost(0, {0, 1, 2, 3}));
  EXPECT_EQ(1u, plans.asked.size());
  EXPECT_EQ(10, model.cost(0, {0, 2})) << "its plan uses these two alone";
  EXPECT_EQ(10, model.cost(0, {0, 2, 3}));
  EXPECT_EQ(1u, plans.asked.size());
  const auto open = model.bounds(0, {1, 3});
  EXPECT_EQ(10, open.lower);
  EXPECT_EQ(100, open.upper);
  EXPECT_EQ(40, model.cost(0, {1, 3}));
  EXPECT_EQ(40, model.cost(0, {1})) << "3 is not used";
  EXPECT_EQ(40, model.bounds(0, {0, 1}).upper);
  EXPECT_EQ(2u, plans.asked.size());
  EXPECT_EQ((IndexSet{0, 2}), model.used(0, {0, 2, 3}));
}

TEST(CostModel, PassesOverIndexesThatDoNotMatter) {
  KnownPlans plans;
  plans.plans["q"] = {{{}, 100}, {{1}, 40}};
  CostModel model(plans);
  add(model, plans, "q", 1, {1});
  EXPECT_EQ(100, model.cost(0, {7, 9}));
  EXPECT_EQ(0u, plans.asked.size());
  EXPECT_EQ(40, model.cost(0, {1, 9}));
  ASSERT_EQ(1u, plans.asked.size());
  EXPECT_EQ((std::vector<int>{1}), plans.asked[0].second);
}

// 1 is 0 with a column more that the statement does not name.
TEST(CostModel, BesideWhatDoesAsMuchAnIndexChangesNothing) {
  KnownPlans plans;
  plans.plans["q"] = {{{}, 100}, {{0}, 40}, {{1}, 45}, {{2}, 50}, {{1, 2}, 30}, {{0, 2}, 25}};
  CostModel model(plans);
  add(model, plans, "q", 1, {});
  model.relate(0, {0, 1, 2}, [](int narrow, int wide) { return narrow == 0 && wide == 1; });
  EXPECT_EQ(40, model.cost(0, {0}));
  EXPECT_EQ(2u, plans.asked.size()) << "all that matter first";
  EXPECT_EQ(40, model.cost(0, {0, 1})) << "what it costs beside 0 is known";
  EXPECT_EQ(25, model.cost(0, {0, 1, 2}));
  ASSERT_EQ(2u, plans.asked.size());
  EXPECT_EQ((std::vector<int>{0, 2}), plans.asked[0].second) << "1 is not asked about beside 0";
  EXPECT_EQ(45, model.cost(0, {1})) << "alone it is an index as others";
  EXPECT_EQ(45, model.bounds(0, {1, 2}).upper);
  EXPECT_EQ(25, model.bounds(0, {1, 2}).lower);
  EXPECT_EQ((IndexSet{0, 2}), model.used(0, {0, 1, 2}));
}

TEST(CostModel, NamesWhatStandsForAnIndexThatIsNotThere) {
  KnownPlans plans;
  plans.plans["q"] = {{{}, 100}, {{1}, 40}};
  CostModel model(plans);
  add(model, plans, "q", 1, {});
  ASSERT_TRUE(model.ask(0, {1}, plans));
  model.relate(0, {0, 1}, [](int narrow, int wide) { return narrow == 0 && wide == 1; });
  EXPECT_EQ((IndexSet{0}), model.used(0, {0}));
}

TEST(CostModel, PlansOnlyRequestsWithUnknownCost) {
  KnownPlans plans;
  for (const auto* sql : {"a", "b", "c"}) plans.plans[sql] = {{{}, 100}, {{0}, 40}};
  CostModel model(plans);
  for (const auto* sql : {"a", "b", "c"}) add(model, plans, sql, 1, {0});
  EXPECT_EQ(40, model.cost(1, {0}));
  model.ask_each({0, 1, 2}, {0});
  EXPECT_EQ(3u, plans.asked.size());
  for (std::size_t at = 0; at < 3; ++at) EXPECT_TRUE(model.bounds(at, {0}).known());
  plans.asked.clear();
  model.stop_when([] { return true; });
  model.ask_each({0}, {});
  EXPECT_TRUE(plans.asked.empty());
}

TEST(CostModel, TakesAnIndexThatCannotBePlannedWithForUseless) {
  KnownPlans plans;
  plans.plans["q"] = {{{}, 100}, {{1}, 40}};
  CostModel model(plans);
  add(model, plans, "q", 1, {1});
  plans.refuse = true;
  EXPECT_EQ(100, model.cost(0, {1}));
  EXPECT_FALSE(model.lost());
}

TEST(CostModel, StopsAskingALostServer) {
  KnownPlans plans;
  plans.plans["q"] = {{{}, 100}, {{1}, 40}, {{2}, 30}};
  CostModel model(plans);
  add(model, plans, "q", 1, {1, 2});
  plans.lose_after = 0;
  EXPECT_EQ(100, model.cost(0, {1}));
  EXPECT_EQ(100, model.cost(0, {2}));
  ASSERT_TRUE(model.lost());
  EXPECT_EQ(Error::Kind::database, model.loss()->kind);
  EXPECT_TRUE(model.stopped());
}

TEST(Selection, FillsTheBudgetWithWhatPaysPerByte) {
  KnownPlans plans;
  plans.plans["a"] = {{{}, 1000}, {{0}, 100}};
  plans.plans["b"] = {{{}, 1000}, {{1}, 500}};
  plans.plans["c"] = {{{}, 1000}, {{2}, 510}};
  CostModel model(plans);
  for (const auto* sql : {"a", "b", "c"}) add(model, plans, sql, 1, {0, 1, 2});
  const Sizes sizes{{100 * mb, 20 * mb, 20 * mb}, {0, 0, 0}, {}};
  EXPECT_EQ((IndexSet{1, 2}), select_indexes(model, sizes, {0, 1, 2}, {}, {.budget = 50 * mb}));
  EXPECT_EQ((IndexSet{0, 1}), select_indexes(model, sizes, {0, 1, 2}, {}, {.budget = 125 * mb}));
  EXPECT_EQ((IndexSet{0, 1, 2}), select_indexes(model, sizes, {0, 1, 2}, {}, {}));
  EXPECT_EQ((IndexSet{0}), select_indexes(model, sizes, {0, 1, 2}, {}, {.max_indexes = 1}));
}

// Per byte the small one is better, and leaves no room for the large one that is better in all.
TEST(Selection, ExchangesWhatGreedChose) {
  KnownPlans plans;
  plans.plans["a"] = {{{}, 1000}, {{0}, 800}, {{1}, 10}};
  CostModel model(plans);
  add(model, plans, "a", 1, {0, 1});
  const Sizes sizes{{10 * mb, 95 * mb}, {0, 0}, {}};
  EXPECT_EQ((IndexSet{1}), select_indexes(model, sizes, {0, 1}, {}, {.budget = 100 * mb}));
}

// Workloads of chance, small enough to try every set: within a percent of the best one, and mostly it.
TEST(Selection, ComesNearTheBestOfAllSets) {
  constexpr int indexes = 10, queries = 6, rounds = 150;
  std::mt19937 random(42);
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
  int best_found = 0;
  for (int round = 0; round < rounds; ++round) {
    KnownPlans plans;
    CostModel model(plans);
    IndexSet all(indexes);
    std::iota(all.begin(), all.end(), 0);
    std::vector<IndexSet> groups;
    for (int n = 0; n < queries; ++n) {
      auto& known = plans.plans["q" + std::to_string(n)];
      known = {{{}, 1000.0 + below(2000)}};
      for (int m = 0; m < 5; ++m) {
        std::set<int> needs{below(indexes), below(indexes)};
        known.push_back({{needs.begin(), needs.end()}, 50.0 + below(static_cast<int>(known.front().cost))});
        groups.emplace_back(needs.begin(), needs.end());
      }
      add(model, plans, "q" + std::to_string(n), 1 + below(3), all);
    }
    Sizes sizes{{}, std::vector<double>(indexes, 0), {}};
    for (int n = 0; n < indexes; ++n) sizes.bytes.push_back((5 + below(100)) * mb);
    const std::int64_t budget = (60 + below(300)) * mb;
    const IndexSet chosen = select_indexes(model, sizes, all, groups, {.budget = budget});
    std::int64_t taken = 0;
    for (const int index : chosen) taken += sizes.bytes[static_cast<std::size_t>(index)];
    ASSERT_LE(taken, budget);
    double best = 1e18;
    for (unsigned bits = 0; bits < 1u << indexes; ++bits) {
      IndexSet set;
      std::int64_t bytes = 0;
      for (int n = 0; n < indexes; ++n)
        if (bits >> n & 1u) set.push_back(n), bytes += sizes.bytes[static_cast<std::size_t>(n)];
      if (bytes <= budget) best = std::min(best, workload_cost(model, sizes, set));
    }
    const double found = workload_cost(model, sizes, chosen);
    EXPECT_LE(found, 1.01 * best) << "round " << round;
    best_found += found <= 1.0001 * best;
  }
  EXPECT_GE(best_found, rounds * 98 / 100);
}

TEST(Selection, SeesWhatPaysOnlyTogether) {
  KnownPlans plans;
  plans.plans["join"] = {{{}, 1000}, {{0, 1}, 10}, {{2}, 990}};
  CostModel model(plans);
  add(model, plans, "join", 1, {0, 1, 2});
  const Sizes sizes{{mb, mb, mb}, {0, 0, 0}, {}};
  EXPECT_EQ((IndexSet{0, 1}), select_indexes(model, sizes, {0, 1, 2}, {{0, 1}}, {.budget = 2 * mb}));
}

TEST(Selection, CountsCallsAndUpkeep) {
  KnownPlans plans;
  plans.plans["often"] = {{{}, 10}, {{0}, 5}};
  plans.plans["once"] = {{{}, 100}, {{1}, 5}};
  CostModel model(plans);
  add(model, plans, "often", 1000, {0, 1});
  add(model, plans, "once", 1, {0, 1});
  Sizes sizes{{mb, mb}, {0, 0}, {}};
  EXPECT_EQ((IndexSet{0}), select_indexes(model, sizes, {0, 1}, {}, {.budget = mb}));
  sizes.maintenance_cost = {6000, 0};
  EXPECT_EQ((IndexSet{1}), select_indexes(model, sizes, {0, 1}, {}, {.budget = 2 * mb}))
      << "writes would pay more than the reads gain";
}

TEST(Selection, MakesNoQueryMuchSlower) {
  KnownPlans plans;
  plans.plans["gains"] = {{{}, 1000}, {{0}, 10}};
  plans.plans["loses"] = {{{}, 100}};
  CostModel model(plans);
  add(model, plans, "gains", 1, {0});
  add(model, plans, "loses", 1, {0});
  plans.plans["loses"] = {{{0}, 120}};
  const Sizes sizes{{mb}, {0}, {}};
  EXPECT_EQ(IndexSet{}, select_indexes(model, sizes, {0}, {}, {.budget = mb}));
}

TEST(Selection, IsOrderedByWhatItPays) {
  KnownPlans plans;
  plans.plans["a"] = {{{}, 1000}, {{0}, 500}, {{1}, 600}, {{0, 1}, 400}};
  CostModel model(plans);
  add(model, plans, "a", 2, {0, 1});
  const Sizes sizes{{100 * mb, mb}, {0, 0}, {}};
  const auto steps = ordered_by_gain(model, sizes, {0, 1});
  ASSERT_EQ(2u, steps.size());
  EXPECT_EQ(1, steps[0].index);
  EXPECT_EQ(800, steps[0].saved);
  EXPECT_EQ(0, steps[1].index);
  EXPECT_EQ(400, steps[1].saved);
  EXPECT_EQ(800, workload_cost(model, sizes, {0, 1}));
}

TEST(Selection, GivesWhatItHasWhenTimeIsUp) {
  KnownPlans plans;
  plans.plans["a"] = {{{}, 1000}, {{0}, 500}};
  CostModel model(plans);
  add(model, plans, "a", 1, {0});
  model.stop_when([] { return true; });
  EXPECT_EQ(IndexSet{}, select_indexes(model, {{mb}, {0}, {}}, {0}, {}, {.budget = mb}));
  EXPECT_TRUE(model.stopped());
}

}  // namespace
}  // namespace pgadvise::advisor
