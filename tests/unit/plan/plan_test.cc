#include <map>

#include <gtest/gtest.h>

#include "lint/run/context.h"
#include "plan/read/reader.h"
#include "plan/read/rows_written.h"
#include "plan/run/confirm.h"
#include "plan/run/safety.h"

namespace pgadvise::plan {
namespace {

std::string seq_scan(double cost, const std::string& extra = "") {
  return R"([{"Plan": {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "x", "Startup Cost": 0, "Total Cost": )" +
         std::to_string(cost) + R"(, "Plan Rows": 10)" + extra + "}}]";
}
const std::string analyzed =
    R"(, "Actual Rows": 10, "Actual Loops": 1, "Rows Removed by Filter": 249990, "Shared Hit Blocks": 4000)";

std::string index_scan(const std::string& index, double cost,
                       const std::string& condition = "(customer_id = $0)") {
  return R"([{"Plan": {"Node Type": "Index Scan", "Relation Name": "orders", "Index Name": ")" + index +
         R"(", "Index Cond": ")" + condition + R"(", "Total Cost": )" + std::to_string(cost) +
         R"(, "Plan Rows": 10}}])";
}

// Recorded plans: what a server said, by what was asked of it.
class Recorded : public PlanSource {
 public:
  Result<Dependencies> dependencies(std::string_view, Names) override { return depends; }
  Result<Plan> explain(const ExplainRequest& request) override {
    asked.push_back(request);
    if (error) return tl::unexpected(*error);
    if (!request.hypothetical.empty() && request.hypothetical.front().ends_with(rejected))
      return fail(Error::Kind::nonfatal, "", std::string(rejected_index) + "not immutable");
    for (const auto& [keys, plan] : with_index_on)
      if (!request.hypothetical.empty() && request.hypothetical.front().ends_with(keys))
        return read_json(plan);
    return read_json(request.analyze ? with_analyze : request.hypothetical.empty() ? without : with_index);
  }
  std::string what_if_missing() const override { return missing; }
  std::vector<Parameters> typical_values(const QualifiedName&,
                                         const std::vector<std::string>& columns) override {
    return {Parameters(columns.size(), "7")};
  }
  Result<std::vector<std::string>> values(const std::string& select) override {
    asked.push_back({select, {}, false, {}});
    if (error) return tl::unexpected(*error);
    return sampled;
  }
  bool superuser() const override { return false; }

  Dependencies depends;
  std::string without, with_analyze, with_index, missing;
  std::map<std::string, std::string> with_index_on;  // by the keys: "(a)"
  std::string rejected = "(no such keys)";           // of an index that HypoPG does not make
  std::vector<std::string> sampled;
  std::optional<Error> error;
  std::vector<ExplainRequest> asked;
};

class Confirm : public testing::Test {
 protected:
  Confirm() {
    Table table;
    table.name = {"public", "orders"};
    table.columns = {{.name = "id", .type = "integer"},
                     {.name = "customer_id", .type = "integer"},
                     {.name = "code", .type = "text"}};
    table.statistics = TableStatistics{.rows = 250000, .pages = 4000, .bytes = 4000 * 8192};
    table.indexes.push_back(
        {.name = "orders_code_customer_id_idx", .keys = {{.column = "code"}, {.column = "customer_id"}}});
    catalog_.tables.emplace(table.name, table);
    source_.without = seq_scan(5000);
    source_.with_analyze = seq_scan(5000, analyzed);
    source_.with_index = index_scan("<13>btree_orders_customer_id", 12);
  }

  Finding run() {
    Finding finding;
    finding.rule = "unindexed-foreign-key";
    finding.probe = Probe{Probe::Kind::referential_lookup, {"public", "orders"}, {"customer_id"}, {}};
    finding.proposal = IndexProposal{.table = {"public", "orders"}, .keys = {{.column = "customer_id"}}};
    std::vector<Finding> findings{finding, finding};
    ConfirmOptions options;
    options.hypothetical = [](const IndexProposal&) {
      return std::vector<std::string>{"CREATE INDEX ON public.orders (customer_id)"};
    };
    Planner planner(source_, catalog_, {});
    apply_confirmations(confirm(findings, catalog_, nullptr, planner, options, diagnostics_), findings);
    last_ = findings.back();
    return findings.front();
  }

  Catalog catalog_;
  Recorded source_;
  Diagnostics diagnostics_;
  Finding last_;
};

TEST_F(Confirm, ASequentialScanOfALargeTableIsConfirmedAndCosted) {
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::confirmed);
  ASSERT_TRUE(finding.fix);
  EXPECT_EQ(finding.fix->cost_before, 5000);
  EXPECT_EQ(finding.fix->cost_after, 12);
  EXPECT_EQ(
      finding.evidence.front().text,
      "EXPLAIN ANALYZE: Seq Scan on orders reads 250,000 rows and keeps 10; 4,000 pages, 0.0 ms in total "
      "(with a value from pg_stats)");
  EXPECT_EQ(source_.asked.front().sql,
            "SELECT x.ctid FROM ONLY public.orders x WHERE x.customer_id = (SELECT CAST($1 AS integer))");
  EXPECT_FALSE(source_.asked.front().analyze) << "EXPLAIN alone comes first";
}

TEST_F(Confirm, AnotherWayRefutes) {
  source_.without = index_scan("orders_customer", 8);
  catalog_.tables.begin()->second.indexes.push_back(
      {.name = "orders_customer", .keys = {{.column = "customer_id"}}});
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::refuted);
  EXPECT_EQ(finding.verdict_reason, "the planner uses another plan: Index Scan using orders_customer");
}

TEST_F(Confirm, AWholeIndexReadForItsSecondColumnIsNoOtherWay) {
  source_.without = index_scan("orders_code_customer_id_idx", 4800);
  source_.with_analyze = source_.without;
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::confirmed) << finding.verdict_reason;
}

TEST_F(Confirm, ASmallTableRefutesAndAnEmptyOneTellsNothing) {
  catalog_.tables.begin()->second.statistics = TableStatistics{.rows = 36, .pages = 1, .bytes = 8192};
  EXPECT_EQ(run().verdict_reason, "the table is small: 1 pages, about 36 rows");
  EXPECT_EQ(run().verdict, Verdict::refuted);
  catalog_.tables.begin()->second.statistics = TableStatistics{.rows = 0, .pages = 0, .bytes = 0};
  EXPECT_EQ(run().verdict, Verdict::suspected);
}

TEST_F(Confirm, AnIndexThatThePlannerLeavesAloneIsTakenBack) {
  source_.with_index = seq_scan(5000);
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::refuted);
  EXPECT_FALSE(finding.proposal);
}

TEST_F(Confirm, NothingRunsThatIsNotKnownToBeHarmless) {
  source_.depends.unknown_functions = {"shop.track"};
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::suspected);
  EXPECT_NE(finding.verdict_reason.find("shop.track"), std::string::npos);
  EXPECT_TRUE(source_.asked.empty());
}

TEST_F(Confirm, WithoutHypoPGTheFindingSaysSo) {
  source_.missing = "HypoPG is not installed";
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::confirmed);
  EXPECT_FALSE(finding.fix);
  EXPECT_EQ(finding.evidence.back().text, "the cost with the index is unknown: HypoPG is not installed");
}

// A logged statement that reads the table in sequence, whose own proposal is an index on `code`.
class ConfirmStatement : public Confirm {
 protected:
  Finding run_statement(bool proposes = true,
                        const std::string& sql = "SELECT id FROM orders WHERE code = 'x'") {
    Workload workload;
    Query query;
    query.fingerprint = "f";
    query.text = sql;
    query.facts.kind = sql.starts_with("UPDATE") ? StatementKind::update : StatementKind::select;
    query.samples.emplace_back().statement = query.text;
    workload.queries.push_back(query);
    Finding finding;
    finding.probe = Probe{.kind = Probe::Kind::statement, .table = {"public", "orders"}, .fingerprint = "f"};
    finding.probe->search_index = true;
    if (proposes)
      finding.proposal = IndexProposal{.table = {"public", "orders"}, .keys = {{.column = "code"}}};
    std::vector<Finding> findings{finding};
    ConfirmOptions options;
    options.hypothetical = [](const IndexProposal& proposal) {
      return std::vector<std::string>{"CREATE INDEX ON public.orders (" + proposal.keys.front().column + ")"};
    };
    options.alternatives = [](const Query&, const QualifiedName& table) {
      return std::vector<IndexSetProposal>{{{{.table = table, .keys = {{.column = "id"}}}}, {}},
                                           {{{.table = table, .keys = {{.column = "customer_id"}}}}, {}}};
    };
    options.maintenance_cost = [](const IndexProposal&, const QueryFacts&, double rows) { return 2 * rows; };
    Planner planner(source_, catalog_, {});
    apply_confirmations(confirm(findings, catalog_, &workload, planner, options, diagnostics_), findings);
    return findings.front();
  }
};

TEST_F(ConfirmStatement, AnIndexThatTheServerRejectsIsWithdrawn) {
  source_.with_index = seq_scan(5000);
  source_.rejected = "(code)";
  const Finding finding = run_statement(true);
  EXPECT_FALSE(finding.proposal);
  ASSERT_TRUE(finding.fix);
  EXPECT_TRUE(finding.fix->title.starts_with("No index found: PostgreSQL rejects an index"))
      << finding.fix->title;
  EXPECT_TRUE(finding.fix->sql.empty());
  EXPECT_EQ(finding.evidence.back().text, "HypoPG rejects the index: not immutable");
}

TEST_F(Confirm, ARejectedIndexRefutesNothing) {
  source_.rejected = "(customer_id)";
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::confirmed);
  EXPECT_FALSE(finding.proposal);
}

TEST(WithdrawProposal, TakesTheAdviceToCreateTheIndex) {
  const auto withdrawn = [](const std::string& title) {
    Finding finding;
    finding.proposal = IndexProposal{.table = {"public", "t"}, .keys = {{.expression = "st::text"}}};
    finding.fix = Fix{.title = title, .safety = Fix::Safety::manual};
    withdraw_proposal(finding);
    EXPECT_FALSE(finding.proposal);
    return finding.fix.has_value();
  };
  EXPECT_FALSE(withdrawn("Create an index on the expression: ((st::text))"));
  EXPECT_TRUE(withdrawn("Compare the column itself"));
}

TEST_F(ConfirmStatement, AnotherIndexIsFoundWhereTheProposedOneDoesNotHelp) {
  source_.with_index = seq_scan(5000);
  source_.with_index_on["(customer_id)"] = index_scan("<13>btree_orders_customer_id", 12);
  for (const bool proposes : {true, false}) {
    const Finding finding = run_statement(proposes);
    EXPECT_EQ(finding.verdict, Verdict::confirmed);
    ASSERT_TRUE(finding.proposal);
    EXPECT_EQ(finding.proposal->keys.front().column, "customer_id");
    ASSERT_TRUE(finding.fix);
    EXPECT_EQ(finding.fix->cost_after, 12);
  }
}

// An UPDATE of the 10 rows that the plan below it finds.
std::string update(double cost, const std::string& below) {
  const std::size_t begin = std::string(R"([{"Plan": )").size();
  return R"([{"Plan": {"Node Type": "ModifyTable", "Operation": "Update", "Plan Rows": 0, "Total Cost": )" +
         std::to_string(cost) + R"(, "Plans": [)" + below.substr(begin, below.size() - begin - 2) + "]}}]";
}

TEST_F(ConfirmStatement, AnIndexWhoseMaintenanceCostsMoreThanItSavesIsNotProposed) {
  const std::string sql = "UPDATE orders SET code = 'y' WHERE code = 'x'";
  source_.without = update(30, seq_scan(30));
  source_.with_index = update(12, index_scan("<13>btree_orders_code", 12));
  const Finding finding = run_statement(true, sql);
  EXPECT_EQ(finding.verdict, Verdict::refuted);
  EXPECT_FALSE(finding.proposal);
  EXPECT_EQ(finding.verdict_reason, "an index would cost the statement more maintenance than it saves");
  EXPECT_EQ(
      finding.evidence.back().text,
      "HypoPG: planner cost 30.00 before, 12.00 with an index on orders (code), whose maintenance costs "
      "20.00");
  source_.without = update(5000, seq_scan(5000));
  const Finding worth = run_statement(true, sql);
  EXPECT_EQ(worth.verdict, Verdict::confirmed) << worth.verdict_reason;
  ASSERT_TRUE(worth.fix);
  EXPECT_EQ(worth.fix->cost_after, 32);
}

TEST(RowsWritten, AreThoseOfTheInputAlone) {
  const auto plan = read_json(R"([{"Plan": {"Node Type": "ModifyTable", "Operation": "Update", "Plans": [
    {"Node Type": "Seq Scan", "Parent Relationship": "InitPlan", "Subplan Name": "CTE x", "Plan Rows": 600000},
    {"Node Type": "Result", "Parent Relationship": "Outer", "Plan Rows": 10}]}}])");
  ASSERT_TRUE(plan);
  EXPECT_EQ(rows_written(*plan), 10);
  EXPECT_EQ(rows_written(*read_json(seq_scan(5))), 0);
}

TEST_F(ConfirmStatement, WithoutAnyIndexItStaysConfirmedAndSaysSo) {
  source_.with_index = seq_scan(5000);
  const Finding finding = run_statement();
  EXPECT_EQ(finding.verdict, Verdict::confirmed);
  EXPECT_FALSE(finding.proposal);
  ASSERT_TRUE(finding.fix);
  EXPECT_EQ(finding.fix->safety, Fix::Safety::manual);
  EXPECT_EQ(finding.fix->title.rfind("No index found: the planner would still read all of orders", 0), 0u)
      << finding.fix->title;
}

TEST_F(ConfirmStatement, AScanOfAWholeIndexIsNoIndexFound) {
  source_.with_index = index_scan("<13>btree_orders_code", 2000, "");
  source_.with_index.replace(source_.with_index.find("\"Index Cond\""), 12,
                             "\"Filter\": \"f\", \"Index Cond\"");
  const Finding finding = run_statement(false);
  EXPECT_FALSE(finding.proposal);
}

TEST_F(ConfirmStatement, MostRowsRefuteUnlessAnIndexHalvesTheCost) {
  source_.with_analyze = seq_scan(
      5000,
      R"(, "Actual Rows": 150000, "Actual Loops": 1, "Rows Removed by Filter": 100000, "Shared Hit Blocks": 4000)");
  source_.with_index = seq_scan(5000);
  EXPECT_EQ(run_statement().verdict, Verdict::refuted);
  source_.with_index = index_scan("<13>btree_orders_code", 4000);
  Finding finding = run_statement();
  EXPECT_EQ(finding.verdict, Verdict::refuted);
  EXPECT_FALSE(finding.fix && finding.fix->cost_after);
  source_.with_index = index_scan("<13>btree_orders_code", 2000);
  EXPECT_EQ(run_statement().verdict, Verdict::confirmed);
}

TEST_F(Confirm, ALostServerLeavesTheRestSuspectedAndIsSaidOnce) {
  source_.error = Error{Error::Kind::database, "database shop", "the server closed the connection", ""};
  const Finding finding = run();
  EXPECT_EQ(finding.verdict, Verdict::suspected);
  EXPECT_EQ(last_.verdict_reason, "could not be run: the connection to the server was lost");
  EXPECT_EQ(diagnostics_.size(), 1u);
}

TEST_F(Confirm, SeveralSourcesGiveWhatOneGives) {
  std::vector<Finding> findings;
  const std::vector<std::vector<std::string>> keys = {{"customer_id"}, {"code"},       {"id"},
                                                      {"gone"},        {"id", "code"}, {"customer_id"}};
  for (const auto& columns : keys) {
    Finding& finding = findings.emplace_back();
    finding.probe = Probe{Probe::Kind::referential_lookup, {"public", "orders"}, columns, {}};
    finding.proposal = IndexProposal{.table = {"public", "orders"}, .keys = {{.column = columns.front()}}};
  }
  findings.insert(findings.begin() + 2, Finding{});  // asks nothing
  const auto confirmed = [&](std::size_t sources) {
    auto out = findings;
    ConfirmOptions options;
    options.hypothetical = [](const IndexProposal& proposal) {
      return std::vector<std::string>{"CREATE INDEX ON public.orders (" + proposal.keys.front().column + ")"};
    };
    Planner planner(source_, catalog_, {.more_sources = [&] {
                      std::vector<std::unique_ptr<PlanSource>> more;
                      for (std::size_t at = 1; at < sources; ++at)
                        more.push_back(std::make_unique<Recorded>(source_));
                      return more;
                    }});
    apply_confirmations(confirm(out, catalog_, nullptr, planner, options, diagnostics_), out);
    std::vector<std::string> told;
    for (const auto& finding : out) {
      auto& line =
          told.emplace_back(std::to_string(static_cast<int>(finding.verdict)) + finding.verdict_reason);
      for (const auto& evidence : finding.evidence) line += "; " + evidence.text;
    }
    return told;
  };
  EXPECT_EQ(confirmed(3), confirmed(1));
  EXPECT_TRUE(diagnostics_.empty());
}

TEST(Decide, FollowsTheTable) {
  const sql::Shape select{.statements = 1, .kind = StatementKind::select};
  const auto allowed = [](const sql::Shape& shape, const Dependencies& dependencies, bool known = true) {
    return decide(shape, dependencies, known).allowed;
  };
  EXPECT_EQ(allowed(select, {}), Allowed::analyze);
  EXPECT_EQ(allowed(select, {}, false), Allowed::explain);
  EXPECT_EQ(allowed({.statements = 2, .kind = StatementKind::select}, {}), Allowed::nothing);
  EXPECT_EQ(allowed({.statements = 1, .kind = StatementKind::select, .into = true}, {}), Allowed::nothing);
  EXPECT_EQ(allowed({.statements = 1, .kind = StatementKind::select, .locks_rows = true}, {}),
            Allowed::explain);
  EXPECT_EQ(allowed({.statements = 1, .kind = StatementKind::select, .modifies = true}, {}),
            Allowed::explain);
  EXPECT_EQ(allowed({.statements = 1, .kind = StatementKind::update, .modifies = true}, {}),
            Allowed::explain);
  EXPECT_EQ(allowed({.statements = 1, .kind = StatementKind::utility}, {}), Allowed::nothing);
  EXPECT_EQ(allowed(select, {.unknown_functions = {"f"}}), Allowed::nothing);
  EXPECT_EQ(allowed(select, {.refused_functions = {"pg_sleep"}}), Allowed::nothing);
  EXPECT_EQ(allowed(select, {.foreign_tables = {"remote"}}), Allowed::nothing);
  EXPECT_EQ(allowed(select, {.analyze_refused = "the server is a standby"}), Allowed::explain);
}

TEST(ReadJson, RefusesWhatIsNotAPlan) {
  for (const auto* text : {"", "{}", "[]", "[1]", "[{}]", R"([{"Plan": 3}])", "not json"})
    EXPECT_FALSE(read_json(text)) << text;
}

TEST(ReadJson, ReadsNestedNodes) {
  const auto plan = read_json(R"([{"Plan": {"Node Type": "Limit", "Plan Rows": 5, "Plans": [
      {"Node Type": "Seq Scan", "Relation Name": "t", "Actual Rows": 0, "Actual Loops": 0}]}, "Execution Time": 1.5}])");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->execution_ms, 1.5);
  EXPECT_FALSE(plan->analyzed);
  EXPECT_TRUE(plan->root.children.at(0).never_executed);
}

// The rule's own SQL and conclusion, asked of a server.
TEST_F(Confirm, SampledValuesTellJson) {
  Column& column = catalog_.tables.at({"public", "orders"}).columns[2];
  column.name = "payload";
  catalog_.tables.at({"public", "orders"}).indexes.clear();
  const auto look = [&](std::vector<std::string> values) {
    source_.sampled = std::move(values);
    auto findings = lint::run({.catalog = &catalog_}, {"json-stored-as-text"}).findings;
    EXPECT_EQ(findings.size(), 1U);
    if (findings.empty()) return Finding{};
    EXPECT_EQ(findings.front().severity, Severity::note);
    Planner planner(source_, catalog_, {});
    apply_confirmations(confirm(findings, catalog_, nullptr, planner, {}, diagnostics_), findings);
    return findings.front();
  };
  const Finding json = look({R"({"a": 1})", "[]", "", std::string(200'000, '[')});
  EXPECT_EQ(json.verdict, Verdict::confirmed);
  EXPECT_EQ(json.severity, Severity::warning);
  ASSERT_FALSE(json.evidence.empty());
  EXPECT_EQ(json.evidence.back().text, "2 of 2 sampled values are JSON objects or arrays");
  EXPECT_EQ(source_.asked.back().sql,
            "SELECT pg_catalog.substr(x.payload::pg_catalog.text, 1, 100001) FROM ONLY public.orders x "
            "TABLESAMPLE SYSTEM (2.5000) "
            "WHERE x.payload IS NOT NULL LIMIT 200");
  EXPECT_EQ(look({"{name}", "{{ name }}", "[x"}).verdict, Verdict::refuted);
  EXPECT_EQ(look({}).verdict_reason, "the column has no values in this database");
  source_.depends.unknown_functions = {"public.visible"};
  EXPECT_EQ(look({"[]"}).verdict, Verdict::suspected);
}

TEST_F(Confirm, APlanIsConcludedFromByTheProbesRule) {
  const auto look = [&](Conclusion (*from_plan)(const Plan&, double, double), std::string_view without_gain) {
    Finding finding{.rule = "a-rule"};
    finding.proposal = IndexProposal{.table = {"public", "orders"}, .keys = {{.column = "customer_id"}}};
    finding.probe = Probe{.kind = Probe::Kind::plan,
                          .table = {"public", "orders"},
                          .columns = {"code"},
                          .sql = "SELECT {column} FROM {table} WHERE {condition} AND code <> '{other}'",
                          .condition = "code = '{table}'",
                          .limit = 0.5,
                          .from_plan = from_plan,
                          .without_gain = without_gain};
    std::vector<Finding> findings{finding};
    ConfirmOptions options;
    options.hypothetical = [](const IndexProposal&) {
      return std::vector<std::string>{"CREATE INDEX ON public.orders (customer_id)"};
    };
    Planner planner(source_, catalog_, {});
    apply_confirmations(confirm(findings, catalog_, nullptr, planner, options, diagnostics_), findings);
    return findings.front();
  };
  const auto by_rows = [](const Plan& plan, double rows, double limit) {
    const bool few = plan.root.plan_rows < limit * rows;
    return Conclusion{.verdict = few ? Verdict::confirmed : Verdict::refuted,
                      .fact = few ? "few" : "",
                      .reason = few ? "" : "many"};
  };
  const Finding few = look(by_rows, "");
  EXPECT_EQ(source_.asked.back().sql,
            "SELECT code FROM ONLY public.orders WHERE code = '{table}' AND code <> '{other}'");
  EXPECT_EQ(few.verdict, Verdict::confirmed);
  ASSERT_EQ(few.evidence.size(), 1U) << "the cost with the index is unknown";
  EXPECT_EQ(few.evidence[0].text, "few");

  const auto unchanged = [](const Plan&, double, double) { return Conclusion{}; };
  EXPECT_TRUE(look(unchanged, "no gain").proposal) << "the planner takes the index";
  source_.with_index = seq_scan(5000);
  const Finding refuted = look(unchanged, "no gain");
  EXPECT_EQ(refuted.verdict, Verdict::refuted);
  EXPECT_EQ(refuted.verdict_reason, "no gain");
}

}  // namespace
}  // namespace pgadvise::plan
