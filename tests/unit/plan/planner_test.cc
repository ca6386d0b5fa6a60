// The one place that gets plans: values, memory, the budget, Ctrl-C.
#include "plan/run/planner.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "plan/run/plan_set.h"
#include "sql/facts/facts.h"

namespace pgadvise::plan {
namespace {

// Answers each statement with a scan, by index where the value is "rare".
class Fake : public PlanSource {
 public:
  Result<Dependencies> dependencies(std::string_view, Names) override { return Dependencies{}; }
  Result<Plan> explain(const ExplainRequest& request) override {
    asked.push_back(request);
    if (lost) return fail(Error::Kind::database, "", "gone");
    if (request.analyze) std::this_thread::sleep_for(takes);
    Plan plan;
    const bool rare = !request.parameters.empty() && request.parameters[0] == "rare";
    plan.root.type = rare ? "Index Scan" : "Seq Scan";
    plan.root.relation = "orders";
    if (rare) plan.root.index = "by_state";
    plan.root.total_cost = cost;
    plan.analyzed = request.analyze;
    if (request.analyze) plan.root.actual_rows = 1;
    return plan;
  }
  std::string what_if_missing() const override { return {}; }
  std::vector<Parameters> typical_values(const QualifiedName&, const std::vector<std::string>&) override {
    return {};
  }
  TypicalValues typical(const QualifiedName&, const std::string& column) override {
    if (column == "note") return {};
    return {"common", "middle", "rare", "lowest", "highest"};
  }
  Result<std::vector<std::string>> values(const std::string&) override { return std::vector<std::string>{}; }
  bool superuser() const override { return false; }

  std::vector<ExplainRequest> asked;
  std::chrono::milliseconds takes{0};
  double cost = 100;
  bool lost = false;
};

class PlannerTest : public testing::Test {
 protected:
  PlannerTest() {
    Table table;
    table.name = {"public", "orders"};
    for (const auto* name : {"state", "note", "at", "id"})
      table.columns.push_back({.name = name, .type = "text"});
    catalog_.tables.emplace(table.name, table);
  }
  Query query(const std::string& text, std::vector<Sample> samples) {
    Query out;
    out.fingerprint = "f" + text;
    out.text = text;
    out.samples = std::move(samples);
    out.facts = sql::query_facts(text, catalog_);
    return out;
  }
  static Sample sample(const std::string& text, std::optional<Parameters> parameters) {
    return {{}, text, std::move(parameters), {}};
  }

  Catalog catalog_;
  Fake source_;
};

TEST_F(PlannerTest, TakesTheLogsValuesThenTypicalOnesThenNone) {
  Planner planner(source_, catalog_, {});
  const std::string text = "SELECT * FROM orders WHERE state = $1";
  const auto logged = planner.request(query(text, {sample(text, Parameters{"x"})}));
  ASSERT_TRUE(logged);
  EXPECT_EQ(logged->origin, "parameters from the log");
  EXPECT_EQ(logged->parameters, Parameters{"x"});
  const auto typical = planner.request(query(text, {sample(text, std::nullopt)}));
  ASSERT_TRUE(typical);
  EXPECT_EQ(typical->parameters, Parameters{"middle"});
  const std::string unknown = "SELECT * FROM orders WHERE note = $1";
  const auto generic = planner.request(query(unknown, {sample(unknown, std::nullopt)}));
  ASSERT_TRUE(generic);
  EXPECT_FALSE(generic->parameters_known);
  EXPECT_FALSE(planner.request(query(text, {})));
}

TEST_F(PlannerTest, FillsLimitListsAndRanges) {
  Planner planner(source_, catalog_, {});
  const auto parameters = [&](const std::string& text) {
    const auto request = planner.request(query(text, {sample(text, std::nullopt)}));
    return request && request->parameters_known ? request->parameters : Parameters{};
  };
  EXPECT_EQ(parameters("SELECT * FROM orders WHERE state = $1 ORDER BY id LIMIT $2 OFFSET $3"),
            (Parameters{"middle", "20", "0"}));
  EXPECT_EQ(parameters("SELECT * FROM orders WHERE state = ANY($1)"), Parameters{"{\"middle\"}"});
  EXPECT_EQ(parameters("SELECT * FROM orders WHERE state IN ($1, $2)"), (Parameters{"middle", "middle"}));
  EXPECT_EQ(parameters("SELECT * FROM orders WHERE at BETWEEN $1 AND $2"), (Parameters{"middle", "highest"}));
  EXPECT_EQ(parameters("SELECT * FROM orders WHERE at > $1::text"), Parameters{"middle"});
  EXPECT_EQ(parameters("SELECT $1::int FROM orders WHERE state = $2"), Parameters{})
      << "what is not compared has no value";
}

TEST_F(PlannerTest, VariantsAreGenericCommonMiddleRare) {
  Planner planner(source_, catalog_, {});
  const auto variants = planner.variants("SELECT * FROM orders WHERE state = $1 AND at >= $2");
  ASSERT_EQ(variants.size(), 4u);
  EXPECT_FALSE(variants[0].parameters_known);
  EXPECT_EQ(variants[1].parameters, (Parameters{"common", "lowest"})) << "much passes";
  EXPECT_EQ(variants[3].parameters, (Parameters{"rare", "highest"})) << "little passes";
  EXPECT_EQ(planner.variants("SELECT * FROM orders WHERE note = $1").size(), 1u);
  EXPECT_EQ(planner.variants("SELECT * FROM orders").size(), 1u);
}

TEST_F(PlannerTest, LooksUpAKeyAsTheServerDoes) {
  Planner planner(source_, catalog_, {});
  const auto key = [](const std::string& table, std::vector<std::string> columns) {
    return Probe{Probe::Kind::referential_lookup, {"public", table}, std::move(columns), {}};
  };
  const auto request = planner.lookup(key("orders", {"state", "id"}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sql,
            "SELECT x.ctid FROM ONLY public.orders x WHERE x.state = (SELECT CAST($1 AS text)) AND x.id = "
            "(SELECT CAST($2 AS text))");
  EXPECT_FALSE(request->parameters_known) << "pg_stats has none";
  EXPECT_EQ(request->names, Names::catalog);
  EXPECT_FALSE(planner.lookup(key("orders", {"gone"})));
  EXPECT_FALSE(planner.lookup(key("gone", {"id"})));
  catalog_.tables.begin()->second.kind = Table::Kind::partitioned;
  EXPECT_EQ(planner.lookup(key("orders", {"id"}))->sql,
            "SELECT x.ctid FROM public.orders x WHERE x.id = (SELECT CAST($1 AS text))");
}

TEST_F(PlannerTest, AsksOnce) {
  Planner planner(source_, catalog_, {});
  const PlanRequest request{"SELECT * FROM orders", {}, true, "as logged"};
  for (int i = 0; i < 3; ++i) {
    const auto gate = planner.explain(request);
    ASSERT_TRUE(gate);
    ASSERT_TRUE(planner.analyze(request, Decision{Allowed::analyze, {}}, *gate));
  }
  ASSERT_EQ(source_.asked.size(), 2u);
  EXPECT_FALSE(source_.asked[0].analyze);
  EXPECT_TRUE(source_.asked[1].analyze);
  EXPECT_GT(source_.asked[1].limit.count(), 0) << "no longer than what is left";
}

TEST_F(PlannerTest, StopsAnalyzingWhenTheTimeIsSpent) {
  source_.takes = std::chrono::milliseconds(30);
  Planner planner(source_, catalog_, {.analyze_budget = std::chrono::milliseconds(20)});
  const auto analyze = [&](const std::string& sql) {
    const PlanRequest request{sql, {}, true, "as logged"};
    const auto gate = planner.explain(request);
    return planner.analyze(request, Decision{Allowed::analyze, {}}, *gate)->limits;
  };
  EXPECT_EQ(analyze("SELECT 1 FROM orders"), "");
  EXPECT_EQ(analyze("SELECT 2 FROM orders"), "the time limit of EXPLAIN ANALYZE is used up");
  EXPECT_EQ(analyze("SELECT 2 FROM orders"), "the time limit of EXPLAIN ANALYZE is used up");
  EXPECT_EQ(planner.left_out(), 1) << "a statement is counted once";
  EXPECT_EQ(analyze("SELECT 1 FROM orders"), "") << "what is known stays known";
}

TEST_F(PlannerTest, AnExpensiveOrForbiddenStatementIsNotAnalyzed) {
  source_.cost = 3e6;
  Planner planner(source_, catalog_, {});
  const PlanRequest request{"SELECT * FROM orders", {}, true, "as logged"};
  const auto gate = planner.explain(request);
  EXPECT_NE(planner.analyze(request, Decision{Allowed::analyze, {}}, *gate)->limits.find("above the limit"),
            std::string::npos);
  EXPECT_EQ(planner.analyze(request, Decision{Allowed::explain, "it writes"}, *gate)->limits, "it writes");
  EXPECT_EQ(source_.asked.size(), 1u);
}

TEST_F(PlannerTest, AsksNothingMoreOnceStopped) {
  bool stop = false;
  Planner planner(source_, catalog_, {.stop = [&] { return stop; }});
  const PlanRequest request{"SELECT * FROM orders", {}, true, "as logged"};
  ASSERT_TRUE(planner.explain(request));
  stop = true;
  EXPECT_TRUE(planner.explain(request)) << "it is known already";
  EXPECT_FALSE(planner.explain({"SELECT 2 FROM orders", {}, true, {}}));
  EXPECT_FALSE(planner.explain_with(request, {"CREATE INDEX ON orders (id)"}));
  EXPECT_EQ(source_.asked.size(), 1u);
}

// One statement, several plans: told apart by their shape.
TEST_F(PlannerTest, PlansOfOtherValuesAreKeptWhereTheyDiffer) {
  Planner planner(source_, catalog_, {});
  const std::string text = "SELECT * FROM orders WHERE state = $1";
  const Query asked = query(
      text, {sample(text, Parameters{"a"}), sample(text, Parameters{"b"}), sample(text, Parameters{"rare"})});
  PlanSet set;
  Diagnostics diagnostics;
  add_planned(set, {&asked}, catalog_, planner, diagnostics);
  const auto& plans = set.plans.at(asked.fingerprint);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_TRUE(plans[0].plan->analyzed);
  EXPECT_EQ(plans[1].plan->root.index, "by_state");
  EXPECT_FALSE(plans[1].plan->analyzed);
  EXPECT_TRUE(diagnostics.empty());
}

TEST_F(PlannerTest, ALostServerIsSaidOnce) {
  source_.lost = true;
  Planner planner(source_, catalog_, {});
  const std::string text = "SELECT * FROM orders";
  const Query one = query(text, {sample(text, std::nullopt)});
  const Query two = query(text + " WHERE id = 'x'", {sample(text + " WHERE id = 'x'", std::nullopt)});
  PlanSet set;
  Diagnostics diagnostics;
  add_planned(set, {&one, &two}, catalog_, planner, diagnostics);
  EXPECT_EQ(diagnostics.size(), 1u);
  EXPECT_TRUE(set.plans.empty());
  EXPECT_TRUE(set.server);
}

// A server, and the connections to it.
struct Server {
  std::mutex mutex;
  std::vector<ExplainRequest> asked;
  std::set<const void*> who;  // was asked
  int running = 0, max_running = 0;
  std::chrono::milliseconds promised{0}, max_promised{0};  // limits of what runs
  std::chrono::milliseconds takes{10};
  std::chrono::milliseconds longer_beside_others{0};
  std::string ends;       // the connection that is asked to run this
  int ends_planning = 0;  // the connection that is asked to plan for the n-th time
  std::function<void()> on_run;

  int count(const std::string& sql, bool analyze) {
    return static_cast<int>(std::count_if(asked.begin(), asked.end(), [&](const ExplainRequest& request) {
      return request.sql == sql && request.analyze == analyze;
    }));
  }
};

class Line : public PlanSource {
 public:
  explicit Line(Server& server) : server_(server) {}
  Result<Dependencies> dependencies(std::string_view, Names) override {
    if (lost_) return gone();
    return Dependencies{};
  }
  Result<Plan> explain(const ExplainRequest& request) override {
    EXPECT_FALSE(busy_.exchange(true)) << "one request at a time";
    auto plan = answer(request);
    busy_ = false;
    return plan;
  }
  std::string what_if_missing() const override { return {}; }
  std::vector<Parameters> typical_values(const QualifiedName&, const std::vector<std::string>&) override {
    return {};
  }
  Result<std::vector<std::string>> values(const std::string&) override { return std::vector<std::string>{}; }
  bool superuser() const override { return false; }

 private:
  static tl::unexpected<Error> gone() {
    return fail(Error::Kind::database, "here", "the server closed the connection");
  }
  Result<Plan> answer(const ExplainRequest& request) {
    std::unique_lock lock(server_.mutex);
    server_.asked.push_back(request);
    server_.who.insert(this);
    lost_ = lost_ || (request.analyze ? request.sql == server_.ends : --server_.ends_planning == 0);
    if (lost_) return gone();
    if (request.analyze) {
      if (server_.on_run) server_.on_run();
      server_.max_running = std::max(server_.max_running, ++server_.running);
      server_.max_promised = std::max(server_.max_promised, server_.promised += request.limit);
      const auto takes =
          server_.takes + (server_.running > 1 ? server_.longer_beside_others : std::chrono::milliseconds(0));
      lock.unlock();
      std::this_thread::sleep_for(std::min(takes, request.limit));
      lock.lock();
      server_.promised -= request.limit;
      --server_.running;
      if (takes > request.limit) return fail(Error::Kind::nonfatal, "here", "canceled");
    }
    Plan plan;
    plan.root.type = "Seq Scan";
    plan.root.relation = "orders";
    plan.root.total_cost = static_cast<double>(request.sql.size());
    plan.root.filter = request.sql;
    plan.analyzed = request.analyze;
    return plan;
  }

  Server& server_;
  std::atomic<bool> busy_ = false;
  bool lost_ = false;
};

class SeveralSources : public PlannerTest {
 protected:
  SeveralSources() {
    for (int i = 0; i < 12; ++i) {
      const std::string text = "SELECT * FROM orders WHERE id = 'x" + std::to_string(i) + "'";
      queries_.push_back(query(text, {sample(text, std::nullopt)}));
    }
    for (const auto& one : queries_) statements_.push_back(&one);
  }
  std::unique_ptr<Planner> planner(std::size_t sources, PlannerOptions options = {}) {
    options.more_sources = [this, sources] {
      std::vector<std::unique_ptr<PlanSource>> out;
      for (std::size_t at = 1; at < sources; ++at) out.push_back(std::make_unique<Line>(server_));
      return out;
    };
    return std::make_unique<Planner>(first_, catalog_, std::move(options));
  }
  // Each statement's plans.
  std::vector<std::string> planned(Planner& planner) {
    PlanSet set;
    add_planned(set, statements_, catalog_, planner, diagnostics_);
    std::vector<std::string> out;
    for (const auto& one : queries_)
      for (const auto& known : set.plans[one.fingerprint])
        out.push_back(one.text + ": " + known.origin + " " + known.plan->root.filter);
    return out;
  }

  Server server_;
  Line first_{server_};
  std::vector<Query> queries_;
  std::vector<const Query*> statements_;
  Diagnostics diagnostics_;
};

TEST_F(SeveralSources, AnswerAsOne) {
  const auto alone = planned(*planner(1));
  EXPECT_EQ(server_.max_running, 1);
  EXPECT_EQ(server_.who.size(), 1u);
  EXPECT_EQ(alone.size(), 12u);
  server_.asked.clear();
  const auto three = planner(3);
  EXPECT_EQ(planned(*three), alone);
  EXPECT_GT(server_.max_running, 1);
  EXPECT_LE(server_.max_running, 3);
  EXPECT_GT(server_.who.size(), 1u);
  for (const auto& one : queries_)
    for (const bool analyze : {false, true}) EXPECT_EQ(server_.count(one.text, analyze), 1) << one.text;
  EXPECT_EQ(three->planned(), 12u);
  EXPECT_EQ(three->run(), 12u);
  EXPECT_GE(three->spent(), server_.takes * 12) << "in sum";
  EXPECT_TRUE(diagnostics_.empty());
  EXPECT_EQ(planned(*three), alone);
  EXPECT_EQ(server_.asked.size(), 24u) << "all is known";
}

TEST_F(SeveralSources, AreOpenedForWorkToShareAlone) {
  const auto three = planner(3);
  statements_.resize(1);
  EXPECT_EQ(planned(*three).size(), 1u);
  EXPECT_EQ(three->sources(), 1u);
}

TEST_F(SeveralSources, TheSameIsAskedOnce) {
  const auto three = planner(3);
  const PlanRequest request{"SELECT * FROM orders", {}, true, "as logged"};
  std::atomic<int> answers = 0;
  three->for_each(30, [&](std::size_t) {
    const auto gate = three->explain(request);
    if (gate && three->analyze(request, Decision{Allowed::analyze, {}}, *gate)) ++answers;
  });
  EXPECT_EQ(answers, 30);
  EXPECT_EQ(server_.asked.size(), 2u);
}

// Megabytes.
__attribute__((noinline)) int use_stack(int depth) {
  volatile char room[std::size_t{1} << 20];
  room[0] = 1;
  return (depth > 1 ? use_stack(depth - 1) : 0) + room[0];
}

// Plans nest as statements do, and the usual stack of a thread is that of `ulimit -s`.
TEST_F(SeveralSources, HaveRoomForDeepPlans) {
  const auto three = planner(3);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> deep = 0;
  three->for_each(30, [&](std::size_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (std::this_thread::get_id() == caller) return;
    deep += use_stack(64);
  });
  EXPECT_GT(deep, 0);
}

TEST_F(SeveralSources, WhatRunsIsPromisedNoMoreThanIsLeft) {
  // Two whole statements' time and a bit: the third would be cut short, and waits.
  (void)planned(*planner(3, {.analyze_budget = std::chrono::milliseconds(12'000)}));
  EXPECT_LE(server_.max_running, 2);
  EXPECT_FALSE(server_.asked.empty());
  for (const auto& request : server_.asked)
    EXPECT_EQ(request.limit, request.analyze ? longest_explain : std::chrono::seconds(0));
  server_.max_running = 0;
  server_.max_promised = {};
  server_.asked.clear();
  // Less than one's: one after the other, each as far as it goes.
  server_.takes = std::chrono::milliseconds(40);
  const auto short_of_time = planner(3, {.analyze_budget = std::chrono::milliseconds(100)});
  (void)planned(*short_of_time);
  EXPECT_EQ(server_.max_running, 1);
  EXPECT_LE(server_.max_promised, std::chrono::milliseconds(100));
  EXPECT_EQ(short_of_time->run() + static_cast<std::size_t>(short_of_time->left_out()), 12u);
  EXPECT_LE(short_of_time->run(), 3u);
  EXPECT_EQ(short_of_time->planned(), 12u);
}

TEST_F(SeveralSources, WhatTakesTooLongBesideOthersIsRunAlone) {
  const auto alone = planned(*planner(1));
  server_.asked.clear();
  server_.longer_beside_others = std::chrono::milliseconds(500);
  const PlannerOptions options{.longest_run = std::chrono::milliseconds(60)};
  EXPECT_EQ(planned(*planner(3, options)), alone);
  EXPECT_GT(server_.asked.size(), 24u);
  // What is too long at all is tried no more than twice.
  server_.asked.clear();
  server_.takes = std::chrono::milliseconds(500);
  const auto three = planner(3, options);
  const auto plans = planned(*three);
  EXPECT_EQ(plans.size(), queries_.size());
  for (const auto& plan : plans) EXPECT_NE(plan.find("EXPLAIN, "), std::string::npos) << plan;
  for (const auto& one : queries_) EXPECT_LE(server_.count(one.text, true), 2);
  EXPECT_EQ(three->run(), 12u);
  EXPECT_EQ(three->left_out(), 0);
}

// Who ended it may not want it to run.
TEST_F(SeveralSources, AStatementThatLostItsServerIsNotRunAgainAndTheOthersAre) {
  server_.ends = queries_[4].text;
  const auto three = planner(3);
  const auto plans = planned(*three);
  EXPECT_TRUE(diagnostics_.empty());
  ASSERT_EQ(plans.size(), 12u);
  for (std::size_t at = 0; at < plans.size(); ++at)
    EXPECT_EQ(plans[at].find("EXPLAIN ANALYZE,") == std::string::npos, at == 4) << plans[at];
  EXPECT_EQ(server_.count(server_.ends, true), 1);
  ASSERT_EQ(three->lost().size(), 1u);
  const PlanRequest request{server_.ends, {}, true, "as logged"};
  EXPECT_EQ(three->analyze(request, Decision{Allowed::analyze, {}}, Plan{})->limits,
            "EXPLAIN ANALYZE did not finish: the server closed the connection");
}

TEST_F(SeveralSources, WhatWasToBePlannedIsPlannedOnAnother) {
  const auto alone = planned(*planner(1));
  for (int nth : {1, 5}) {
    Line fresh(server_);
    server_.ends_planning = nth;
    Planner two(fresh, catalog_, {.more_sources = [&] {
                  std::vector<std::unique_ptr<PlanSource>> out;
                  out.push_back(std::make_unique<Line>(server_));
                  return out;
                }});
    EXPECT_EQ(planned(two), alone);
    EXPECT_EQ(two.lost().size(), 1u);
  }
  EXPECT_TRUE(diagnostics_.empty());
}

TEST_F(SeveralSources, AServerThatIsGoneForAllIsSaidOnce) {
  class Gone final : public Line {
   public:
    using Line::Line;
    Result<Dependencies> dependencies(std::string_view, Names) override {
      return fail(Error::Kind::database, "here", "gone");
    }
  };
  Gone gone(server_);
  Planner two(gone, catalog_, {.more_sources = [&] {
                std::vector<std::unique_ptr<PlanSource>> out;
                out.push_back(std::make_unique<Gone>(server_));
                return out;
              }});
  EXPECT_TRUE(planned(two).empty());
  EXPECT_EQ(diagnostics_.size(), 1u);
  EXPECT_EQ(two.lost().size(), 2u);
  EXPECT_FALSE(two.explain({"SELECT 1 FROM orders", {}, true, {}}));
  EXPECT_TRUE(server_.asked.empty());
}

TEST_F(SeveralSources, NothingIsBegunOnceStopped) {
  std::atomic<bool> stop = false;
  server_.on_run = [&] { stop = true; };
  const auto three = planner(3, {.stop = [&] { return stop.load(); }});
  (void)planned(*three);
  EXPECT_LE(three->run(), 3u);
  EXPECT_LE(three->planned(), 6u);
  EXPECT_TRUE(diagnostics_.empty());
}

TEST(LoggedPlans, AreReadAndWhatIsNoneIsNamed) {
  Workload workload;
  Query query;
  query.fingerprint = "1";
  LoggedPlan& logged = query.plan.emplace();
  logged.place = {"a.log", 3};
  logged.duration_ms = 12.5;
  logged.text = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..9.0 rows=1 loops=1)";
  workload.queries.push_back(query);
  query.fingerprint = "2";
  query.plan->format = LoggedPlan::Format::json;
  query.plan->text = "{\"Plan\": 5}";
  workload.queries.push_back(query);
  PlanSet set;
  Diagnostics diagnostics;
  add_logged(set, workload, nullptr, diagnostics);
  ASSERT_EQ(set.plans.size(), 1u);
  EXPECT_EQ(set.plans.at("1").front().origin, "auto_explain, 12.5 ms");
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_FALSE(set.server);
}

}  // namespace
}  // namespace pgadvise::plan
