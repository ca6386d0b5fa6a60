// The difference between two stored reports: what counts as fixed, and what only was not looked for.
#include "reports/report_difference.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/results/run_record.h"
#include "report/json/stored_report.h"
#include "support/schema.h"

namespace pgadvise::report {
namespace {

using nlohmann::json;

constexpr const char* unindexed = "0000000000000001";
constexpr const char* slow = "0000000000000002";

json finding(const std::string& id, const std::string& rule, const std::string& file = "db/1.sql") {
  json out{{"id", id},
           {"rule", rule},
           {"severity", "warning"},
           {"verdict", "suspected"},
           {"subject", {{"kind", "table"}, {"table", "orders"}}},
           {"message", "public.orders has a problem."},
           {"evidence", json::array()},
           {"impact", {{"score", 10}}}};
  if (!file.empty()) out["location"] = {{"file", file}, {"line", 3}};
  return out;
}

json report(const std::vector<json>& findings) {
  return {
      {"schema", "pgadvise-report-1"},
      {"findings", findings},
      {"inputs", {{{"kind", "SQL script"}, {"path", "db"}}, {{"kind", "stderr log"}, {"path", "pg.log"}}}},
      {"scope",
       {{"rules", {"unindexed-foreign-key", "slow-query", "invalid-index"}},
        {"migration_rules", {"blocking-index-build"}},
        {"migrations", {"db/2.sql"}}}},
      {"run", {{"version", "0.1.0"}, {"started", "2026-11-22T10:00:00Z"}, {"seconds", 1}}}};
}

RunRecord record(const json& stored) {
  auto out = read_stored_report("run.json", stored.dump());
  EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().line());
  return out ? *out : RunRecord{};
}

ReportDifference compare(const json& before, const json& after) {
  return difference(record(before), record(after));
}

TEST(ReportDifference, NewFixedAndRecurring) {
  const auto found =
      compare(report({finding(unindexed, "unindexed-foreign-key"), finding(slow, "slow-query")}),
              report({finding(slow, "slow-query"), finding("03", "invalid-index")}));
  ASSERT_EQ(found.fresh.size(), 1u);
  EXPECT_EQ(found.fresh[0].finding.rule, "invalid-index");
  EXPECT_EQ(found.fresh[0].not_checked_before, "");
  ASSERT_EQ(found.fixed.size(), 1u);
  EXPECT_EQ(found.fixed[0].id, unindexed);
  ASSERT_EQ(found.recurring.size(), 1u);
  EXPECT_FALSE(found.recurring[0].changed());
  EXPECT_TRUE(found.not_checked.empty());
}

TEST(ReportDifference, IsFixedOnlyWhereTheRuleRan) {
  const json before = report({finding(unindexed, "unindexed-foreign-key")});
  json after = report({});
  after["scope"]["rules"] = json::array({"slow-query"});
  const auto found = compare(before, after);
  EXPECT_TRUE(found.fixed.empty());
  ASSERT_EQ(found.not_checked.size(), 1u);
  EXPECT_NE(found.not_checked[0].why, "");
  after.erase("scope");  // of an earlier version
  EXPECT_TRUE(compare(before, after).fixed.empty());
}

TEST(ReportDifference, IsFixedOnlyWhereTheRunLooked) {
  const json before = report({finding(unindexed, "unindexed-foreign-key")});
  json after = report({});
  for (const auto& [path, fixed] : {std::pair("db/1.sql", 1u), std::pair(".", 1u), std::pair("./db/", 1u),
                                    std::pair("db/1", 0u), std::pair("other", 0u), std::pair("", 0u)}) {
    after["inputs"] = json::array({{{"kind", "SQL script"}, {"path", path}}});
    EXPECT_EQ(compare(before, after).fixed.size(), fixed) << path;
  }
}

TEST(ReportDifference, AMigrationThatIsNoLongerCheckedIsNotFixed) {
  const auto with = [](const char* file) {
    return report({finding(unindexed, "blocking-index-build", file)});
  };
  EXPECT_EQ(compare(with("db/1.sql"), report({})).fixed.size(), 0u);
  EXPECT_EQ(compare(with("db/2.sql"), report({})).fixed.size(), 1u);
}

TEST(ReportDifference, AQuerysFindingIsLookedForInAnyLog) {
  json query = finding(slow, "slow-query", "pg.log");
  query["subject"] = {{"kind", "query"}, {"fingerprint", "00000000000000aa"}};
  json after = report({});
  after["inputs"] = json::array({{{"kind", "csvlog log"}, {"path", "tomorrow.csv"}}});
  EXPECT_EQ(compare(report({query}), after).fixed.size(), 1u);
  after["inputs"] = json::array({{{"kind", "SQL script"}, {"path", "db"}}});
  EXPECT_EQ(compare(report({query}), after).fixed.size(), 0u);
}

TEST(ReportDifference, ADatabasesFindingIsLookedForInTheSameDatabase) {
  const auto of = [](const char* database, const std::vector<json>& findings) {
    json out = report(findings);
    out["inputs"] = json::array({{{"kind", "database"}, {"path", database}}});
    return out;
  };
  const json before = of("shop", {finding(unindexed, "unindexed-foreign-key", "")});
  EXPECT_EQ(compare(before, of("shop", {})).fixed.size(), 1u);
  EXPECT_EQ(compare(before, of("billing", {})).fixed.size(), 0u);
  EXPECT_EQ(compare(before, report({})).fixed.size(), 0u);
}

TEST(ReportDifference, WhatIsAcceptedOrSuppressedIsNotFixed) {
  const json before = report({finding(unindexed, "unindexed-foreign-key"), finding(slow, "slow-query")});
  json after = report({});
  after["suppressed"] = json::array({finding(slow, "slow-query")});
  after["baseline"] = {
      {"path", "b.json"}, {"known", 1}, {"known_ids", json::array({unindexed})}, {"gone", json::array()}};
  const auto found = compare(before, after);
  EXPECT_TRUE(found.fixed.empty());
  ASSERT_EQ(found.recurring.size(), 2u);
  for (const auto& one : found.recurring) {
    EXPECT_TRUE(one.state_changed());
    EXPECT_FALSE(one.severity_changed()) << "the report has the accepted finding's id only";
  }
  after["baseline"].erase("known_ids");
  EXPECT_TRUE(compare(before, after).fixed.empty()) << "the baseline may hide it";
}

TEST(ReportDifference, NamesChangedVerdictSeverityAndImpact) {
  json later = finding(slow, "slow-query");
  later["verdict"] = "confirmed", later["severity"] = "error", later["impact"]["score"] = 12;
  const auto found = compare(report({finding(slow, "slow-query")}), report({later}));
  ASSERT_EQ(found.recurring.size(), 1u);
  const std::string text = report_difference_text(found, {.width = 200});
  for (const char* part : {"verdict: from the input only before, confirmed now",
                           "severity: warning before, error now", "impact: 10 before, 12 now"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  const json out = json::parse(report_difference_json(found));
  EXPECT_EQ(out["recurring"][0]["before"],
            json({{"verdict", "suspected"}, {"severity", "warning"}, {"impact", {{"score", 10}}}}));
  later = finding(slow, "slow-query");
  later["impact"]["score"] = 10.5;
  EXPECT_FALSE(compare(report({finding(slow, "slow-query")}), report({later})).recurring[0].changed());
}

TEST(ReportDifference, RefutedFindingsAreNeitherNewNorFixed) {
  json refuted = finding(slow, "slow-query");
  refuted["verdict"] = "refuted";
  EXPECT_TRUE(compare(report({}), report({refuted})).fresh.empty());
  EXPECT_TRUE(compare(report({refuted}), report({})).fixed.empty());
  EXPECT_EQ(compare(report({finding(slow, "slow-query")}), report({refuted})).recurring.size(), 1u);
}

// The newest migration of a pull request was not there before, and that of the run before is not checked
// again.
TEST(ReportDifference, NamesWhyARunDidNotLook) {
  const auto with = [](const char* file, const std::vector<const char*>& ids) {
    std::vector<json> findings;
    for (const char* id : ids) findings.push_back(finding(id, "blocking-index-build", file));
    json out = report(findings);
    out["scope"]["migrations"] = {file};
    return out;
  };
  const auto found = compare(with("db/1.sql", {"a1", "a2"}), with("db/2.sql", {"b1"}));
  const std::string text = report_difference_text(found, {.width = 200});
  for (const char* part : {"1 new finding, 0 fixed, 0 recurring, 2 not checked again.\n"
                           "Earlier run: 2026-11-22T10:00:00Z (pgadvise 0.1.0); later run:",
                           "The earlier run did not check the migration: the finding may be older.",
                           "  2 findings, because the later run did not check the migration: a1, a2\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  const json out = json::parse(report_difference_json(found));
  EXPECT_EQ(out["new"][0]["checked_before"], false);
  EXPECT_EQ(out["new"][0]["reason"], "the earlier run did not check the migration");
  EXPECT_EQ(out["not_checked"][0]["reason"], "the later run did not check the migration");
  const auto many =
      compare(with("db/1.sql", {"a1", "a2", "a3", "a4", "a5", "a6", "a7"}), with("db/2.sql", {}));
  EXPECT_NE(report_difference_text(many, {.width = 200}).find(": a1, a2, a3, a4, a5 and 2 more\n"),
            std::string::npos);
}

TEST(ReportDifference, JsonIsValidAgainstItsSchema) {
  json later = finding(slow, "slow-query");
  later["verdict"] = "confirmed", later["severity"] = "error", later["impact"]["score"] = 12;
  json migration = finding("03", "blocking-index-build", "db/1.sql");
  json live = finding("04", "invalid-index", "");
  live["subject"] = {{"kind", "index"}, {"columns", {"a", "b"}}, {"fingerprint", "x"}, {"index", "i"}};
  const json before =
      report({finding(unindexed, "unindexed-foreign-key"), finding(slow, "slow-query"), migration});
  json full = json::parse(report_difference_json(compare(before, report({later, live}))));
  for (const char* list : {"new", "fixed", "not_checked", "recurring"})
    EXPECT_FALSE(full[list].empty()) << list;
  for (const auto& one : {full, json::parse(report_difference_json(compare(report({}), report({}))))})
    EXPECT_EQ(testing_support::violations("report-difference.schema.json", one), "");
  full["new"][0].erase("rule");
  EXPECT_NE(testing_support::violations("report-difference.schema.json", full), "");
}

TEST(ReportDifference, TheTextIsInThePageForABrowserWithoutScripts) {
  json one = finding(slow, "slow-query");
  one["message"] = "</script><img src=x>";
  const std::string html = report_difference_html(compare(report({}), report({one})));
  EXPECT_NE(html.find("<h1>pgadvise report</h1><pre>1 new finding, 0 fixed"), std::string::npos);
  EXPECT_NE(html.find("pgadvise-report-difference-1"), std::string::npos);
  EXPECT_EQ(html.find("<img src=x"), std::string::npos);
}

TEST(ReportDifference, TextHasNoControlCharacters) {
  json one = finding(slow, "slow-query");
  one["message"] = "\x1b[31mred\n";
  one["location"]["file"] = "a\x1b.sql";
  const std::string text = report_difference_text(compare(report({}), report({one})), {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(StoredReport, RefusesWhatIsNoReport) {
  json nameless = report({finding("", "slow-query")});
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string("null"), json{{"queries", json::array()}}.dump(),
        json{{"schema", "pgadvise-report-2"}, {"findings", json::array()}}.dump(), nameless.dump(),
        std::string(100'000, '[')})
    EXPECT_FALSE(read_stored_report("x.json", text).has_value()) << text.substr(0, 80);
}

TEST(StoredReport, TakesValuesOfAnotherTypeAsMissing) {
  json odd = report({finding(slow, "slow-query")});
  odd["inputs"] = 7, odd["suppressed"] = "x", odd["baseline"] = json::array({1}), odd["run"] = nullptr;
  odd["findings"][0]["impact"] = "great", odd["findings"][0]["location"]["line"] = -1e300;
  const RunRecord out = record(odd);
  ASSERT_EQ(out.findings.size(), 1u);
  EXPECT_EQ(out.findings[0].location.line, 0);
}

}  // namespace
}  // namespace pgadvise::report
