// The run as a library: linked without the command line (src/front/cli) and the terminal (src/front/review).
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "check/commands/digest.h"
#include "check/run/merge.h"
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
      EXPECT_NE(finding.fix->title.find(carrier->short_id), std::string::npos) << finding.fix->title;
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

// fixtures/baseline: written by an earlier version, which gave the first schema's finding the id without a
// path.
TEST(Baseline, OfAnEarlierVersionStillMatches) {
  const std::string root = source_dir, folder = root + "/fixtures/baseline";
  Sources of_shop;
  of_shop.paths = {shop};
  const Sources of_two = schemas({folder + "/a/schema.sql", folder + "/b/schema.sql"});
  struct Case {
    Sources sources;
    std::string baseline;
    std::size_t entries;
  };
  // Rules that the earlier version did not have.
  const std::set<std::string> newer = {"n-plus-one-query-in-code", "pool-without-timeout"};
  for (const auto& one : {Case{of_shop, "/shop.json", 24}, {of_two, "/two_schemas.json", 6}}) {
    Settings settings;
    settings.repository = {root, root};
    settings.baseline = folder + one.baseline;
    const Report report = report_of(one.sources, settings);
    ASSERT_TRUE(report.baseline) << one.baseline;
    EXPECT_EQ(report.baseline->known.size(), one.entries) << one.baseline;
    for (const auto& finding : report.findings)
      if (!newer.count(finding.rule)) ADD_FAILURE() << "new: " << finding.message;
    EXPECT_TRUE(report.baseline->gone.empty()) << one.baseline;
  }
}

// A repository with two committed migrations, one of a second commit, and two that git does not know.
class GitRevisions : public ::testing::Test {
 protected:
  const TempTree tree_{{"migrations/001_orders.sql", orders},
                       {"migrations/002_total.sql", "ALTER TABLE orders ADD COLUMN total numeric;\n"}};

  void SetUp() override {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "git is not installed";
    commit("git init -q -b main .");
    tree_.add("migrations/003_text.sql", "ALTER TABLE notes ADD COLUMN text text;\n");
    commit("true");
    tree_.add("migrations/004_state.sql", "ALTER TABLE orders ADD COLUMN state text;\n");
    tree_.add("migrations/005_index.sql", "CREATE INDEX ON orders (customer_id);\n");
  }
  void commit(const std::string& before) const {
    const std::string line = "cd '" + tree_.path() + "' && ( " + before +
                             " && git add -A && git -c user.name=a -c user.email=a@b commit -qm one ) "
                             ">/dev/null 2>&1";
    ASSERT_EQ(std::system(line.c_str()), 0) << line;
  }
  std::set<std::string> checked(const MigrationOptions& options) const {
    Sources sources;
    sources.paths = {tree_.path("migrations")};
    Settings settings;
    settings.migrations = options;
    const auto inputs = load(sources, settings);
    EXPECT_TRUE(inputs);
    std::set<std::string> out;
    if (!inputs) return out;
    for (const auto& error : inputs->diagnostics) ADD_FAILURE() << error.line();
    for (const auto& file : inputs->chosen.migrations)
      out.insert(std::filesystem::path(file).stem().string());
    return out;
  }
};

TEST_F(GitRevisions, ChooseTheMigrationsToCheck) {
  using Names = std::set<std::string>;
  EXPECT_EQ(checked({}), (Names{"005_index"}));
  EXPECT_EQ(checked({.since = "HEAD~1"}), (Names{"003_text", "004_state", "005_index"}));
  EXPECT_EQ(checked({.changed = true}), (Names{"004_state", "005_index"}));
}

// A stderr log of `lines` statements.
std::string log_of(std::size_t lines) {
  std::string out;
  for (std::size_t i = 0; i < lines; ++i)
    out +=
        "2026-01-05 10:00:00.000 UTC [7] LOG:  duration: 1.000 ms  statement: SELECT id FROM orders WHERE "
        "customer_id = 7 /* " +
        std::string(400, 'x') + " */\n";
  return out;
}

std::uint64_t calls_of(const std::vector<Workload>& workloads) {
  std::uint64_t out = 0;
  for (const auto& workload : workloads)
    for (const auto& query : workload.queries) out += query.calls;
  return out;
}

bool has(const Diagnostics& diagnostics, const std::string& part) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [&](const Error& error) {
    return error.kind == Error::Kind::nonfatal && error.line().find(part) != std::string::npos;
  });
}

TEST(AStop, EndsTheDigestOfALogAndKeepsWhatWasRead) {
  constexpr std::size_t lines = 30'000;  // 16 MB: several chunks, and several calls of the progress callback
  const TempTree tree{{"a.log", log_of(lines)}, {"b.log", "2026-01-06" + log_of(1).substr(10)}};
  std::stop_source stop;
  Observer observer;
  observer.log = [&](const log::Progress&) { stop.request_stop(); };
  Diagnostics diagnostics;
  const Digest read = digest({.logs = {tree.path("a.log"), tree.path("b.log")},
                              .db = {},
                              .line_prefix = {},
                              .jobs = 1,
                              .stop = stop.get_token()},
                             observer, diagnostics);
  EXPECT_TRUE(read.read);
  EXPECT_GT(calls_of(read.workloads), 0u);
  EXPECT_LT(calls_of(read.workloads), lines);
  EXPECT_TRUE(has(diagnostics, "a.log: interrupted after line "));
  EXPECT_TRUE(has(diagnostics, "b.log: interrupted: pgadvise did not read this log"));
}

TEST(AStop, BeforeADigestReadsNothing) {
  const TempTree tree{{"a.log", log_of(3)}, {"b.log", log_of(4)}};
  std::stop_source stop;
  stop.request_stop();
  Diagnostics diagnostics;
  const Digest read = digest({.logs = {tree.path("a.log"), tree.path("b.log")},
                              .db = "host=/nonexistent",
                              .line_prefix = {},
                              .stop = stop.get_token()},
                             {}, diagnostics);
  EXPECT_FALSE(read.read);
  EXPECT_EQ(calls_of(read.workloads), 0u);
  EXPECT_TRUE(has(diagnostics, "pgadvise did not read this log and 1 more"));
  EXPECT_TRUE(has(diagnostics, "--db: interrupted: pgadvise did not read this input"));
}

// The first phase's inputs are read; those after it are named.
TEST(AStop, EndsLoadAndKeepsWhatWasRead) {
  const TempTree tree{{"schema.sql", orders}, {"queries.sql", "SELECT 1;\n"}};
  std::stop_source stop;
  Settings settings;
  settings.stop = stop.get_token();
  settings.observer.phase = [&](std::string_view name, bool begins, bool) {
    if (name == "reading files" && !begins) stop.request_stop();
  };
  Sources sources = schemas({tree.path("schema.sql")});
  sources.paths = {shop};
  sources.workloads = {tree.path("queries.sql")};
  const auto inputs = load(sources, settings);
  ASSERT_TRUE(inputs);
  EXPECT_TRUE(inputs->stopped);
  EXPECT_EQ(inputs->projects.size(), 1u);
  EXPECT_TRUE(inputs->schemas.empty());
  EXPECT_FALSE(inputs->has_workload);
  EXPECT_TRUE(has(inputs->diagnostics, "schema.sql: interrupted: pgadvise did not read this input"));
  EXPECT_TRUE(has(inputs->diagnostics, "queries.sql: interrupted: pgadvise did not read this input"));
  for (const auto& read : inputs->read) EXPECT_NE(read.path, tree.path("schema.sql"));
  const Settings without_stop;
  EXPECT_FALSE(merge(*inputs, run(*inputs, nullptr, without_stop), without_stop).findings.empty());
}

TEST(AStop, BeforeLoadReadsNothing) {
  std::stop_source stop;
  stop.request_stop();
  Settings settings;
  settings.stop = stop.get_token();
  Sources sources;
  sources.paths = {shop};
  const auto inputs = load(sources, settings);
  ASSERT_TRUE(inputs);
  EXPECT_TRUE(inputs->stopped);
  EXPECT_TRUE(inputs->projects.empty());
  EXPECT_TRUE(inputs->read.empty());
  EXPECT_TRUE(has(inputs->diagnostics, "interrupted: pgadvise did not read this input"));
}

// What no rule checked is neither new nor gone.
TEST(AStop, EndsTheRulesWithoutAPlanner) {
  std::stop_source stop;
  Settings settings;
  settings.stop = stop.get_token();
  settings.baseline = std::string(source_dir) + "/fixtures/baseline/shop.json";
  Sources sources;
  sources.paths = {shop};
  const auto inputs = load(sources, settings);
  ASSERT_TRUE(inputs);
  EXPECT_FALSE(inputs->stopped);
  stop.request_stop();
  const Outcome outcome = run(*inputs, nullptr, settings);
  EXPECT_TRUE(outcome.stopped);
  EXPECT_TRUE(outcome.checked.empty());
  const Report report = merge(*inputs, outcome, settings);
  EXPECT_TRUE(has(report.diagnostics, "interrupted: no rule checked this input"));
  ASSERT_TRUE(report.baseline);
  EXPECT_TRUE(report.baseline->gone.empty());
}

}  // namespace
}  // namespace pgadvise::check
