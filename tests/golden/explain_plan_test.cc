// pgadvise explain --plan: what a person pasted, and what is reported of it.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

const std::string pasted =
    "[local] shop=# EXPLAIN SELECT * FROM t ORDER BY a;\n"
    "┌────────────────────────────────────────────────────────────┐\n"
    "│                         QUERY PLAN                         │\n"
    "├────────────────────────────────────────────────────────────┤\n"
    "│ Sort  (cost=64.34..66.84 rows=1000 width=4)                │\n"
    "│   Sort Key: a                                              │\n"
    "│   ->  Seq Scan on t  (cost=0.00..14.50 rows=1000 width=4)  │\n"
    "└────────────────────────────────────────────────────────────┘\n"
    "(3 rows)\n";

TEST(ExplainPlan, APlanInAFrameIsReadWithoutARemark) {
  const Folder folder;
  folder.write("plan.txt", pasted);
  const auto ran = run("explain --plan " + quoted(folder.path("plan.txt")));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(contains(ran.out, "Seq Scan t") && !contains(ran.out, "in part")) << ran.out;
}

TEST(ExplainPlan, ALineThatIsNotUnderstoodIsReportedAndTheOutputSaysThatItIsAPart) {
  const Folder folder;
  folder.write("plan.txt", replace_all(pasted, "Sort Key: a ", "Hunter, 2  "));
  const std::string command = "explain --plan " + quoted(folder.path("plan.txt"));
  const auto text = run(command);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_TRUE(contains(text.err, "plan.txt: line 6 of the plan is not understood")) << text.err;
  EXPECT_FALSE(contains(text.err + text.out, "Hunter"));
  EXPECT_TRUE(contains(text.out, "This is only a part of the plan")) << text.out;
  const auto json = nlohmann::json::parse(run(command + " --format json").out, nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["complete"], false);
}

TEST(ExplainPlan, ABrokenPlanIsAnErrorWithItsLine) {
  const Folder folder;
  folder.write("plan.txt", "SELECT 1;\n[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Result\"\n");
  const auto ran = run("explain --plan " + quoted(folder.path("plan.txt")));
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "the plan in JSON is broken or incomplete at line ")) << ran.err;
  EXPECT_EQ(ran.out, "");
}

}  // namespace
}  // namespace pgadvise
