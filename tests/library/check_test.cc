// The run as a library: linked without the command line (src/cli) and the terminal (src/review).
#include <algorithm>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "check/digest.h"
#include "check/merge.h"
#include "support/paths.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::source_dir;
using testing_support::TempTree;

const std::string shop = std::string(source_dir) + "/fixtures/shop";

constexpr const char* orders =
    "CREATE TABLE customers (id bigint PRIMARY KEY);\n"
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers);\n"
    "CREATE TABLE notes (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, author_id bigint "
    "REFERENCES customers);\n";

Report report_of(const Sources& sources, const Settings& settings = {}) {
  auto inputs = load(sources, settings);
  EXPECT_TRUE(inputs) << (inputs ? "" : inputs.error().front().line());
  if (!inputs) return {};
  return merge(*inputs, run(*inputs, nullptr, settings), settings);
}

Sources schemas(std::vector<std::string> paths) {
  Sources out;
  out.schema = std::move(paths);
  return out;
}

std::set<std::string> ids(const std::vector<Finding>& findings) {
  std::set<std::string> out;
  for (const auto& finding : findings) out.insert(finding.id);
  return out;
}

const Finding* find(const Report& report, const std::string& id) {
  const auto it = std::find_if(report.findings.begin(), report.findings.end(),
                               [&](const Finding& finding) { return finding.id == id; });
  return it == report.findings.end() ? nullptr : &*it;
}

TEST(Library, ChecksTwiceInOneProcessWithTheSameResult) {
  Sources sources;
  sources.paths = {shop};
  const Report first = report_of(sources), second = report_of(sources);
  ASSERT_GT(first.findings.size(), 10u);
  EXPECT_EQ(ids(first.findings), ids(second.findings));
  EXPECT_EQ(first.rules_run, second.rules_run);
}

TEST(Library, ChecksOnTwoThreadsAtOnce) {
  const TempTree other{{"schema.sql", orders}};
  Sources of_shop;
  of_shop.paths = {shop};
  const Sources of_other = schemas({other.path("schema.sql")});
  const auto expected_shop = ids(report_of(of_shop).findings),
             expected_other = ids(report_of(of_other).findings);
  ASSERT_FALSE(expected_shop.empty());
  ASSERT_FALSE(expected_other.empty());
  Report one, two;
  {
    const std::jthread first([&] { one = report_of(of_shop); });
    const std::jthread second([&] { two = report_of(of_other); });
  }
  EXPECT_EQ(ids(one.findings), expected_shop);
  EXPECT_EQ(ids(two.findings), expected_other);
}

TEST(Library, RunsTwiceOverTheSameInputs) {
  Sources sources;
  sources.paths = {shop};
  const Settings settings;
  const auto inputs = load(sources, settings);
  ASSERT_TRUE(inputs);
  EXPECT_EQ(ids(merge(*inputs, run(*inputs, nullptr, settings), settings).findings),
            ids(merge(*inputs, run(*inputs, nullptr, settings), settings).findings));
}

TEST(Library, ReportsItsPhasesAndPrintsNothing) {
  std::vector<std::string> phases;
  Settings settings;
  settings.observer.phase = [&](std::string_view name, bool begins, bool) {
    phases.push_back((begins ? "+" : "-") + std::string(name));
  };
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Sources sources;
  sources.paths = {shop};
  report_of(sources, settings);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(phases, (std::vector<std::string>{"+reading files", "-reading files", "+replaying the schema",
                                              "-replaying the schema", "+checking", "-checking"}));
}

TEST(Library, AnOutputThatIsAlsoAnInputIsAnError) {
  const TempTree tree{{"schema.sql", orders}};
  Sources sources = schemas({tree.path("schema.sql")});
  sources.outputs = {tree.path("./schema.sql")};
  const auto inputs = load(sources, {});
  ASSERT_FALSE(inputs);
  EXPECT_NE(inputs.error().front().line().find("it would be overwritten"), std::string::npos);
}

TEST(Library, SumsUpALog) {
  Diagnostics diagnostics;
  const Digest read = digest({.logs = {shop + "/logs/shop.log"}}, {}, diagnostics);
  EXPECT_TRUE(read.read);
  ASSERT_EQ(read.workloads.size(), 1u);
  EXPECT_FALSE(read.workloads.front().queries.empty());
}

// Two dumps with a table of the same name. Its columns differ: two databases.
const std::string other_orders =
    std::string(orders) +
    "ALTER TABLE orders ADD COLUMN total numeric;\nALTER TABLE notes ADD COLUMN text text;\n";

TEST(MergedIds, DoNotDependOnTheOrderOfInputs) {
  const TempTree tree{{"a.sql", orders}, {"b.sql", other_orders}};
  const Report there = report_of(schemas({tree.path("a.sql"), tree.path("b.sql")}));
  const Report back = report_of(schemas({tree.path("b.sql"), tree.path("a.sql")}));
  ASSERT_GE(there.findings.size(), 6u);
  EXPECT_EQ(ids(there.findings), ids(back.findings));
  for (const auto& finding : there.findings) EXPECT_EQ(find(back, finding.id)->subject, finding.subject);
}

TEST(MergedIds, OfSchemasThatDifferCarryTheirPath) {
  const TempTree tree{{"a.sql", orders}, {"b.sql", other_orders}};
  const Report report = report_of(schemas({tree.path("a.sql"), tree.path("b.sql")}));
  int of_a = 0, of_b = 0;
  for (const auto& finding : report.findings) {
    if (finding.rule != "unindexed-foreign-key" || finding.subject.table != "orders") continue;
    of_a += finding.subject.file == tree.path("a.sql");
    of_b += finding.subject.file == tree.path("b.sql");
  }
  EXPECT_EQ(of_a, 1);
  EXPECT_EQ(of_b, 1);
}

// What a fix refers to is a finding of the same schema.
TEST(MergedIds, AProposalRefersToTheFindingOfItsOwnSchema) {
  const std::string wide =
      "CREATE TABLE t (a bigint REFERENCES customers, b bigint, PRIMARY KEY (b));\n"
      "CREATE TABLE pair (x bigint, y bigint, PRIMARY KEY (x, y));\n"
      "CREATE TABLE child (id bigint PRIMARY KEY, x bigint REFERENCES customers, y bigint, FOREIGN KEY (x, "
      "y) REFERENCES pair);\n";
  const TempTree tree{{"a.sql", orders + wide},
                      {"b.sql", other_orders + wide + "ALTER TABLE child ADD COLUMN more text;\n"}};
  for (const auto& paths : {std::vector<std::string>{"a.sql", "b.sql"}, {"b.sql", "a.sql"}}) {
    const Report report = report_of(schemas({tree.path(paths[0]), tree.path(paths[1])}));
    int references = 0;
    for (const auto& finding : report.findings) {
      if (!finding.fix || finding.fix->proposed_by.empty()) continue;
      ++references;
      const Finding* carrier = find(report, finding.fix->proposed_by);
      ASSERT_TRUE(carrier) << finding.id;
      EXPECT_EQ(carrier->subject.file, finding.subject.file);
      EXPECT_FALSE(carrier->fix->sql.empty());
      EXPECT_NE(finding.fix->title.find(carrier->id), std::string::npos);
    }
    EXPECT_EQ(references, 2);
  }
}

// Migrations and a dump of what they create: one database.
TEST(MergedIds, EqualSchemasOfOneRepositoryGiveOneFindingWithSeveralLocations) {
  const TempTree tree{{"package.json", "{}"},
                      {"migrations/001_orders.sql", orders},
                      {"db/structure.sql", std::string("-- PostgreSQL database dump\n") + orders}};
  Sources sources;
  sources.paths = {tree.path()};
  const Report report = report_of(sources);
  int found = 0;
  for (const auto& finding : report.findings) {
    if (finding.rule != "unindexed-foreign-key") continue;
    ++found;
    EXPECT_EQ(finding.other_locations.size(), 1u) << finding.message;
    EXPECT_EQ(finding.subject.file, "");
  }
  EXPECT_EQ(found, 3);
}

// The version before gave the first schema's finding the id without a path.
TEST(MergedIds, ABaselineOfAnEarlierVersionStillMatches) {
  const TempTree tree{{"a.sql", orders}, {"b.sql", other_orders}};
  const Sources sources = schemas({tree.path("a.sql"), tree.path("b.sql")});
  const Report report = report_of(sources);
  std::string entries;
  for (const auto& finding : report.findings) {
    const std::string& id = finding.former_id.empty() ? finding.id : finding.former_id;
    entries += (entries.empty() ? "" : ",") + std::string("{\"id\":\"") + id + "\",\"rule\":\"" +
               finding.rule + "\",\"what\":\"x\"}";
  }
  EXPECT_TRUE(std::any_of(report.findings.begin(), report.findings.end(),
                          [](const Finding& finding) { return !finding.former_id.empty(); }));
  tree.add("baseline.json", "{\"pgadvise_baseline\":1,\"findings\":[" + entries + "]}");
  Settings settings;
  settings.baseline = tree.path("baseline.json");
  const Report compared = report_of(sources, settings);
  ASSERT_TRUE(compared.baseline);
  EXPECT_TRUE(compared.findings.empty());
  EXPECT_EQ(compared.baseline->known.size(), report.findings.size());
  EXPECT_TRUE(compared.baseline->gone.empty());
}

}  // namespace
}  // namespace pgadvise::check
