// The HTML report: the JSON is inert in it, and it is complete.
#include "report/pages/page.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/report.h"
#include "support/schema.h"

namespace pgadvise::report {
namespace {

std::string embedded(const std::string& html) {
  const std::string begin = "id=\"pgadvise-report\">";
  const std::size_t from = html.find(begin) + begin.size();
  return html.substr(from, html.find("</script>", from) - from);
}

TEST(Page, TheReportIsInertInIt) {
  const std::string hostile = "</script><script>alert(1)</script><!-- @@PGADVISE_REPORT@@";
  const std::string json = nlohmann::json{{"schema", "pgadvise-report-1"}, {"text", hostile}}.dump();
  const std::string html = html_page(json, "one <b>\n" + hostile);
  EXPECT_EQ(nlohmann::json::parse(embedded(html)).at("text"), hostile);
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_NE(html.find("<h1>one &lt;b&gt;</h1>"), std::string::npos);
  EXPECT_NE(html.find("Content-Security-Policy"), std::string::npos);
}

TEST(Page, HasNoPlaceLeft) {
  const std::string html = html_page("{}", "");
  EXPECT_EQ(html.find("@@PGADVISE"), std::string::npos);
  EXPECT_TRUE(html.starts_with("<!doctype html>"));
}

TEST(Page, OfAStoredReport) {
  for (const std::string json :
       {R"({"schema": "pgadvise-report-1"})", R"({"schema": "pgadvise-history-1", "new": []})",
        R"({"queries": [], "sources": []})", R"({"nodes": [], "insights": []})",
        R"({"indexes": [], "cost_before": 1})", R"({"candidates": [], "drops": [], "cost_before": 1})",
        R"({"old": {}, "new": {}, "slower": []})", R"({"schema": "pgadvise-report-difference-1"})"}) {
    const auto html = html_of_stored("run.json", json);
    ASSERT_TRUE(html) << json;
    EXPECT_EQ(embedded(*html), json);
  }
  for (const std::string json : {"", "{", "[]", "7", "{}", R"({"schema": 3})", R"({"pgadvise_workload": 1})",
                                 R"({"schema": "pgadvise-report-1"} x)"}) {
    const auto html = html_of_stored("run.json", json);
    ASSERT_FALSE(html) << json;
    EXPECT_EQ(html.error().where, "run.json");
  }
}

TEST(Page, ShowsTheFindings) {
  Report report;
  report.findings.push_back({.id = "0123456789abcdef",
                             .short_id = "unindexed-foreign-key:0123",
                             .rule = "unindexed-foreign-key",
                             .subject = {.kind = "table", .schema = "public", .table = "o<>rders"},
                             .message = "m"});
  const std::string html = render("html", report, {});
  EXPECT_NE(html.find("unindexed-foreign-key:0123: m (o&lt;&gt;rders)"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(embedded(html)).at("findings").at(0).at("id"), "0123456789abcdef");
}

// A workload, two tables of two inputs, and a plan of the server, beside one finding.
TEST(JsonReport, HasWhatTheFindingsAreAbout) {
  Workload workload;
  Query& query = workload.queries.emplace_back();
  query.fingerprint = "0123456789abcdef";
  query.text = "SELECT a FROM t WHERE b = $1";
  query.calls = query.timed_calls = 2;
  query.total_ms = query.max_ms = 3;
  query.times.add(1'024'000);
  query.times.add(1'024'000);
  query.samples.push_back({{"pg.log", 3, 0}, "SELECT a FROM t WHERE b = 'secret'", std::nullopt, 1.0});
  workload.repeats.push_back(
      {.pattern = {query.fingerprint}, .scopes = 1, .calls = 2, .max_in_one_scope = 2});
  workload.repeats[0].call_times = {{0, 1500, -1}, {2000, 500, 0}};
  Catalog files, live;
  for (Catalog* catalog : {&files, &live}) {
    Table& parent = catalog->tables[{"public", "parents"}];
    parent.name = {"public", "parents"};
    Table& table = catalog->tables[{"public", "t"}];
    table.name = {"public", "t"};
    table.columns = {{.name = "a", .type = "bigint", .not_null = true}, {.name = "b", .type = "text"}};
    table.constraints = {{.kind = Constraint::Kind::primary_key, .name = "t_pkey", .columns = {"a"}},
                         {.kind = Constraint::Kind::foreign_key,
                          .name = "t_b_fkey",
                          .columns = {"b"},
                          .referenced_table = parent.name,
                          .referenced_columns = {"id"}},
                         {.kind = Constraint::Kind::foreign_key,
                          .name = "t_a_fkey",
                          .columns = {"a"},
                          .referenced_table = parent.name,
                          .referenced_columns = {"id"}}};
    table.indexes = {{.name = "t_pkey", .keys = {{.column = "a"}}, .unique = true}};
  }
  files.tables[{"public", "v"}].kind = Table::Kind::view;
  live.tables[{"public", "t"}].statistics = TableStatistics{.rows = 7, .bytes = 8192};
  Report report;
  report.started = "2026-01-31T12:00:00Z";
  report.findings.push_back({.id = "0123456789abcdef",
                             .rule = "unindexed-foreign-key",
                             .subject = {.kind = "table", .schema = "public", .table = "t"},
                             .message = "m"});
  report.plans.push_back({query.fingerprint, "EXPLAIN", R"([{"Plan": {"Node Type": "Result"}}])", 5, 0, {}});
  report.plans[0].findings = {report.findings[0].id};
  report.plans.push_back({"", "EXPLAIN, generic plan", R"([{"Plan": {"Node Type": "Result"}}])", 7, 0, {}});
  report.plans.push_back(
      {"", "HypoPG, with an index on t (b)", R"([{"Plan": {"Node Type": "Result"}}])", 2, 0, {}});
  report.plans[1].statement = report.plans[2].statement = "SELECT x.ctid FROM ONLY t x";
  report.plans[2].before = 1;
  Options options;
  options.workload = &workload;
  options.catalogs = {&live, &files};
  const auto json = nlohmann::json::parse(render("json", report, options));
  EXPECT_EQ(testing_support::violations("report.schema.json", json), "");
  EXPECT_EQ(json.dump().find("secret"), std::string::npos);
  EXPECT_EQ(json["workload"]["queries"][0]["histogram"], nlohmann::json::parse("[[160, 2]]"));
  EXPECT_EQ(json["workload"]["repeats"][0]["most_in_one_scope"], 2);
  EXPECT_EQ(json["workload"]["repeats"][0]["call_times"],
            nlohmann::json::parse("[[0, 1.5, -1], [2, 0.5, 0]]"));
  EXPECT_EQ(json["plans"][0]["json"][0]["Plan"]["Node Type"], "Result");
  EXPECT_EQ(json["plans"][0]["findings"], nlohmann::json({"0123456789abcdef"}));
  EXPECT_EQ(json["plans"][1]["query"], "SELECT x.ctid FROM ONLY t x");
  EXPECT_EQ(json["plans"][2]["kind"], "what-if");
  EXPECT_EQ(json["plans"][2]["before"], json["plans"][1]["id"]);
  ASSERT_EQ(json["tables"].size(), 2);
  const auto& table = json["tables"][1];
  EXPECT_EQ(table["rows"], 7) << "the server's";
  EXPECT_EQ(table["primary_key"], nlohmann::json({"a"}));
  EXPECT_EQ(table["foreign_keys"][0]["indexed"], false);
  EXPECT_EQ(table["foreign_keys"][1]["indexed"], true);
  EXPECT_EQ(json["rules"][0]["id"], "unindexed-foreign-key");
  EXPECT_FALSE(json.contains("truncated"));
}

}  // namespace
}  // namespace pgadvise::report
