#include "advisor/search/evaluate.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "advisor/search/drops.h"
#include "model/results/evaluation.h"
#include "model/schema/index_comparison.h"
#include "report/json/advice_json.h"
#include "report/text/advice_text.h"
#include "sql/definitions/written_indexes.h"
#include "sql/facts/facts.h"
#include "support/schema.h"

namespace pgadvise::advisor {
namespace {

Catalog shop() {
  Catalog catalog;
  Table orders;
  orders.name = {"public", "orders"};
  orders.columns = {{.name = "id", .type = "integer"}, {.name = "status", .type = "text", .collation = "C"}};
  orders.indexes.push_back(
      {.name = "orders_pkey", .keys = {{.column = "id"}}, .unique = true, .constraint = true});
  orders.indexes.push_back({.name = "orders_status", .keys = {{.column = "status"}}});
  orders.indexes.push_back(
      {.name = "orders_key", .keys = {{.column = "status"}, {.column = "id"}}, .unique = true});
  orders.constraints.push_back(
      {.kind = Constraint::Kind::primary_key, .name = "orders_pkey", .columns = {"id"}});
  Table other;
  other.name = {"billing", "orders"};
  other.indexes.push_back({.name = "orders_status", .keys = {{.column = "status"}}});
  catalog.tables.emplace(orders.name, orders);
  catalog.tables.emplace(other.name, other);
  return catalog;
}

TEST(WrittenIndexes, ReadsCreateIndexAndNamesEverythingElse) {
  const auto read = sql::read_indexes(
      "CREATE UNIQUE INDEX CONCURRENTLY x ON orders (status COLLATE \"C\" DESC) INCLUDE (id) WHERE id > 1;\n"
      "DROP TABLE orders;\n  CREATE INDEX ON;\nCREATE INDEX ON billing.orders (status)",
      "p.sql", shop(), {"public"});
  ASSERT_EQ(2u, read.indexes.size());
  EXPECT_EQ((QualifiedName{"public", "orders"}), read.indexes[0].table);
  EXPECT_TRUE(read.indexes[0].concurrently);
  EXPECT_TRUE(read.indexes[0].index.unique);
  EXPECT_EQ("", read.indexes[0].index.keys[0].collation) << "the column's own";
  EXPECT_EQ("p.sql:4:1", read.indexes[1].index.origin.str());
  ASSERT_EQ(2u, read.refused.size());
  EXPECT_EQ("p.sql:2:1: is not CREATE INDEX", read.refused[0].line());
  EXPECT_EQ(Error::Kind::nonfatal, read.refused[0].kind);
  EXPECT_EQ("p.sql:3:3", read.refused[1].where);
  EXPECT_EQ(Error::Kind::input, read.refused[1].kind);
}

TEST(WrittenIndexes, TakesDeepExpressionsForAnError) {
  const std::string deep(200'000, '(');
  const auto read = sql::read_indexes("CREATE INDEX ON orders (" + deep, "p.sql", shop(), {"public"});
  EXPECT_TRUE(read.indexes.empty());
  EXPECT_EQ(1u, read.refused.size());
}

TEST(ProposedDrop, RefusesWhatIsNeededAndAsksForTheSchema) {
  const auto catalog = shop();
  const auto key = proposed_drop("orders_pkey", catalog, {"public"});
  ASSERT_TRUE(key);
  EXPECT_EQ(EvaluatedDrop::Verdict::refused, key->verdict);
  EXPECT_EQ("the index belongs to the primary key", key->reason);
  EXPECT_EQ("", key->sql);
  EXPECT_EQ(EvaluatedDrop::Verdict::refused, proposed_drop("orders_key", catalog, {"public"})->verdict);
  const auto found = proposed_drop("orders_status", catalog, {"public"});
  ASSERT_TRUE(found);
  EXPECT_EQ("DROP INDEX CONCURRENTLY public.orders_status;", found->sql);
  EXPECT_EQ("billing", proposed_drop("billing.orders_status", catalog, {"public"})->table.schema);
  EXPECT_FALSE(proposed_drop("orders_status", catalog, {"elsewhere"})) << "two schemas have one";
  EXPECT_FALSE(proposed_drop("nothing", catalog, {"public"}));
}

TEST(IndexComparison, KnowsPrefixesReverseOrderAndOtherMethods) {
  const Index narrow{.keys = {{.column = "a"}}};
  const Index wide{.keys = {{.column = "a", .descending = true, .nulls_first = true}, {.column = "b"}}};
  EXPECT_TRUE(serves_instead(wide, narrow));
  EXPECT_FALSE(serves_instead(narrow, wide));
  Index hash{.method = "hash", .keys = {{.column = "a"}}};
  EXPECT_TRUE(serves_instead(hash, hash));
  EXPECT_FALSE(serves_instead(wide, hash));
}

// A server on which every function is harmless.
class Harmless : public plan::PlanSource {
 public:
  Result<plan::Dependencies> dependencies(std::string_view, plan::Names) override {
    return plan::Dependencies{};
  }
  Result<Plan> explain(const plan::ExplainRequest&) override { return Plan{}; }
  std::string what_if_missing() const override { return {}; }
  std::vector<Parameters> typical_values(const QualifiedName&, const std::vector<std::string>&) override {
    return {};
  }
  Result<std::vector<std::string>> values(const std::string&) override { return std::vector<std::string>{}; }
  bool superuser() const override { return false; }
};

// Plans that are known by the statement's table and the leading key of a hypothetical index, or whether the
// existing index is hidden.
class KnownCosts : public plan::WhatIf {
 public:
  std::map<std::string, double> by_definition;  // of an index; the cheapest one is used
  double base = 1000;
  double without_existing = 1000;
  double rows_written = 0;
  bool hidden = false;
  bool lost = false;

  int add(const QualifiedName&, std::vector<std::string> definitions) override {
    definitions_.push_back(definitions.empty() ? "" : definitions.front());
    return static_cast<int>(definitions_.size()) - 1;
  }
  Result<plan::WhatIfPlan> cost(const plan::WhatIfStatement& statement,
                                const std::vector<int>& indexes) override {
    ++calls_;
    if (lost) return fail(Error::Kind::database, "", "the server closed the connection");
    plan::WhatIfPlan out{hidden ? without_existing : base, {}, 0};
    if (statement.sql.starts_with("INSERT")) return plan::WhatIfPlan{1, {}, rows_written};
    for (const int index : indexes) {
      const auto known = by_definition.find(definitions_[static_cast<std::size_t>(index)]);
      if (known != by_definition.end() && known->second < out.cost) out = {known->second, {index}, 0};
    }
    return out;
  }
  Result<std::vector<std::int64_t>> sizes(const std::vector<int>& indexes) override {
    return std::vector<std::int64_t>(indexes.size(), 1);
  }
  void clear() override {}
  std::uint64_t calls() const override { return calls_; }

 private:
  std::vector<std::string> definitions_;
  std::uint64_t calls_ = 0;
};

Workload asking(const std::vector<std::string>& statements, const Catalog& catalog) {
  Workload out;
  for (const auto& statement : statements) {
    Query query;
    query.fingerprint = "f" + std::to_string(out.queries.size());
    query.text = statement;
    query.calls = 10;
    query.facts = sql::query_facts(statement, catalog, {"public"});
    out.queries.push_back(std::move(query));
  }
  return out;
}

class Evaluating : public testing::Test {
 protected:
  Evaluation evaluate(const std::vector<std::string>& proposals, const std::vector<std::string>& drops = {}) {
    std::vector<ProposedCandidate> candidates;
    for (const auto& text : proposals)
      for (auto& written : sql::read_indexes(text, "p.sql", catalog_, {"public"}).indexes)
        candidates.push_back({std::move(written), "candidate " + std::to_string(candidates.size() + 1), {}});
    std::vector<EvaluatedDrop> dropped;
    for (const auto& name : drops) dropped.push_back(*proposed_drop(name, catalog_, {"public"}));
    Harmless source;
    EvaluateOptions options;
    options.hide = [this](const std::vector<QualifiedName>&) {
      costs_.hidden = true;
      return Result<void>();
    };
    return advisor::evaluate(asking(statements_, catalog_), catalog_, source, costs_, candidates,
                             std::move(dropped), options, diagnostics_);
  }
  Catalog catalog_ = shop();
  std::vector<std::string> statements_{"SELECT id FROM orders WHERE id = $1"};
  KnownCosts costs_;
  Diagnostics diagnostics_;
};

using Verdict = EvaluatedIndex::Verdict;

TEST_F(Evaluating, ComparesWithEachOtherAndWithWhatExists) {
  costs_.by_definition = {{"CREATE INDEX ON public.orders (id, status)", 100},
                          {"CREATE INDEX ON public.orders (id DESC, status)", 100}};
  const auto found = evaluate({"CREATE INDEX ON orders (id, status)", "CREATE INDEX ON orders (id, status)",
                               "CREATE INDEX ON orders (status)"});
  ASSERT_EQ(3u, found.candidates.size());
  EXPECT_EQ(Verdict::improves, found.candidates[0].verdict);
  EXPECT_EQ(9'000, found.candidates[0].cost_saved);
  EXPECT_EQ("candidate 1", found.candidates[1].served_by);
  EXPECT_EQ(Verdict::redundant, found.candidates[1].verdict);
  EXPECT_EQ("orders_status", found.candidates[2].served_by);
  EXPECT_EQ(Verdict::redundant, found.candidates[2].verdict);
  EXPECT_EQ(10'000, found.cost_before);
  EXPECT_EQ(1'000, found.cost_after);
  EXPECT_EQ(9'000, found.candidates[1].cost_saved_alone);
  EXPECT_EQ(0, found.candidates[1].cost_saved);
}

TEST_F(Evaluating, FindsAPrefixThatDoesAsWell) {
  costs_.by_definition = {{"CREATE INDEX ON public.orders (id, status)", 100},
                          {"CREATE INDEX ON public.orders (id)", 110}};
  catalog_.tables.at({"public", "orders"}).statistics = TableStatistics{.rows = 1e6, .pages = 9000};
  const auto found = evaluate({"CREATE INDEX ON orders (id, status)"});
  ASSERT_EQ(1u, found.candidates.size());
  EXPECT_EQ(Verdict::improves, found.candidates[0].verdict) << found.candidates[0].reason;
  ASSERT_TRUE(found.candidates[0].smaller);
  EXPECT_EQ("CREATE INDEX ON public.orders (id)", found.candidates[0].smaller->sql);
  EXPECT_EQ("without the last key column", found.candidates[0].smaller->difference);
  EXPECT_EQ(8'900, found.candidates[0].smaller->cost_saved);
  ASSERT_EQ(1u, found.better.size());
  EXPECT_EQ(100, found.better[0].cost_after);
}

TEST_F(Evaluating, CountsWhatWritesPay) {
  statements_ = {"INSERT INTO orders SELECT id, status FROM orders"};
  costs_.rows_written = 50;
  const auto found = evaluate({"CREATE INDEX ON orders (id, status)"});
  ASSERT_EQ(1u, found.candidates.size());
  EXPECT_EQ(Verdict::worse, found.candidates[0].verdict);
  EXPECT_EQ(500, found.candidates[0].maintenance_cost);
  ASSERT_EQ(1u, found.worse.size());
  EXPECT_EQ(51, found.worse[0].cost_after);
}

TEST_F(Evaluating, UniquenessIsAGainThatNoQueryShows) {
  statements_ = {"INSERT INTO orders SELECT id, status FROM orders"};
  costs_.rows_written = 50;
  const auto found =
      evaluate({"CREATE UNIQUE INDEX ON orders (id, status)", "CREATE UNIQUE INDEX ON orders (id)"});
  ASSERT_EQ(2u, found.candidates.size());
  EXPECT_EQ(Verdict::improves, found.candidates[0].verdict) << found.candidates[0].reason;
  EXPECT_EQ(Verdict::redundant, found.candidates[1].verdict) << found.candidates[1].reason;
  EXPECT_EQ("orders_pkey", found.candidates[1].served_by);
}

TEST_F(Evaluating, ADropMakesQueriesWorseUnlessACandidateReplacesTheIndex) {
  costs_.without_existing = 5000;
  EXPECT_EQ(EvaluatedDrop::Verdict::harmless, evaluate({}, {"orders_status"}).drops.at(0).verdict)
      << "the statement does not use the index's column";
  statements_ = {"SELECT id FROM orders WHERE status = $1"};
  costs_ = KnownCosts();
  costs_.without_existing = 5000;
  const auto alone = evaluate({}, {"orders_status"});
  ASSERT_EQ(1u, alone.drops.size());
  EXPECT_EQ(EvaluatedDrop::Verdict::worse, alone.drops[0].verdict);
  EXPECT_EQ(std::vector<std::string>{"f0"}, alone.drops[0].queries);
  EXPECT_EQ(50'000, alone.cost_after);
  costs_ = KnownCosts();
  costs_.without_existing = 5000;
  costs_.by_definition = {{"CREATE INDEX ON public.orders (status)", 1000}};
  const auto replaced = evaluate({"CREATE INDEX ON orders (status)"}, {"orders_status", "orders_key"});
  EXPECT_EQ(EvaluatedDrop::Verdict::harmless, replaced.drops[0].verdict);
  EXPECT_EQ(EvaluatedDrop::Verdict::refused, replaced.drops[1].verdict);
}

TEST_F(Evaluating, ALostServerEndsIt) {
  costs_.lost = true;
  const auto found = evaluate({"CREATE INDEX ON orders (id, status)"});
  EXPECT_FALSE(found.complete);
  ASSERT_EQ(1u, diagnostics_.size());
  EXPECT_EQ(Error::Kind::database, diagnostics_[0].kind);
}

Evaluation evaluation() {
  Evaluation out;
  out.cost_before = 1000;
  out.cost_after = 700;
  EvaluatedIndex index;
  index.where = "p.sql:1:1";
  index.table = {"public", "orders"};
  index.sql = "CREATE INDEX ON public.orders (a, b)";
  index.verdict = EvaluatedIndex::Verdict::improves;
  index.size_bytes = 1'000'000;
  index.cost_saved = 300;
  index.queries = {"aa"};
  index.replaces = {"old\x1b[31m"};
  index.smaller =
      SmallerIndex{"CREATE INDEX ON public.orders (a)", "without the last key column", 500'000, 290};
  out.candidates.push_back(index);
  out.better.push_back({"aa", "select 1", 3, 200, 100});
  return out;
}

TEST(EvaluationReport, ShowsTheVerdictAndMatchesItsSchema) {
  Evaluation all = evaluation();
  EXPECT_FALSE(objectionable(all));
  const auto text = report::evaluation_text(all, {});
  for (const char* part :
       {"p.sql:1:1: improves", "Relative cost 70.0%", "CREATE INDEX ON public.orders (a)\n"}) {
    EXPECT_NE(std::string::npos, text.find(part)) << text;
  }
  EXPECT_EQ(std::string::npos, text.find('\x1b')) << text;
  for (const auto verdict : {Verdict::improves, Verdict::no_gain, Verdict::redundant, Verdict::worse,
                             Verdict::cannot_be_built, Verdict::not_costed}) {
    all.candidates[0].verdict = verdict;
    const bool wrong =
        verdict == Verdict::redundant || verdict == Verdict::worse || verdict == Verdict::cannot_be_built;
    EXPECT_EQ(wrong, objectionable(all)) << name(verdict);
    EXPECT_EQ("", testing_support::violations("evaluation.schema.json",
                                              nlohmann::json::parse(report::evaluation_json(all, {}))));
  }
}

}  // namespace
}  // namespace pgadvise::advisor
