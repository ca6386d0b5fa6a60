// Duplicates over several schemas: which findings are one, their ids, and what refers to them.
#include "check/run/merge.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "report/report.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;

const std::string orders =
    "CREATE TABLE customers (id bigint PRIMARY KEY);\n"
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers);\n"
    "CREATE TABLE notes (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, author_id bigint "
    "REFERENCES customers);\n";

Report report_of(const Sources& sources) {
  const Settings settings;
  const auto inputs = load(sources, settings);
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

int count(const Report& report, std::string_view rule) {
  return static_cast<int>(std::count_if(report.findings.begin(), report.findings.end(),
                                        [&](const Finding& finding) { return finding.rule == rule; }));
}

TEST(MergedIds, EqualDumpsOutsideARepositoryGiveOneFinding) {
  const TempTree tree{{"a.sql", orders}, {"b.sql", orders}, {"c.sql", orders}, {"d.sql", orders}};
  const Report report =
      report_of(schemas({tree.path("d.sql"), tree.path("a.sql"), tree.path("b.sql"), tree.path("c.sql")}));
  EXPECT_EQ(count(report, "unindexed-foreign-key"), 3);
  for (const auto& finding : report.findings) {
    EXPECT_EQ(finding.subject.file, "") << finding.message;
    ASSERT_EQ(finding.other_locations.size(), 3u) << finding.message;
    EXPECT_EQ(finding.location->file, tree.path("a.sql"));
    EXPECT_EQ(finding.other_locations[2].file, tree.path("d.sql"));
    // Two by name, then their number.
    EXPECT_EQ(finding.evidence.back().text, "1 more input has the same definition");
  }
}

// A baseline of the time when equal schemas were not merged has the ids with a path.
TEST(MergedIds, AFindingOfEqualSchemasHasTheFormerIdOfTheFirst) {
  const TempTree equal{{"a.sql", orders}, {"b.sql", orders}};
  const Report merged = report_of(schemas({equal.path("a.sql"), equal.path("b.sql")}));
  ASSERT_FALSE(merged.findings.empty());
  equal.add("b.sql", replace_all(orders, "bigint", "integer"));
  const Report apart = report_of(schemas({equal.path("a.sql"), equal.path("b.sql")}));
  for (const auto& finding : merged.findings)
    EXPECT_TRUE(ids(apart.findings).count(finding.former_id)) << finding.message;
}

TEST(Merged, OnlyDrizzleApplicationsGetDrizzleCode) {
  const std::string drizzle_package = R"({"dependencies": {"drizzle-orm": "0.44.0"}})";
  const std::string names = "export const orders = pgTable('orders', {customerId: bigint('customer_id')});\n";
  const auto with_drizzle = [](const TempTree& tree) {
    Sources sources;
    sources.paths = {tree.path()};
    std::set<std::string> out;
    for (const auto& finding : report_of(sources).findings)
      if (finding.fix && !finding.fix->drizzle.empty()) out.insert(finding.subject.table);
    return out;
  };
  using Tables = std::set<std::string>;
  EXPECT_EQ(with_drizzle({{"package.json", "{}"}, {"db/migrations/001_a.sql", orders}}), Tables{});
  EXPECT_EQ(with_drizzle({{"package.json", drizzle_package}, {"db/migrations/001_a.sql", orders}}), Tables{})
      << "no file names the constants of the tables";
  EXPECT_EQ(
      with_drizzle({{"package.json", drizzle_package},
                    {"drizzle.config.ts", "export default {dialect: 'postgresql', schema: './schema.ts'}"},
                    {"schema.ts", names},
                    {"db/migrations/001_a.sql", orders}}),
      Tables{"orders"})
      << "notes belongs to another part of the repository";
  const TempTree dump{{"dump.sql", orders}};
  for (const auto& finding : report_of(schemas({dump.path("dump.sql")})).findings)
    EXPECT_TRUE(!finding.fix || finding.fix->drizzle.empty()) << finding.fix->drizzle;
}

// The service's table has equal columns, but it refers to another table, and lacks an index.
TEST(MergedIds, ATableOfAnotherServiceIsAnotherFinding) {
  const std::string shared =
      "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id));\n";
  const std::string app = "CREATE TABLE parent (id integer PRIMARY KEY);\n" + shared +
                          "CREATE INDEX child_a ON child (parent_id) WHERE id > 3;\n"
                          "CREATE TABLE nopk (a int);\n";
  const std::string service = "CREATE TABLE parent (id integer PRIMARY KEY, more text);\n" + shared +
                              "CREATE TABLE nopk (a int, b int);\n";
  const TempTree tree{{"package.json", "{}"},
                      {"migrations/001_a.sql", app},
                      {"db/structure.sql", "-- PostgreSQL database dump\n" + app},
                      {"svc/migrations/001_c.sql", service}};
  Sources sources;
  sources.paths = {tree.path()};
  const Report report = report_of(sources);
  int of_app = 0, of_service = 0;
  for (const auto& finding : report.findings) {
    if (finding.rule != "unindexed-foreign-key" && finding.rule != "missing-primary-key") continue;
    const bool in_service = finding.location->file == tree.path("svc/migrations/001_c.sql");
    EXPECT_EQ(finding.other_locations.size(), in_service ? 0u : 1u) << finding.message;
    EXPECT_NE(finding.subject.file, "");
    ++(in_service ? of_service : of_app);
  }
  EXPECT_EQ(of_app, 2);
  EXPECT_EQ(of_service, 2);
}

// One equal table does not make one database of two services.
TEST(MergedIds, OneEqualTableIsNotOneDatabase) {
  const std::string users = "CREATE TABLE users (id bigint, name text);\n";
  const TempTree tree{{"a.sql", users + "CREATE TABLE bills (id bigint PRIMARY KEY);\n"},
                      {"b.sql", users + "CREATE TABLE mails (id bigint PRIMARY KEY);\n"}};
  EXPECT_EQ(count(report_of(schemas({tree.path("a.sql"), tree.path("b.sql")})), "missing-primary-key"), 2);
}

TEST(MergedIds, ACommentAtAnyLocationSuppressesTheFinding) {
  const std::string nopk = "CREATE TABLE nopk (a int);\n";
  const std::string ignored = "-- pgadvise: ignore missing-primary-key a queue\n" + nopk;
  for (const bool first : {true, false}) {
    const TempTree tree{{"a.sql", orders + (first ? ignored : nopk)},
                        {"b.sql", orders + (first ? nopk : ignored)}};
    const Report report = report_of(schemas({tree.path("a.sql"), tree.path("b.sql")}));
    EXPECT_EQ(count(report, "missing-primary-key"), 0);
    ASSERT_EQ(report.suppressed.size(), 1u);
    EXPECT_EQ(report.suppressed.front().by.reason, "a queue");
    EXPECT_EQ(report.suppressed.front().finding.other_locations.size(), 1u);
    EXPECT_EQ(ids(report.findings).count(report.suppressed.front().finding.id), 0u);
  }
}

// The index of the finding that the comment suppresses also serves another finding, which then has the SQL.
TEST(MergedIds, NoProposalRefersToASuppressedFinding) {
  const auto schema = [](const std::string& comment) {
    return orders + ("CREATE TABLE pair (x bigint, y bigint, PRIMARY KEY (x, y));\n"
                     "CREATE TABLE child (id bigint PRIMARY KEY, x bigint, y bigint);\n"
                     "ALTER TABLE child ADD FOREIGN KEY (x) REFERENCES customers;\n" +
                     comment + "ALTER TABLE child ADD FOREIGN KEY (x, y) REFERENCES pair;\n");
  };
  const TempTree tree{{"a.sql", schema("")},
                      {"b.sql", schema("-- pgadvise: ignore unindexed-foreign-key never deleted\n")}};
  const Report report = report_of(schemas({tree.path("a.sql"), tree.path("b.sql")}));
  EXPECT_EQ(report.suppressed.size(), 1u);
  int keys = 0;
  for (const auto& finding : report.findings) {
    if (finding.subject.table != "child" || finding.rule != "unindexed-foreign-key") continue;
    ++keys;
    ASSERT_TRUE(finding.fix);
    EXPECT_EQ(finding.fix->proposed_by, "");
    EXPECT_NE(finding.fix->sql, "");
  }
  EXPECT_EQ(keys, 1);
}

// Two services with a table of the same name, which one of them partitions: PostgreSQL creates no index
// CONCURRENTLY on a partitioned table.
Report report_of_services(const TempTree& tree, const std::string& query) {
  const std::string parent = "CREATE TABLE parent (id integer PRIMARY KEY);\n";
  tree.add("package.json", "{}");
  tree.add("one/migrations/001_init.sql",
           parent +
               "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent (id), "
               "n int);\n");
  tree.add("two/migrations/001_init.sql",
           parent +
               "CREATE TABLE child (id integer, parent_id integer REFERENCES parent (id)) PARTITION BY "
               "RANGE (id);\n"
               "CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (0) TO (100);\n");
  tree.add("q.sql", query);
  Sources sources;
  sources.paths = {tree.path()};
  sources.workloads = {tree.path("q.sql")};
  return report_of(sources);
}

TEST(MergedIds, EachSchemaHasItsOwnIndexForOneQuery) {
  const TempTree tree{};
  const Report report = report_of_services(tree, "SELECT * FROM child WHERE parent_id = 3;\n");
  std::set<std::string> of_keys, of_queries;  // paths of the schemas
  for (const auto& finding : report.findings) {
    if (!finding.subject.fingerprint.empty() && finding.proposal) of_queries.insert(finding.subject.file);
    if (finding.rule != "unindexed-foreign-key") continue;
    of_keys.insert(finding.subject.file);
    ASSERT_TRUE(finding.fix);
    const Finding* carrier =
        finding.fix->proposed_by.empty() ? &finding : find(report, finding.fix->proposed_by);
    ASSERT_TRUE(carrier);
    EXPECT_EQ(carrier->subject.file, finding.subject.file);
    const bool partitioned = finding.subject.file == tree.path("two/migrations");
    EXPECT_EQ(carrier->fix->sql.find("ON ONLY") != std::string::npos, partitioned) << carrier->fix->sql;
  }
  const std::set<std::string> both{tree.path("one/migrations"), tree.path("two/migrations")};
  EXPECT_EQ(of_keys, both);
  EXPECT_EQ(of_queries, both);
}

// What a rule says about a query alone does not depend on the schema.
TEST(MergedIds, AQueryWithoutAProposalIsOneFinding) {
  const TempTree tree{};
  const Report report =
      report_of_services(tree, "SELECT * FROM parent ORDER BY id LIMIT 10 OFFSET 100000;\n");
  int queries = 0;
  for (const auto& finding : report.findings) {
    if (finding.subject.fingerprint.empty()) continue;
    ++queries;
    EXPECT_EQ(finding.subject.file, "");
  }
  EXPECT_EQ(queries, 1);
}

TEST(MergedIds, WhatALogShowsIsOneFindingWhateverTheSchemas) {
  std::string log;
  for (int at = 10; at < 50; ++at) {
    const std::string begin = "2026-11-20 10:00:00." + std::to_string(at) + "0 UTC [7] app@shop LOG:  ";
    log += begin + "statement: SELECT id FROM orders WHERE customer_id = 7\n";
    log += begin + "duration: 3.000 ms\n";
  }
  const TempTree tree{
      {"a.sql", orders}, {"b.sql", "CREATE TABLE others (id bigint PRIMARY KEY);"}, {"x.log", log}};
  Sources one = schemas({tree.path("a.sql")}), two = schemas({tree.path("b.sql"), tree.path("a.sql")});
  one.logs = two.logs = {tree.path("x.log")};
  std::set<std::string> alone, together;
  for (const auto& finding : report_of(one).findings)
    if (!finding.subject.fingerprint.empty()) alone.insert(finding.id);
  for (const auto& finding : report_of(two).findings)
    if (!finding.subject.fingerprint.empty()) together.insert(finding.id);
  EXPECT_FALSE(alone.empty());
  EXPECT_EQ(together, alone);
}

TEST(MergedIds, JsonAndSarifListTheOtherLocations) {
  const TempTree tree{{"a.sql", orders}, {"b.sql", orders}};
  const Report report = report_of(schemas({tree.path("a.sql"), tree.path("b.sql")}));
  ASSERT_EQ(report.findings.front().other_locations.size(), 1u);
  for (const auto& [format, member] : {std::pair("json", "other_locations"), {"sarif", "relatedLocations"}}) {
    const auto* known = report::find_format(format);
    ASSERT_TRUE(known);
    const auto out = nlohmann::json::parse(known->render(report, {}));
    const auto& findings = out.contains("findings") ? out["findings"] : out["runs"][0]["results"];
    ASSERT_TRUE(findings[0].contains(member)) << format;
    EXPECT_NE(findings[0][member].dump().find("b.sql"), std::string::npos);
  }
}

}  // namespace
}  // namespace pgadvise::check
