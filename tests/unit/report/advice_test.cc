#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "report/json/advice_json.h"
#include "report/text/advice_text.h"
#include "support/schema.h"

namespace pgadvise::report {
namespace {

Advice advice() {
  Advice out;
  out.budget_bytes = 500'000'000;
  out.cost_before = 1'000'000;
  out.cost_after = 250'000.456;
  out.indexes.push_back({{"public", "orders"},
                         "CREATE INDEX CONCURRENTLY a ON public.orders (customer_id);",
                         "DROP INDEX CONCURRENTLY public.a;",
                         40'000'000,
                         700'000,
                         0,
                         {"aa", "bb"}});
  out.indexes.push_back({{"Odd\x1b[31m", "one"},
                         "CREATE INDEX CONCURRENTLY b ON x (y);",
                         "DROP INDEX CONCURRENTLY b;",
                         1'200'000,
                         49'999.544,
                         12,
                         {"bb"}});
  out.not_costed.push_back({{"public", "docs"},
                            "CREATE INDEX CONCURRENTLY c ON public.docs USING gin (d);",
                            "DROP INDEX CONCURRENTLY public.c;",
                            "for jsonb @>; HypoPG does not support GIN indexes; and a reason that goes on "
                            "for so long that it does not fit in eighty columns",
                            {"cc"}});
  out.drops.push_back({{"public", "orders"},
                       "old",
                       "DROP INDEX CONCURRENTLY public.old;",
                       "CREATE INDEX CONCURRENTLY old ON public.orders (x);",
                       "duplicate of new",
                       8192});
  out.queries.push_back({"aa",
                         "select   id\nfrom orders\twhere customer_id = $1 and " + std::string(200, 'x'), 10,
                         90'000, 1'000});
  out.queries.push_back({"bb", "select 1 from one", 1, 100'000, 100'000});
  out.not_explained = 1;
  return out;
}

TEST(AdviceJson, HasTheFieldsThatProgramsReadFirst) {
  const auto report = nlohmann::ordered_json::parse(
      advice_json(advice(), {{Error::Kind::nonfatal, "q.sql:3", "not explained: why", ""}}));
  std::vector<std::string> keys;
  for (const auto& [key, value] : report.items()) keys.push_back(key);
  keys.resize(7);
  EXPECT_EQ((std::vector<std::string>{"budget_bytes", "cost_before", "cost_after", "indexes", "not_costed",
                                      "drops", "queries"}),
            keys);
  EXPECT_EQ(500'000'000, report["budget_bytes"]);
  EXPECT_EQ(250'000.46, report["cost_after"]);
  EXPECT_EQ("CREATE INDEX CONCURRENTLY a ON public.orders (customer_id);", report["indexes"][0]["sql"]);
  EXPECT_EQ((std::vector<std::string>{"aa", "bb"}),
            report["indexes"][0]["queries"].get<std::vector<std::string>>());
  for (const auto* key : {"sql", "down_sql", "schema", "table", "size_bytes", "cost_saved", "queries"})
    EXPECT_TRUE(report["indexes"][1].contains(key)) << key;
  for (const auto* key : {"fingerprint", "weight", "cost_before", "cost_after"})
    EXPECT_TRUE(report["queries"][1].contains(key)) << key;
  EXPECT_EQ("duplicate of new", report["drops"][0]["reason"]);
  EXPECT_EQ("q.sql:3: not explained: why", report["diagnostics"][0]);
  Advice free;
  EXPECT_TRUE(nlohmann::json::parse(advice_json(free, {}))["budget_bytes"].is_null());
}

Advice verified() {
  Advice out = advice();
  out.indexes[0].built_bytes = 44'000'000;
  out.not_costed[0].size_bytes = 90'000;
  out.not_costed[0].cost_saved = 12.5;
  out.queries[0].mean_ms = 3'000;
  out.queries[0].calibration = 40;
  Verification seen{.where = "the sandbox",
                    .runs = 5,
                    .queries = {},
                    .ms_before = 310,
                    .ms_after = 31,
                    .estimated_left = 0.05,
                    .not_built = {"CREATE INDEX b: no room"},
                    .complete = true};
  seen.queries.push_back(
      {"aa", "select id from orders where customer_id = $1", 10, 90'000, 1'000, 31, 3.1, ""});
  seen.queries.push_back({"bb", "update one set x = 1", 1, 100, 100, {}, {}, "it writes"});
  out.verification = std::move(seen);
  return out;
}

Advice with_plans() {
  Advice out = advice();
  out.plans.push_back(
      {"aa", "EXPLAIN, generic plan", R"([{"Plan": {"Node Type": "Seq Scan"}}])", 90'000, 0, {}});
  out.plans.push_back(
      {"aa",
       "HypoPG, with an index on orders (customer_id)",
       R"([{"Plan": {"Node Type": "Index Scan"}}])",
       1'000,
       0,
       {{.kind = Insight::Kind::jit, .node = nullptr, .text = "JIT takes most of the time"}}});
  out.plans.back().before = 0;
  return out;
}

TEST(AdviceJson, HasThePlansWithoutAndWithTheIndexes) {
  const auto plans = nlohmann::json::parse(advice_json(with_plans(), {}))["plans"];
  ASSERT_EQ(2u, plans.size());
  EXPECT_EQ("aa-1", plans[0]["id"]);
  EXPECT_EQ("explained", plans[0]["kind"]);
  EXPECT_EQ("Seq Scan", plans[0]["json"][0]["Plan"]["Node Type"]);
  EXPECT_EQ("what-if", plans[1]["kind"]);
  EXPECT_EQ("aa-1", plans[1]["before"]);
  EXPECT_EQ("jit", plans[1]["insights"][0]["kind"]);
  EXPECT_FALSE(nlohmann::json::parse(advice_json(advice(), {})).contains("plans"));
}

TEST(AdviceJson, IsWhatItsSchemaSays) {
  for (const auto& one : {Advice{}, advice(), verified(), with_plans()}) {
    const auto report = nlohmann::json::parse(
        advice_json(one, {{Error::Kind::nonfatal, "q.sql:3", "not explained: why", ""}}));
    EXPECT_EQ("", testing_support::violations("advice.schema.json", report));
  }
  auto wrong = nlohmann::json::parse(advice_json(verified(), {}));
  wrong["verification"]["ms_before"] = "fast";
  EXPECT_NE("", testing_support::violations("advice.schema.json", wrong));
}

TEST(AdviceText, ShowsEstimatedBesideReal) {
  const std::string text = advice_text(verified(), {});
  for (const auto* wanted :
       {"Verified on the sandbox", "1.1%     31 ms   3.10 ms    10.0%  select id from orders",
        "5.0%    310 ms     31 ms    10.0%  all queries, weighted",
        "not measured: update one set x = 1: it writes", "not built: CREATE INDEX b: no room",
        "Size of the indexes: 44 MB, estimated 40 MB", "weighted 40 times: 3.0 s on average", "saves 12.5"})
    EXPECT_NE(std::string::npos, text.find(wanted)) << wanted << "\n" << text;
}

TEST(AdviceText, FitsEightyColumnsButForSql) {
  const std::string text = advice_text(advice(), {});
  EXPECT_EQ(std::string::npos, text.find('\x1b')) << text;
  for (const auto line : split(text, '\n')) {
    if (line.find("INDEX") == std::string_view::npos) {
      EXPECT_LE(line.size(), 82u) << line;
    }  // "…" is three bytes
  }
  for (const auto* wanted :
       {"2 indexes within 500 MB, 41 MB: relative cost 25.0%", "40 MB", "700k  70.0%",
        "maintenance cost for the workload's writes: 12.0", "30.0%", "25.0%",
        "select id from orders where customer_id = $1", "Not costed", "To drop", "1 query was left out"})
    EXPECT_NE(std::string::npos, text.find(wanted)) << wanted << "\n" << text;
  EXPECT_EQ(std::string::npos, text.find("select 1 from one")) << "gains nothing";
}

TEST(AdviceText, SaysWhenThereIsNothingToGain) {
  Advice none;
  EXPECT_NE(std::string::npos,
            advice_text(none, {}).find("No query reads or writes a table of the application"));
  none.not_explained = 1;
  EXPECT_NE(std::string::npos,
            advice_text(none, {}).find("The planner could not compute the cost of any query."));
  none.not_explained = 0;
  none.queries.push_back({"aa", "select 1", 1, 5, 5});
  none.complete = false;
  const std::string text = advice_text(none, {});
  EXPECT_NE(std::string::npos, text.find("No index reduces the cost of the workload: 1 query")) << text;
  EXPECT_NE(std::string::npos, text.find("ended early"));
}

}  // namespace
}  // namespace pgadvise::report
