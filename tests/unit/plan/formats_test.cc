// EXPLAIN's output in each format and in what people paste it with (fixtures/plans/formats and psql, recorded
// by fixtures/plans/regenerate): each is read as the same tree, and what is missing is reported.
#include <algorithm>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "log/record/logged_plan.h"
#include "plan/insights/analysis.h"
#include "plan/read/reader.h"
#include "support/paths.h"
#include "support/plan_lines.h"

namespace pgadvise::plan {
namespace {

namespace fs = std::filesystem;
using testing_support::plan_lines;
using Lines = std::vector<std::string>;

const fs::path folder = fs::path(testing_support::source_dir) / "fixtures/plans";

std::string content(const std::string& file) { return read_file((folder / file).string()).value_or(""); }

// The tree, and what is reported below it.
Lines lines_of(const std::string& text) {
  Diagnostics incomplete;
  const auto plan = read(text, incomplete);
  Lines out = plan ? plan_lines(*plan) : Lines{"error: " + plan.error().what};
  for (const auto& warning : incomplete) out.push_back(warning.what);
  return out;
}

Lines warnings(const std::string& text) {
  Diagnostics incomplete;
  EXPECT_TRUE(read(text, incomplete)) << text;
  Lines out;
  for (const auto& warning : incomplete) {
    EXPECT_EQ(warning.kind, Error::Kind::nonfatal);
    out.push_back(warning.what);
  }
  return out;
}

Plan plan_of(const std::string& text) {
  Diagnostics incomplete;
  auto plan = read(text, incomplete);
  EXPECT_TRUE(plan) << text;
  EXPECT_TRUE(incomplete.empty()) << incomplete.front().what << "\n" << text;
  return plan ? std::move(*plan) : Plan{};
}

// Each line as `change` makes it.
template <class Change>
std::string each_line(const std::string& text, const Change& change) {
  std::string out;
  const auto trimmed = std::string_view(text).substr(0, text.find_last_not_of('\n') + 1);
  for (const auto line : split(trimmed, '\n')) out += change(std::string(line)) + "\n";
  return out;
}

std::string cell(const std::string& text) { return "\"" + replace_all(text, "\"", "\"\"") + "\""; }

std::string without_end(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// ---- sub-plans

TEST(TextPlan, SubPlansBehindTheChildrenBelongToTheNodeOfTheirColumn) {
  const Plan plan = plan_of(content("formats/two-sub-plans.text"));
  const PlanNode& result = plan.root.children.at(0);
  ASSERT_EQ(result.children.size(), 3u);
  EXPECT_EQ(result.children[0].type, "Sort");
  EXPECT_EQ(result.children[1].subplan, "SubPlan 1");
  EXPECT_EQ(result.children[2].subplan, "SubPlan 2");
  EXPECT_EQ(result.children[2].relationship, "SubPlan");
  const PlanNode& scan = result.children[0].children.at(0);
  ASSERT_EQ(scan.children.size(), 1u);
  EXPECT_EQ(scan.children[0].subplan, "SubPlan 3");
}

TEST(TextPlan, SelfTimesOfASubPlanAreTakenOffItsOwner) {
  const Plan plan = plan_of(
      "Hash Join  (cost=1..9 rows=9 width=8) (actual time=1.0..100.0 rows=9 loops=1)\n"
      "  Hash Cond: (t.a = u.a)\n"
      "  ->  Seq Scan on t  (cost=1..2 rows=9 width=8) (actual time=0.0..20.0 rows=9 loops=1)\n"
      "  ->  Hash  (cost=1..2 rows=9 width=8) (actual time=9.0..10.0 rows=9 loops=1)\n"
      "        ->  Seq Scan on u  (cost=1..2 rows=9 width=8) (actual time=0.0..8.0 rows=9 loops=1)\n"
      "  SubPlan 1\n"
      "    ->  Seq Scan on s  (cost=1..2 rows=9 width=8) (actual time=0.0..5.0 rows=9 loops=9)\n");
  const auto times = self_times(plan);
  ASSERT_EQ(times.nodes.size(), 5u);
  EXPECT_NEAR(times.nodes[0].self_ms, 25, 1e-9);  // 100 - 20 - 10 - 45
  EXPECT_NEAR(times.nodes[3].self_ms, 8, 1e-9);
  EXPECT_NEAR(times.nodes[4].self_ms, 45, 1e-9);
}

// As auto_explain logs it: with tabs in a log, and as a log's reader keeps it.
TEST(TextPlan, OfAutoExplain) {
  const std::string text = content("formats/two-sub-plans.text");
  const std::string record = "Query Text: SELECT (SELECT max(b)\n  FROM t) -- (slow)\n" + text;
  EXPECT_EQ(lines_of("2026-11-22 10:00:00 UTC LOG:  duration: 3.1 ms  plan:\n" +
                     each_line(record, [](const std::string& line) { return "\t" + line; })),
            lines_of(text));
  EXPECT_EQ(lines_of(log::redact_plan(LoggedPlan::Format::text, record)), lines_of(text));
}

// ---- formats and frames

TEST(PlanFormats, AreReadAsTheSameTree) {
  int plans = 0;
  for (const auto& entry : fs::directory_iterator(folder / "formats")) {
    if (entry.path().extension() != ".json") continue;
    ++plans;
    const std::string name = "formats/" + entry.path().stem().string();
    const auto expected = lines_of(content(name + ".json"));
    EXPECT_GE(expected.size(), 4u) << name;
    for (const std::string format : {".text", ".yaml", ".xml"})
      EXPECT_EQ(lines_of(content(name + format)), expected) << name << format;
  }
  EXPECT_GE(plans, 8);
}

class PsqlFrames : public testing::TestWithParam<const char*> {};

TEST_P(PsqlFrames, AreReadAsThePlanAlone) {
  std::vector<std::pair<std::string, std::string>> sections;
  const std::string recorded = content(std::string("psql/") + GetParam());
  for (const auto line : split(recorded, '\n')) {
    if (line.starts_with("=== ")) sections.emplace_back(line, "");
    else sections.back().second += std::string(line) + "\n";
  }
  ASSERT_GE(sections.size(), 21u);
  const auto expected = lines_of(sections[0].second);
  EXPECT_GE(expected.size(), 2u);
  for (const auto& [name, text] : sections) EXPECT_EQ(lines_of(text), expected) << name << "\n" << text;
}

INSTANTIATE_TEST_SUITE_P(Formats, PsqlFrames, testing::Values("text", "json", "yaml", "xml"));

// ---- pasted

class PastedPlans : public testing::TestWithParam<const char*> {
 protected:
  // Each recorded plan of the format, changed, is read as it was.
  template <class Change>
  void expect_same(const Change& change) {
    for (const std::string name : {"ctes", "grouping-sets", "lateral", "literals", "sub-plan-of-append",
                                   "sub-plans", "two-sub-plans", "writes", "deletes"}) {
      const std::string text = content("formats/" + name + "." + GetParam());
      const std::string changed = change(text);
      EXPECT_EQ(lines_of(changed), lines_of(text)) << changed;
    }
  }
};

TEST_P(PastedPlans, WithLineEndsOfWindowsAndAByteOrderMark) {
  expect_same([](const std::string& text) { return "\xef\xbb\xbf" + replace_all(text, "\n", "\r\n"); });
}

TEST_P(PastedPlans, WithTabs) {
  expect_same([](const std::string& text) {
    return each_line(text, [](const std::string& line) {
      const auto blanks = std::min(line.find_first_not_of(' '), line.size());
      return std::string(blanks / 8, '\t') + std::string(blanks % 8, ' ') + line.substr(blanks);
    });
  });
}

TEST_P(PastedPlans, InMail) {
  for (const std::string mark : {"> ", ">> ", ">"})
    expect_same([&](const std::string& text) {
      return each_line(text, [&](const std::string& line) { return mark + line; });
    });
}

TEST_P(PastedPlans, InACodeBlockWithProse) {
  expect_same([](const std::string& text) { return "It is slow:\n\n```\n" + text + "```\n\nWhat helps?\n"; });
  expect_same([](const std::string& text) { return text + "\nWhat helps?\n"; });
}

TEST_P(PastedPlans, Indented) {
  const bool xml = std::string(GetParam()) == "xml";
  expect_same([&](const std::string& text) {
    if (xml && contains(text, "it's"))
      return text;  // a line end within a text, and what follows is the text's
    return each_line(text, [](const std::string& line) { return "    " + line; });
  });
}

TEST_P(PastedPlans, BehindAPromptAndTheStatement) {
  expect_same([](const std::string& text) {
    return "[local] postgres=# EXPLAIN (ANALYZE)\npostgres-#   SELECT '{', ARRAY[1], '[1]';\n" + text +
           "\nTime: 3,1 ms\n[local] postgres=# \\q\n";
  });
  expect_same(
      [](const std::string& text) { return "shop=> EXPLAIN ANALYZE SELECT 1;\n" + text + "shop=> "; });
}

TEST_P(PastedPlans, InQuotesAsPgAdminCopiesThem) {
  const bool lines = std::string(GetParam()) == "text";
  for (const std::string heading : {"", "\"QUERY PLAN\"\n"})
    for (const std::string end : {"", ","})
      expect_same([&](const std::string& text) {
        if (!lines) return heading + cell(without_end(text)) + end + "\n";
        return heading + each_line(text, [&](const std::string& line) { return cell(line) + end; });
      });
}

TEST(TextPlan, InSingleQuotesAsOldPgAdminCopiesIt) {
  for (const std::string name : {"literals", "two-sub-plans", "writes"}) {
    const std::string text = content("formats/" + name + ".text");
    EXPECT_EQ(lines_of(each_line(text, [](const std::string& line) { return "'" + line + "'"; })),
              lines_of(text))
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, PastedPlans, testing::Values("text", "json", "yaml", "xml"));

TEST(PastedJson, WithDoubledQuotesOrQuotesAround) {
  const std::string text = content("formats/sub-plans.json");
  EXPECT_EQ(lines_of(replace_all(text, "\"", "\"\"")), lines_of(text));
  EXPECT_EQ(lines_of("\"" + text + "\""), lines_of(text));
  EXPECT_EQ(lines_of(replace_all(text, "\n", "")), lines_of(text)) << "on one line";
}

// ---- wrapped lines

// At blanks, as mail is wrapped.
std::string wrapped_at_blanks(const std::string& line, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  for (const auto word : split(line, ' ')) {
    const bool first = word.data() == line.data();
    if (column + 1 + word.size() > width && trim(out).size() > 3) out += "\n", column = 0;
    else if (!first) out += ' ', ++column;
    out += word;
    column += word.size();
  }
  return out;
}

std::string wrapped_at(const std::string& text, std::size_t width) {
  return each_line(text, [&](const std::string& line) {
    std::string out;
    for (std::size_t at = 0; at < line.size(); at += width) out += (at ? "\n" : "") + line.substr(at, width);
    return out;
  });
}

TEST(WrappedText, ByATerminal) {
  for (const std::string name :
       {"ctes", "lateral", "sub-plan-of-append", "sub-plans", "two-sub-plans", "writes"})
    for (const std::size_t width : {60u, 80u, 100u}) {
      const std::string text = content("formats/" + name + ".text");
      const std::string wrapped = wrapped_at(text, width);
      EXPECT_EQ(lines_of(wrapped), lines_of(text)) << wrapped;
    }
}

const std::string timed =
    "Aggregate  (cost=16.79..16.80 rows=1 width=0) (actual time=3.626..3.627 rows=1 loops=1)\n"
    "  ->  Hash Join  (cost=4.17..16.55 rows=92 width=0) (actual time=3.349..3.594 rows=921234 loops=1)\n"
    "        Hash Cond: (a.id = b.id)\n"
    "        ->  Seq Scan on a  (cost=0.00..9.55 rows=255 width=4) (actual time=0.016..0.140 rows=255 "
    "loops=1)\n"
    "        ->  Hash  (cost=3.02..3.02 rows=92 width=4) (actual time=3.238..3.238 rows=333497 loops=12)\n"
    "              Buckets: 1024  Batches: 1  Memory Usage: 12kB\n"
    "              ->  Index Only Scan using b_key_of_some_length on b_some_table b_1  (cost=0.00..3.02 "
    "rows=92 width=4) (never executed)\n"
    "Planning Time: 1.250 ms\n"
    "Execution Time: 4.000 ms\n";

// Within each label and number, and between the dots of each range.
TEST(WrappedText, ByATerminalOfAnyWidth) {
  const auto expected = lines_of(timed);
  ASSERT_EQ(expected.size(), 5u);
  for (std::size_t width = 50; width < 110; ++width) {
    const std::string wrapped = wrapped_at(timed, width);
    EXPECT_EQ(lines_of(wrapped), expected) << width << "\n" << wrapped;
  }
}

// psql's style old-ascii has no marks where it cuts a line at the width; each part has the margin of a blank.
TEST(WrappedText, ByPsqlWithoutMarks) {
  const auto expected = lines_of(timed);
  for (std::size_t width = 50; width < 110; ++width) {
    const std::string wrapped =
        each_line(without_end(wrapped_at(timed, width)), [](const std::string& line) { return " " + line; });
    const std::string text =
        std::string(width, ' ') + "QUERY PLAN\n" + std::string(width + 2, '-') + "\n" + wrapped;
    EXPECT_EQ(lines_of(text), expected) << width << "\n" << text;
  }
}

TEST(WrappedText, BetweenTheDotsOfOneRange) {
  const std::string text =
      "Seq Scan on t  (cost=0.00..3.02 rows=92 width=4) (actual time=0.008..3.187 rows=92 loops=1)\n"
      "Execution Time: 4.000 ms\n";
  for (const std::string range : {"0.00..3.02", "0.008..3.187"})
    EXPECT_EQ(lines_of(replace_all(text, range, replace_all(range, "..", ".\n."))), lines_of(text)) << range;
}

// psql's own marks, without a rule that shows that it wrapped the line.
TEST(WrappedText, ByPsqlInARange) {
  const std::string text =
      " Seq Scan on t  (cost=0.00..3.02 rows=92 width=4) (actual time=0.008..3.187 rows=92 loops=1)\n";
  for (const std::string break_before : {"..3.187", ".3.187", "3.187", ".187", "008", "08.."})
    EXPECT_EQ(lines_of(replace_all(text, break_before, ".\n." + break_before)), lines_of(text))
        << break_before;
}

TEST(WrappedText, TheRootWithinItsFigures) {
  const std::string text =
      " Sort  (cost=32.88..32.96 rows=32 width=224) (actual time=0.532..0.532 rows=0 loops=1)\n"
      "   Sort Key: n.nspname\n   Sort Method: quicksort  Memory: 25kB\n"
      "   ->  Seq Scan on pg_class n  (cost=0.00..29.84 rows=64 width=73) (actual time=0.026..0.397 rows=128 "
      "loops=1)\n Execution Time: 0.616 ms\n";
  for (std::size_t at = text.find('('); at < text.find("Sort Key") - 4; ++at) {
    std::string wrapped = text;
    wrapped.insert(at, "\n");
    EXPECT_EQ(lines_of(wrapped), lines_of(text)) << wrapped;
    if (at + 9 < text.find("Sort Key")) {
      wrapped.insert(at + 8, "\n");
      EXPECT_EQ(lines_of(wrapped), lines_of(text)) << wrapped;
    }
  }
}

TEST(WrappedText, ByMail) {
  const std::string text = content("formats/two-sub-plans.text");
  for (const std::size_t width : {66u, 72u, 78u}) {
    const std::string wrapped =
        each_line(text, [&](const std::string& line) { return wrapped_at_blanks(line, width); });
    EXPECT_NE(wrapped, text);
    EXPECT_EQ(lines_of(wrapped), lines_of(text)) << wrapped;
  }
}

// ---- not complete, and what is reported

const std::string seq = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n";
const std::string sort = "Sort  (cost=0.00..1.00 rows=1 width=4)\n";

TEST(IncompletePlan, ALineThatIsNotUnderstoodIsNamedWithoutItsText) {
  const auto found = warnings(sort + "  ->  " + seq + "        hunter2\n");
  EXPECT_EQ(found, Lines{"line 3 of the plan is not understood: it is neither a node nor a property of one"});
}

TEST(IncompletePlan, NodesWithoutTheirChildrenOrCosts) {
  EXPECT_EQ(warnings("\n\n" + sort),
            Lines{"line 3 of the plan is a node with 1 children, of which 0 were read"});
  EXPECT_EQ(warnings("Nested Loop  (cost=0.00..1.00 rows=1 width=4)\n  ->  " + seq),
            Lines{"line 1 of the plan is a node with 2 children, of which 1 was read"});
  EXPECT_EQ(warnings(sort + "  ->  Seq Scan on t\n"),
            Lines{"line 2 of the plan is a node without its costs"});
}

TEST(IncompletePlan, LinesThatAreCut) {
  EXPECT_EQ(warnings(sort + "  ->  " + seq + "        Filter: (note = 'hunt\n"),
            Lines{"line 3 of the plan is cut: a quote or a parenthesis stays open"});
  EXPECT_EQ(warnings(sort + "  ->  Seq Scan on t  (cost=0.00..1.0\n"),
            Lines{"line 2 of the plan is cut: a quote or a parenthesis stays open"});
}

TEST(IncompletePlan, FiguresThatAreCutOrOfTwoLines) {
  const std::string times = " (actual time=0.1..0.2 rows=1 loops=1)";
  const std::string node = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)";
  EXPECT_EQ(warnings(node + times + "\n"), Lines{});
  for (const auto& [whole, part] : std::map<std::string, std::string>{{"time=0.1..0.2", "time=0.10.2"},
                                                                      {" rows=1 loops", " rows=1 23 loops"},
                                                                      {"0.00..1.00", "0.00"},
                                                                      {" width=4", ""},
                                                                      {" loops=1", ""}})
    EXPECT_EQ(warnings(replace_all(node + times + "\n", whole, part)),
              Lines{"line 1 of the plan is a node whose costs or times are incomplete"})
        << part;
}

// As servers up to 10 and up to 9.3 write them.
TEST(TextPlan, TimesOfOlderServers) {
  const std::string node =
      "Delete on m  (cost=0.00..10.00 rows=1 width=6) (actual time=1.0..1.0 rows=0 loops=1)\n"
      "  ->  Seq Scan on m  (cost=0.00..10.00 rows=1 width=6) (actual time=0.1..0.2 rows=1 "
      "loops=1)\n";
  const std::string trigger = "Trigger for constraint c: time=4038.247 calls=5000\n";
  const Plan ten = plan_of(node + "Planning time: 2.482 ms\n" + trigger + "Execution time: 4050.164 ms\n");
  EXPECT_DOUBLE_EQ(ten.planning_ms, 2.482);
  EXPECT_DOUBLE_EQ(ten.execution_ms, 4050.164);
  ASSERT_EQ(ten.triggers.size(), 1u);
  EXPECT_NEAR(self_times(ten).outside_ms, 4049.164, 1e-6);
  EXPECT_DOUBLE_EQ(plan_of(node + trigger + "Total runtime: 4050.164 ms\n").execution_ms, 4050.164);
  EXPECT_DOUBLE_EQ(plan_of("[{\"Plan\": {\"Node Type\": \"Result\"}, \"Total Runtime\": 7.5}]").execution_ms,
                   7.5);
  EXPECT_EQ(warnings(node + "Planning time: 2.482 ms\n"),
            Lines{"line 1 of the plan begins a plan whose last line, the execution time, is missing"});
}

TEST(IncompletePlan, ASubPlanThatIsNotThere) {
  EXPECT_EQ(warnings(seq + "  Filter: ((hashed SubPlan 2) AND (note <> 'SubPlan 3'))\n"),
            Lines{"line 2 of the plan refers to a sub-plan that is not read"});
  EXPECT_EQ(warnings(seq + "  InitPlan 1 (returns $0)\n"),
            Lines{"line 2 of the plan names a sub-plan, and no node of it follows"});
}

TEST(IncompletePlan, AnotherPlanBehindIt) {
  EXPECT_EQ(warnings(seq + "\n" + seq), Lines{"line 3 of the plan begins another plan, which is not read"});
  EXPECT_EQ(warnings("[{\"Plan\": {\"Node Type\": \"Result\"}}, {\"Plan\": {\"Node Type\": \"Result\"}}]"),
            Lines{"holds 2 plans from line 1 on, of which the first is read"});
  for (const std::string name : {"json", "yaml", "xml"}) {
    const std::string text = content("formats/sub-plans." + name);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_TRUE(warnings(text + "\n(1 row)\n\nSELECT \"Plan\" FROM t\n").empty()) << name;
    for (const std::string other : {"json", "yaml", "xml", "text"}) {
      const auto found = warnings(text + "\nQUERY PLAN\n" + content("formats/sub-plans." + other));
      ASSERT_EQ(found.size(), 1U) << name << " and " << other;
      EXPECT_TRUE(found[0].ends_with("begins another plan, which is not read")) << found[0];
      EXPECT_GT(std::stoul(found[0].substr(5)), lines) << found[0];
    }
  }
  const std::string one = "[{\"Plan\": {\"Node Type\": \"Result\"}}]";
  EXPECT_EQ(warnings(one + " " + one), Lines{"line 1 begins another plan, which is not read"});
}

TEST(IncompletePlan, ALineBelowTheHeadingOfASubPlan) {
  const std::string text =
      "Nested Loop  (cost=0.00..1.00 rows=1 width=4)\n  CTE x\n    ->  Gather  (cost=0.00..1.00 rows=1 "
      "width=4)\n          ->  " +
      seq + "  ->  " + seq + "  ->  " + seq;
  EXPECT_TRUE(warnings(text).empty());
  const auto gather = text.find("    ->  Gather");
  std::string without = text;
  without.erase(gather, text.find('\n', gather) + 1 - gather);
  EXPECT_EQ(
      warnings(without),
      Lines{"line 3 of the plan stands further in than the node above it: a line between them is missing"});
}

// psql's other formats are not read, and never in part.
TEST(IncompletePlan, HtmlAndSeveralNodesOnALine) {
  EXPECT_EQ(
      lines_of(
          "<table border=\"1\">\n  <tr valign=\"top\">\n    <td align=\"left\">Sort  (cost=0.00..1.00 rows=1 "
          "width=4)</td>\n  </tr>\n  <tr>\n    <td align=\"left\">&nbsp;&nbsp;-&gt;&nbsp;&nbsp;Seq Scan on t "
          " "
          "(cost=0.00..1.00 rows=1 width=4)</td>\n  </tr>\n</table>\n"),
      Lines{"error: contains no plan: no line is a node of EXPLAIN's output"});
  EXPECT_EQ(warnings("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)|  ->  " + seq),
            Lines{"line 1 of the plan holds more nodes than one"});
}

TEST(IncompletePlan, AMissingEndOrBeginning) {
  EXPECT_EQ(warnings("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
                     "Planning Time: 0.1 ms\n"),
            Lines{"line 1 of the plan begins a plan whose last line, the execution time, is missing"});
  EXPECT_EQ(warnings("        Sort Key: a\n        ->  " + seq),
            Lines{"line 2 of the plan begins within a plan: the nodes above it are not read"});
  EXPECT_EQ(warnings("        Sort Method: quicksort  Memory: 25kB\n        ->  " + seq),
            Lines{"line 2 of the plan begins within a plan: the nodes above it are not read"});
}

TEST(IncompletePlan, LostIndentation) {
  EXPECT_EQ(warnings(sort + "->  " + sort + "->  " + seq + "Filter: (a = 1)\n").front(),
            "line 4 of the plan has lost its indentation: which node belongs to which is not known");
  EXPECT_EQ(warnings(sort + "->  " + sort + "->  " + seq).front(),
            "line 1 of the plan is a node with more children than it can have: is the indentation lost?");
  EXPECT_EQ(
      warnings("Append  (cost=0.00..1.00 rows=1 width=4)\n  ->  Result  (cost=0.00..1.00 rows=1 width=4)\n"
               "              ->  " +
               seq),
      Lines{"line 3 of the plan stands further in than the node above it: a line between them is missing"});
}

TEST(IncompletePlan, WarningsAreCounted) {
  std::string text = seq;
  for (int i = 0; i < 9; ++i) text += "  hunter" + std::to_string(i) + "\n";
  const auto found = warnings(text);
  ASSERT_EQ(found.size(), 6u);
  EXPECT_EQ(found.back(), "4 more lines of the plan are not understood or incomplete");
}

// An arrow in the column of the root is its child.
TEST(TextPlan, AnArrowInTheRootsColumn) {
  const Plan plan =
      plan_of(sort + "->  " + sort + "      Sort Key: a\n      ->  " + seq + "            Filter: (a = 1)\n");
  EXPECT_EQ(plan.root.children.at(0).children.at(0).filter, "(a = 1)");
}

// A record that is cut anywhere is an error or a warning, or no line of the tree is missing but the end.
TEST(IncompletePlan, JsonAndXmlThatAreCutAreErrorsWithTheirLine) {
  for (const std::string format : {"json", "xml"}) {
    const std::string text = content("formats/sub-plans." + format);
    for (std::size_t at = text.find('\n', 60); at + 30 < text.size(); at = text.find('\n', at + 1)) {
      Diagnostics incomplete;
      const auto plan = read("SELECT 1;\n" + text.substr(0, at), incomplete);
      ASSERT_FALSE(plan);
      EXPECT_EQ(plan.error().kind, Error::Kind::input);
      EXPECT_TRUE(contains(plan.error().what, "is broken or incomplete at line ")) << plan.error().what;
    }
  }
  EXPECT_EQ(lines_of("SELECT 1\n[\n  {\n    \"Plan\": {\n      \"Node Type\": }\n"),
            Lines{"error: the plan in JSON is broken or incomplete at line 5"});
  EXPECT_EQ(lines_of("- Plan:\n    Node Type: \"Result\"\n   Alias: \"a\"\n"),
            Lines{"error: the plan in YAML is broken or incomplete at line 3"});
  EXPECT_EQ(lines_of("<explain>\n  <Query>\n    <Plan>\n    </Query>\n"),
            Lines{"error: the plan in XML is broken or incomplete at line 4"});
}

TEST(IncompletePlan, YamlThatIsCutIsReported) {
  const std::string text = content("formats/sub-plans.yaml");
  for (std::size_t at = text.find('\n', 80); at + 30 < text.size(); at = text.find('\n', at + 1)) {
    const auto found = lines_of(text.substr(0, at));
    EXPECT_TRUE(contains(found.back(), "not complete") || found.back().starts_with("error: "))
        << found.back();
  }
}

TEST(PlanBounds, DepthAndSize) {
  std::string deep;
  for (int i = 0; i < 700; ++i)
    deep += std::string(static_cast<std::size_t>(i == 0 ? 0 : 6 * i - 4), ' ') + (i == 0 ? "" : "->  ") +
            (i == 699 ? seq : sort);
  EXPECT_EQ(warnings(deep).front(), "line 501 of the plan nests deeper than is read");
  Diagnostics incomplete;
  EXPECT_FALSE(read(std::string(1'100'000, '\n'), incomplete));
  EXPECT_FALSE(read("- Plan:\n" + std::string(100'000, '-'), incomplete));
  std::string xml = "<explain>";
  for (int i = 0; i < 100'000; ++i) xml += "<a>";
  EXPECT_FALSE(read(xml, incomplete));
  EXPECT_FALSE(read(std::string(1'000'000, '['), incomplete));
}

}  // namespace
}  // namespace pgadvise::plan
