// explain, advise and a confirmed check as library calls, on a throwaway PostgreSQL.
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "check/commands/advise.h"
#include "check/commands/explain.h"
#include "check/run/fixes.h"
#include "check/run/merge.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;

// The folder of "connected to database sandbox on /tmp/…/:5432 as user pgadvise".
std::string sandbox_of(const std::string& outcome) {
  const auto from = outcome.find(" on "), to = outcome.find(" as user ");
  return from < to ? outcome.substr(from, to - from) : outcome;
}

class OnAServer : public ::testing::Test {
 protected:
  const TempTree tree_{
      {"schema.sql",
       "CREATE TABLE customers (id bigint PRIMARY KEY);\n"
       "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, filler "
       "text);\n"},
      {"rows.sql",
       "INSERT INTO customers SELECT g FROM generate_series(1, 1000) g;\n"
       "INSERT INTO orders SELECT g, 1 + g % 1000, repeat('x', 100) FROM generate_series(1, 50000) g;\n"},
      {"queries.sql", "SELECT * FROM orders WHERE customer_id = 7;\n"}};
  Diagnostics diagnostics_;
};

TEST_F(OnAServer, CheckConfirmsOnTwoThreads) {
  Sources sources;
  sources.schema = {tree_.path("schema.sql")};
  sources.load = {tree_.path("rows.sql")};
  sources.sandbox = true;
  const auto confirmed = [&](const Settings& settings) {
    auto inputs = load(sources, settings);
    EXPECT_TRUE(inputs);
    if (!inputs) return 0;
    const auto planner = make_planner(*inputs, settings);
    EXPECT_TRUE(planner);
    const Report report = merge(*inputs, run(*inputs, planner.get(), settings), settings);
    int out = 0;
    for (const auto& finding : report.findings)
      out += finding.rule == "unindexed-foreign-key" && finding.verdict == Verdict::confirmed;
    return out;
  };
  int one = 0, two = 0;
  std::mutex lock;
  std::set<std::string> servers;  // sandboxes that the first run reports
  Settings observed;
  observed.observer.sent = [&](const pg::Sent& sent) {
    const std::lock_guard guard(lock);
    if (sent.statement.empty()) servers.insert(sandbox_of(sent.outcome));
  };
  {
    const std::jthread first([&] { one = confirmed(observed); });
    const std::jthread second([&] { two = confirmed({}); });
  }
  EXPECT_EQ(one, 1);
  EXPECT_EQ(two, 1);
  EXPECT_EQ(servers.size(), 1u) << "what the second run sends is not reported to the first one's observer";
}

TEST_F(OnAServer, AStopLeavesTheRestSuspected) {
  Sources sources;
  sources.schema = {tree_.path("schema.sql")};
  sources.load = {tree_.path("rows.sql")};
  sources.sandbox = true;
  std::stop_source stop;
  Settings settings;
  settings.stop = stop.get_token();
  auto inputs = load(sources, settings);
  ASSERT_TRUE(inputs);
  const auto planner = make_planner(*inputs, settings);
  stop.request_stop();
  const Report report = merge(*inputs, run(*inputs, planner.get(), settings), settings);
  ASSERT_FALSE(report.findings.empty());
  for (const auto& finding : report.findings) EXPECT_NE(finding.verdict, Verdict::confirmed);
}

// The statements sent that run or plan the query of queries.sql.
struct SentOfQuery {
  int explained = 0, run = 0;
};

class Suppressed : public OnAServer {
 protected:
  SentOfQuery sent_with(const std::string& config) {
    tree_.add("pgadvise.toml", config);
    Sources sources;
    sources.schema = {tree_.path("schema.sql")};
    sources.load = {tree_.path("rows.sql")};
    sources.workloads = {tree_.path("queries.sql")};
    sources.config = tree_.path("pgadvise.toml");
    sources.sandbox = true;
    SentOfQuery out;
    std::mutex lock;
    Settings settings;
    settings.observer.sent = [&](const pg::Sent& sent) {
      const std::lock_guard guard(lock);
      if (sent.statement.find("SELECT * FROM orders") == std::string_view::npos ||
          sent.statement.find("EXPLAIN") == std::string_view::npos)
        return;
      ++(sent.statement.find("ANALYZE") == std::string_view::npos ? out.explained : out.run);
    };
    auto inputs = load(sources, settings);
    EXPECT_TRUE(inputs);
    if (!inputs) return out;
    const auto planner = make_planner(*inputs, settings);
    EXPECT_TRUE(planner);
    const Report report = merge(*inputs, run(*inputs, planner.get(), settings), settings);
    for (const auto& error : report.diagnostics)
      EXPECT_EQ(error.line().find("pgadvise.toml"), std::string::npos) << error.line();
    return out;
  }
  static std::string ignore(const std::string& rules, const std::string& object = "public.orders") {
    return "[[ignore]]\nrule = [" + rules + "]\nobject = \"" + object + "\"\nreason = \"known\"\n";
  }
};

const std::string found_without_plans = R"("sequential-scan", "unindexed-foreign-key")";

TEST_F(Suppressed, FindingsSendNoStatementToTheServer) {
  const SentOfQuery all = sent_with("");
  EXPECT_GT(all.explained, 0);
  EXPECT_GT(all.run, 0);
  const std::string readers = R"("stale-statistics", "sort-without-index", "spills-to-disk")";
  const SentOfQuery none = sent_with(ignore(found_without_plans) + ignore(readers));
  EXPECT_EQ(none.explained, 0);
  EXPECT_EQ(none.run, 0);
}

TEST_F(Suppressed, RulesThatAreOffSendNoStatementToTheServer) {
  const SentOfQuery sent = sent_with(
      "[rules.stale-statistics]\nseverity = \"off\"\n[rules.sort-without-index]\nseverity = \"off\"\n"
      "[rules.spills-to-disk]\nseverity = \"off\"\n" +
      ignore(found_without_plans));
  EXPECT_EQ(sent.explained, 0);
  EXPECT_EQ(sent.run, 0);
}

// spills-to-disk reports from a plan.
TEST_F(Suppressed, FindingsOfOtherRulesLeaveTheStatementToTheRulesThatReadPlans) {
  const SentOfQuery sent =
      sent_with(ignore(found_without_plans + R"(, "stale-statistics", "sort-without-index")"));
  EXPECT_GT(sent.explained, 0);
  EXPECT_GT(sent.run, 0);
}

TEST_F(OnAServer, ExplainAnswers) {
  Sources sources;
  sources.schema = {tree_.path("schema.sql")};
  sources.load = {tree_.path("rows.sql")};
  sources.sandbox = true;
  const auto inputs = load(sources, {});
  ASSERT_TRUE(inputs);
  ASSERT_TRUE(inputs->database.server);
  const ExplainSettings settings;
  auto at = load_for_explain(inputs->database.server->conninfo, settings, diagnostics_);
  ASSERT_TRUE(at) << at.error().line();
  const auto explained = explain("SELECT * FROM orders WHERE customer_id = 7", *at, settings, diagnostics_);
  ASSERT_TRUE(explained) << explained.error().line();
  EXPECT_TRUE(explained->plan.analyzed);
  ASSERT_FALSE(explained->findings.empty());
  EXPECT_EQ(explained->findings.front().rule, "sequential-scan");
}

TEST_F(OnAServer, AdviseAnswers) {
  AdviseSources sources;
  sources.sandbox = true;
  sources.schema = {tree_.path("schema.sql")};
  sources.load = {tree_.path("rows.sql")};
  sources.workloads = {tree_.path("queries.sql")};
  auto inputs = load_for_advise(sources, {}, diagnostics_);
  if (!inputs && inputs.error().what.find("HypoPG") != std::string::npos)
    GTEST_SKIP() << "HypoPG is not installed";
  ASSERT_TRUE(inputs) << inputs.error().line();
  const auto advice = advise(*inputs, {}, diagnostics_);
  ASSERT_TRUE(advice) << advice.error().line();
  ASSERT_EQ(advice->indexes.size(), 1u);
  EXPECT_NE(advice->indexes.front().sql.find("customer_id"), std::string::npos);
}

TEST_F(OnAServer, FixesAreTriedInASandbox) {
  Sources sources;
  sources.schema = {tree_.path("schema.sql")};
  sources.load = {tree_.path("rows.sql")};
  sources.sandbox = true;
  auto inputs = load(sources, {});
  ASSERT_TRUE(inputs && inputs->database.server);
  pg::Connection& sandbox = inputs->database.server->connection();
  const auto tried = [&](const std::string& sql, const std::string& down_sql, bool on_server = true) {
    std::vector<Finding> findings(1);
    std::vector<advisor::ProposedFix> proposals;
    Finding& finding = findings.front();
    finding.rule = "missing-primary-key";
    finding.fix = Fix{.title = "t", .sql = sql, .down_sql = down_sql, .safety = Fix::Safety::safe};
    try_fixes(findings, proposals, on_server ? &sandbox : nullptr, {});
    return finding;
  };
  const auto evidence = [](const Finding& finding) {
    return finding.evidence.empty() ? std::string() : finding.evidence.front().text;
  };
  const std::string index = "CREATE INDEX CONCURRENTLY i ON orders (customer_id);";
  const Finding good = tried(index, "DROP INDEX CONCURRENTLY i;");
  EXPECT_EQ(good.fix->sql, index);
  EXPECT_TRUE(good.evidence.empty()) << evidence(good);
  EXPECT_TRUE(tried(index, "DROP INDEX CONCURRENTLY i;").evidence.empty()) << "the first was rolled back";
  const Finding gone = tried("ALTER TABLE orders DROP CONSTRAINT gone;", "");
  EXPECT_EQ(gone.fix->sql, "");
  EXPECT_EQ(gone.fix->safety, Fix::Safety::manual);
  EXPECT_TRUE(evidence(gone).starts_with("PostgreSQL rejects the fix: constraint")) << evidence(gone);
  EXPECT_EQ(tried("ALTER TABLE orders DROP CONSTRAINT gone;", "", false).fix->safety, Fix::Safety::safe)
      << "without a sandbox it is parsed only";
  EXPECT_EQ(tried("ALTER TABLE orders DROP;;", "", false).fix->sql, "");
  const Finding undo = tried(index, "DROP INDEX other;");
  EXPECT_EQ(undo.fix->sql, index);
  EXPECT_EQ(undo.fix->down_sql, "");
  EXPECT_TRUE(evidence(undo).starts_with("PostgreSQL rejects the undo of the fix: ")) << evidence(undo);
  const Finding rows = tried("ALTER TABLE orders ALTER COLUMN filler SET NOT NULL, ADD CHECK (id > 1);", "");
  EXPECT_NE(rows.fix->sql, "") << "only the loaded rows stand in the way";
  EXPECT_EQ(rows.fix->safety, Fix::Safety::review);
  EXPECT_FALSE(rows.evidence.empty());
  EXPECT_TRUE(tried("VACUUM orders;", "").evidence.empty()) << "no transaction block permits it";
  EXPECT_FALSE(sandbox.in_transaction());

  std::vector<Finding> findings(2);
  for (auto& finding : findings) {
    finding.rule = "sequential-scan";
    finding.proposal = IndexProposal{.table = {"public", "orders"}, .keys = {{.expression = "now()::text"}}};
  }
  findings[1].fix = Fix{.title = "Create an index on the expression: ((now()::text))"};
  std::vector<advisor::ProposedFix> proposals(2);
  proposals[0].fix = Fix{.title = "Create an index on orders",
                         .sql = "CREATE INDEX i ON orders ((now()::text));",
                         .safety = Fix::Safety::safe};
  proposals[1].finding = 1;
  proposals[1].served_by = 0;
  try_fixes(findings, proposals, &sandbox, {});
  EXPECT_TRUE(proposals.empty()) << "no server builds it";
  EXPECT_TRUE(evidence(findings[0]).starts_with("PostgreSQL rejects the fix: ")) << evidence(findings[0]);
}

}  // namespace
}  // namespace pgadvise::check
