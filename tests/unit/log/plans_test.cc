// auto_explain's plans: kept with their statement, without literals unless asked for.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "log/collect/merge.h"
#include "log/record/logged_plan.h"
#include "log/workload/workload_file.h"
#include "log_support.h"
#include "report/json/digest_json.h"
#include "report/text/digest_text.h"

namespace pgadvise::log {
namespace {

using namespace testing;
using Format = LoggedPlan::Format;

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string plan_record(double second, double milliseconds, std::string_view query, std::string_view lines) {
  return at(second, 7, "LOG:  duration: " + std::to_string(milliseconds) + " ms  plan:") +
         "\tQuery Text: " + std::string(query) + "\n" + std::string(lines);
}

constexpr std::string_view scan = "\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n\t  Filter: (a = 42)\n";

TEST(LoggedPlans, OfEachFormAreKeptWithoutLiterals) {
  for (const auto* name :
       {"plans.log", "plans.csv", "plans.json", "plans-json.log", "plans-json.csv", "plans-json.json"}) {
    const Read log = read_paths({fixture("logs/" + std::string(name))});
    std::size_t plans = 0;
    for (const auto& query : log.workload.queries) {
      if (!query.plan) continue;
      ++plans;
      const LoggedPlan& plan = *query.plan;
      EXPECT_EQ(plan.format, has(name, "plans-json") ? Format::json : Format::text) << name;
      EXPECT_GT(plan.place.line, 0);
      EXPECT_GT(plan.duration_ms, 0);
      EXPECT_FALSE(has(plan.text, "secret")) << name << plan.text;
      EXPECT_FALSE(has(plan.text, "Query Text"));
      EXPECT_FALSE(has(replace_all(replace_all(plan.text, "Rows Removed by Filter: 4711", ""),
                                   "\"Rows Removed by Filter\": 4711", ""),
                       "4711"))
          << plan.text;
      EXPECT_TRUE(has(plan.text, "rows=") || has(plan.text, "\"Plan Rows\": "));
      EXPECT_TRUE(has(plan.logged, "Query Text"));
    }
    EXPECT_EQ(plans, 8u) << name;
    // Beside statements, PREPARE is one, too; and EXECUTE is counted once.
    EXPECT_EQ(log.source().statements, has(name, "plans-json") ? 10u : 8u) << name;
    EXPECT_FALSE(has(report::digest_json(log.workload, false), "secret"));
    EXPECT_TRUE(has(report::digest_json(log.workload, true), "secret-buffers"));
    EXPECT_TRUE(has(report::digest_text(log.workload, {}), "plan at line "));
  }
}

// EXPLAIN's own JSON is an array of one.
TEST(LoggedPlans, OfExplainLoseTheirConstants) {
  const std::string explained =
      R"json([{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 7, "Filter": "(a = 'secret'::text)"}}])json";
  const std::string plan = redact_plan(Format::json, explained);
  EXPECT_FALSE(has(plan, "secret"));
  EXPECT_TRUE(has(plan, "\"Plan Rows\": 7")) << plan;
  EXPECT_EQ(redact_plan(Format::json, "[]"), "");
  EXPECT_EQ(redact_plan(Format::json, R"json([{"Plan": {}}, {"Plan": {}}])json"), "");
}

TEST(LoggedPlans, KeepFiguresNamesAndSettings) {
  EXPECT_EQ(redact_plan(Format::text,
                        "\nQuery Text: SELECT 'a'\nQuery Parameters: $1 = 'x\nBuffers: y', $2 = NULL\nQuery "
                        "Identifier: -77\n"
                        "Limit  (cost=0.29..8.31 rows=1 width=12) (actual time=0.011..0.012 rows=1 loops=1)\n"
                        "  Output: \"a'b\", (hashed SubPlan 1), $0, 1.5, E'x\\'y'\n"
                        "  Buffers: shared hit=3\n"
                        "  ->  Index Scan using t2024_pkey on t2024  (never executed)\n"
                        "        Index Cond: (id = ANY ('{1,2}'::integer[]))\n"
                        "        Rows Removed by Filter: 12\n"
                        "  SubPlan 1\n"
                        "Foreign Program: curl -u me:secret\n"
                        "Trigger for constraint t_fkey: time=0.046 calls=1\n"
                        "Settings: work_mem = '8MB'"),
            "Query Identifier: -77\n"
            "Limit  (cost=0.29..8.31 rows=1 width=12) (actual time=0.011..0.012 rows=1 loops=1)\n"
            "  Output: \"a'b\", (hashed SubPlan 1), $0, '...', '...'\n"
            "  Buffers: shared hit=3\n"
            "  ->  Index Scan using t2024_pkey on t2024  (never executed)\n"
            "        Index Cond: (id = ANY ('...'::integer[]))\n"
            "        Rows Removed by Filter: 12\n"
            "  SubPlan 1\n"
            "Foreign Program: '...'\n"
            "Trigger for constraint t_fkey: time=0.046 calls=1\n"
            "Settings: work_mem = '8MB'");
}

TEST(LoggedPlans, OfJsonKeepWhatIsNoExpression) {
  const auto plan = nlohmann::json::parse(redact_plan(
      Format::json,
      R"({"Query Text": "SELECT 'secret'", "Query Parameters": "$1 = 'secret'", "Settings": {"work_mem": "8MB"}, "Plan": {"Node Type": "Seq Scan",
        "Plan Rows": 7, "Output": ["Timing::text || 'secret'", "a"], "Unheard Of": {"Deep": "secret"}, "Alias": {"a": {"b": "secret"}}, "Foreign Program": "curl -u me:secret", "Plans": [{"Filter": "a = 1"}]}})"));
  EXPECT_EQ(plan, nlohmann::json::parse(
                      R"({"Settings": {"work_mem": "8MB"}, "Plan": {"Node Type": "Seq Scan", "Plan Rows": 7,
        "Output": ["Timing::text || '...'", "a"], "Unheard Of": {"Deep": "'...'"}, "Alias": {"a": {"b": "'...'"}}, "Foreign Program": "'...'", "Plans": [{"Filter": "a = '...'"}]}})"));
  EXPECT_EQ(redact_plan(Format::json, R"({"Query Text": "SELECT 1", "Plan": {"Filter": "a = 'sec)"), "");
  EXPECT_EQ(
      redact_plan(Format::json, "{\"Query Text\": \"SELECT 1\", \"Plan\": " + std::string(100'000, '[')), "");
  EXPECT_EQ(redact_plan(Format::text,
                        "Query Text: SELECT 'never closed\nSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)"),
            "");
}

// From 16 on, with auto_explain.log_parameter_max_length.
TEST(LoggedPlans, TellTheParameters) {
  const auto text = read_explain_record(
      "Query Text: SELECT a FROM t WHERE a = $1\nQuery Parameters: $1 = 'o''clock\nrest'\nSeq Scan on t  "
      "(cost=0.00..1.00 rows=1 width=4)");
  EXPECT_EQ(text.query, "SELECT a FROM t WHERE a = $1");
  EXPECT_EQ(text.parameters, "$1 = 'o''clock\nrest'");
  const auto json = read_explain_record(
      "{\"Query Text\": \"SELECT \\\"a\\\" \\u0001\", \"Query Parameters\": \"$1 = 'x\\\\y'\", \"Plan\": "
      "{\"Actual Rows\": 3}}");
  EXPECT_EQ(json.query, "SELECT \"a\" \x01");
  EXPECT_EQ(json.parameters, "$1 = 'x\\y'");
  EXPECT_EQ(json.rows, 3u);
  const Read log = read_text(plan_record(1, 5, "SELECT a FROM t WHERE b = $1",
                                         "\tQuery Parameters: $1 = 'x'\n" + std::string(scan)));
  ASSERT_TRUE(log.query().samples.at(0).parameters);
  EXPECT_EQ(log.query().samples[0].parameters->at(0), "x");
}

TEST(LoggedPlans, OfTheSlowestCallIsKeptWhateverComesFirst) {
  const auto fast = plan_record(1, 1, "SELECT a FROM t WHERE a = 1", scan),
             slow = plan_record(2, 9, "SELECT a FROM t WHERE a = 2", scan);
  for (const auto& text : {fast + slow, slow + fast}) {
    const Read log = read_text(text);
    ASSERT_TRUE(log.query().plan);
    EXPECT_EQ(log.query().plan->duration_ms, 9);
    EXPECT_EQ(log.query().calls, 2u);
  }
  Diagnostics diagnostics;
  const std::string one = write_log(fast, "1"), two = write_log(slow, "2");
  for (const auto& order : {std::vector{one, two}, std::vector{two, one}}) {
    const Workload sum = total(read_each(order, {}, diagnostics));
    ASSERT_TRUE(sum.queries.at(0).plan);
    EXPECT_EQ(sum.queries[0].plan->place, (SourceLocation{two, 1, 0}));
  }
}

TEST(LoggedPlans, TravelInWorkloadFiles) {
  Diagnostics diagnostics;
  const auto workloads = read_each({fixture("logs/plans.log")}, {}, diagnostics);
  for (const bool literals : {false, true}) {
    const std::string file = to_workload_file(workloads, literals);
    EXPECT_EQ(has(file, "secret"), literals);
    const auto read = parse_workload_file("f", file);
    ASSERT_TRUE(read) << read.error().what;
    for (std::size_t i = 0; i < workloads[0].queries.size(); ++i) {
      auto expected = workloads[0].queries[i].plan;
      if (expected && !literals) expected->logged.clear();
      EXPECT_EQ(read->at(0).queries.at(i).plan, expected);
    }
    EXPECT_EQ(to_workload_file(*read, literals), file);
  }
  const std::string damaged =
      replace_all(to_workload_file(workloads, false), "\"format\":\"text\"", "\"format\":\"tree\"");
  EXPECT_FALSE(parse_workload_file("f", damaged));
}

TEST(LoggedPlans, InYamlAndXmlAreKeptAsJsonWithoutLiterals) {
  const Read yaml = read_paths({fixture("logs/plans-yaml.log")}),
             xml = read_paths({fixture("logs/plans-xml.log")});
  for (const Read* log : {&yaml, &xml}) {
    EXPECT_EQ(log->source().statements, 2u);
    EXPECT_TRUE(log->diagnostics.empty());
    ASSERT_EQ(log->workload.queries.size(), 2u);
    for (const auto& query : log->workload.queries) {
      ASSERT_TRUE(query.plan);
      EXPECT_EQ(query.plan->format, Format::json);
      const auto plan = nlohmann::json::parse(query.plan->text, nullptr, false);
      ASSERT_TRUE(plan.is_object() && plan.contains("Plan")) << query.plan->text;
      EXPECT_TRUE(plan["Plan"]["Plan Rows"].is_number());
      EXPECT_TRUE(has(query.plan->text, " = '...')\"")) << query.plan->text;
      EXPECT_FALSE(has(query.plan->text, "Query Text"));
      const auto logged = nlohmann::json::parse(query.plan->logged, nullptr, false);
      ASSERT_TRUE(logged.is_object() && logged.contains("Query Text")) << query.plan->logged;
      EXPECT_TRUE(has(logged["Query Text"].get<std::string>(), " = "));
    }
  }
  EXPECT_EQ(yaml.workload.queries[0].plan->text, xml.workload.queries[0].plan->text);
  EXPECT_EQ(yaml.workload.queries[1].text, xml.workload.queries[1].text);
}

// An expression of a constant alone is no number.
TEST(LoggedPlans, InXmlHideNumbersOfExpressions) {
  const std::string xml =
      "<explain xmlns=\"x\">\n  <Query-Text>SELECT 4711</Query-Text>\n  <Query-Parameters>$1 = "
      "'4711'</Query-Parameters>\n  <Plan>\n    <Node-Type>Result</Node-Type>\n    "
      "<Actual-Rows>3</Actual-Rows>\n  "
      "  <Output>\n      <Item>4711</Item>\n    </Output>\n    <Filter>(a &lt; 4711)</Filter>\n  "
      "  <Unheard-Of>4711</Unheard-Of>\n  </Plan>\n</explain>";
  const auto record = read_explain_record(xml);
  EXPECT_EQ(record.format, Format::json);
  EXPECT_EQ(record.rows, 3u);
  EXPECT_EQ(record.parameters, "$1 = '4711'");
  const auto text = redact_plan(Format::json, in_json(xml));
  EXPECT_FALSE(has(text, "4711")) << text;
  EXPECT_TRUE(has(text, "(a < '...')")) << text;
  EXPECT_EQ(in_json(xml.substr(0, 300)), "") << "a record that is cut";
}

TEST(LoggedPlans, ThatAreTooLargeAreReported) {
  std::string lines(scan);
  while (lines.size() <= 2 * longest_plan)
    lines += "\t  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n";
  const Read large = read_text(plan_record(1, 1, "SELECT a FROM t WHERE a = 1", lines));
  EXPECT_EQ(large.query().calls, 1u);
  EXPECT_FALSE(large.query().plan);
  ASSERT_EQ(large.diagnostics.size(), 1u);
  EXPECT_TRUE(has(large.diagnostics[0].what, "1 plan skipped: over 64 KB"));
}

}  // namespace
}  // namespace pgadvise::log
