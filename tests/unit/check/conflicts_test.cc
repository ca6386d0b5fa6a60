// Fixes of one report that would undo each other.
#include "check/run/conflicts.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "advisor/candidates/propose.h"
#include "check/run/fixes.h"
#include "lint/run/context.h"
#include "sql/replay/replay.h"

namespace pgadvise::check {
namespace {

Catalog schema(std::string_view script) {
  sql::Replayer replayer;
  replayer.run(script, "schema.sql");
  EXPECT_TRUE(replayer.diagnostics().empty());
  return replayer.take();
}

// Sizes and scans of a table, so that rules about unused indexes speak.
void give_scans(Catalog& catalog, const std::string& table, const std::map<std::string, int>& scans) {
  catalog.has_statistics = true;
  catalog.statistics_days = 30;
  Table& of = *catalog.table({"public", table});
  of.statistics.emplace().rows = 1e6;
  of.statistics->writes = 100;
  for (auto& index : of.indexes) {
    index.statistics.emplace().pages = 900;
    const auto known = scans.find(index.name);
    index.statistics->scans = known == scans.end() ? 10 : known->second;
  }
}

struct Fixed {
  std::vector<Finding> findings;
  const Finding* of(std::string_view rule, std::string_view index = {}) const {
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.rule == rule && (index.empty() || finding.subject.index == index);
    });
    return found == findings.end() ? nullptr : &*found;
  }
  std::string sql() const {
    std::string out;
    for (const auto& finding : findings)
      if (finding.fix && finding.fix->safety != Fix::Safety::manual) out += finding.fix->sql + "\n";
    return out;
  }
};

Fixed fixed(const Catalog& catalog, const std::vector<std::string>& rules) {
  Fixed out{lint::run({&catalog}, rules).findings};
  auto proposals = advisor::propose(out.findings, {}, catalog, nullptr);
  resolve_conflicts(out.findings, proposals, catalog, nullptr);
  advisor::apply_fixes(proposals, out.findings);
  return out;
}

std::size_t found_after(const Catalog& catalog, const Fixed& fixes, const std::vector<std::string>& rules) {
  sql::Replayer replayer(catalog);
  replayer.run(fixes.sql(), "fixes.sql");
  EXPECT_TRUE(replayer.diagnostics().empty()) << fixes.sql();
  const Catalog after = replayer.take();
  return lint::run({&after}, rules).findings.size();
}

const char* const visits =
    "create table people (id int primary key); create table visits (id int primary key, person_id int "
    "references people, at timestamptz); create index visits_person on visits (person_id); create index "
    "visits_person_at on visits (person_id, at);";

// Both indexes of the foreign key would go.
TEST(Conflicts, AnIndexAndItsReplacementAreNotBothDropped) {
  Catalog catalog = schema(visits);
  give_scans(catalog, "visits", {{"visits_person", 0}, {"visits_person_at", 0}});
  const Fixed fixes = fixed(catalog, {"redundant-index", "unused-index"});
  const Finding* redundant = fixes.of("redundant-index");
  const Finding* unused = fixes.of("unused-index", "visits_person_at");
  ASSERT_TRUE(redundant && unused);
  EXPECT_EQ(redundant->fix->sql, "DROP INDEX CONCURRENTLY public.visits_person;");
  EXPECT_EQ(unused->fix->sql, "");
  EXPECT_EQ(unused->fix->safety, Fix::Safety::manual);
  EXPECT_EQ(unused->fix->title,
            "Keep visits_person_at: other findings drop visits_person, and the foreign key "
            "visits_person_id_fkey would be left without an index");
  EXPECT_EQ(found_after(catalog, fixes, {"unindexed-foreign-key"}), 0u);
}

// The index that queries use stays.
TEST(Conflicts, TheScannedIndexStays) {
  Catalog catalog = schema(visits);
  give_scans(catalog, "visits", {{"visits_person_at", 0}});
  const Fixed fixes = fixed(catalog, {"redundant-index", "unused-index"});
  ASSERT_TRUE(fixes.of("redundant-index") && fixes.of("unused-index"));
  EXPECT_EQ(fixes.of("unused-index")->fix->sql, "DROP INDEX CONCURRENTLY public.visits_person_at;");
  EXPECT_EQ(fixes.of("redundant-index")->fix->sql, "");
}

TEST(Conflicts, OneOfAChainOfIndexesStays) {
  Catalog catalog = schema(
      "create table a (id int primary key, b int, c int, d int); create index a_b on a (b); create index "
      "a_bc on a (b, c); create index a_bcd on a (b, c, d);");
  give_scans(catalog, "a", {{"a_bcd", 0}});
  const Fixed fixes = fixed(catalog, {"redundant-index", "unused-index"});
  sql::Replayer replayer(catalog);
  replayer.run(fixes.sql(), "fixes.sql");
  const auto& indexes = replayer.catalog().table({"public", "a"})->indexes;
  ASSERT_EQ(indexes.size(), 2u) << fixes.sql();
  EXPECT_EQ(indexes.back().name, "a_bc");
}

// Without conflict all of them go.
TEST(Conflicts, DropsOfIndependentIndexesRemain) {
  Catalog catalog = schema(
      "create table a (id int primary key, b int, c int); create index a_b on a (b); create index a_c on a "
      "(c);");
  give_scans(catalog, "a", {{"a_b", 0}, {"a_c", 0}});
  const Fixed fixes = fixed(catalog, {"unused-index"});
  EXPECT_NE(fixes.sql().find("a_b;"), std::string::npos);
  EXPECT_NE(fixes.sql().find("a_c;"), std::string::npos);
}

TEST(Conflicts, AKeyOfAJunctionTableIsTheIndexOfItsFirstColumn) {
  const Catalog catalog = schema(
      "create table a (id int primary key); create table b (id int primary key); create table a_b (a_id int "
      "not null references a, b_id int not null references b);");
  const std::vector<std::string> rules = {"junction-table-without-key", "unindexed-foreign-key"};
  const Fixed fixes = fixed(catalog, rules);
  ASSERT_EQ(fixes.findings.size(), 3u);
  const Finding* key = fixes.of("junction-table-without-key");
  ASSERT_TRUE(key);
  std::size_t served = 0;
  for (const auto& finding : fixes.findings) {
    if (finding.rule != "unindexed-foreign-key") continue;
    const bool of_first = finding.fix->sql.empty();
    served += of_first;
    EXPECT_EQ(finding.fix->proposed_by, of_first ? key->id : "");
    if (of_first) {
      EXPECT_EQ(finding.subject.columns, std::vector<std::string>{"a_id"});
      EXPECT_EQ(finding.fix->safety, key->fix->safety);
    }
  }
  EXPECT_EQ(served, 1u);
  EXPECT_EQ(found_after(catalog, fixes,
                        {"junction-table-without-key", "unindexed-foreign-key", "redundant-index",
                         "duplicate-index"}),
            0u);
}

// A new index for both columns replaces the one of the first.
TEST(Conflicts, AnIndexThatBecomesRedundantIsDropped) {
  const Catalog catalog = schema(
      "create table p (a int, b int, primary key (a, b)); create table c (id int primary key, a int, b int, "
      "foreign key (a, b) references p); create index c_a on c (a);");
  std::vector<Finding> findings(1);
  findings[0].rule = "partially-indexed-foreign-key";
  findings[0].proposal = IndexProposal{.table = {"public", "c"}, .keys = {{.column = "a"}, {.column = "b"}}};
  auto proposals = advisor::propose(findings, {}, catalog, nullptr);
  resolve_conflicts(findings, proposals, catalog, nullptr);
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals[0].fix.sql,
            "CREATE INDEX CONCURRENTLY c_a_b_idx ON public.c (a, b);\nDROP INDEX CONCURRENTLY public.c_a;");
  EXPECT_EQ(proposals[0].fix.safety, Fix::Safety::review);
  EXPECT_EQ(proposals[0].fix.title, "Create an index on c, and drop c_a, which it replaces");
}

// Two rules drop the same index: one statement does it.
TEST(Conflicts, AnIndexIsDroppedOnce) {
  Catalog catalog = schema(visits);
  give_scans(catalog, "visits", {{"visits_person", 0}});
  const Fixed fixes = fixed(catalog, {"redundant-index", "unused-index"});
  EXPECT_EQ(fixes.sql().find("DROP INDEX"), fixes.sql().rfind("DROP INDEX")) << fixes.sql();
  const Finding* unused = fixes.of("unused-index");
  ASSERT_TRUE(unused && fixes.of("redundant-index"));
  EXPECT_EQ(unused->fix->proposed_by, fixes.of("redundant-index")->id);
}

TEST(Conflicts, ANewForeignKeyGetsItsIndex) {
  const Catalog catalog = schema(
      "create table authors (id int primary key); create table books (id int primary key, author_id int);");
  const Fixed fixes = fixed(catalog, {"missing-foreign-key"});
  ASSERT_EQ(fixes.findings.size(), 1u);
  EXPECT_NE(fixes.sql().find("CREATE INDEX CONCURRENTLY books_author_id_idx ON public.books (author_id);"),
            std::string::npos)
      << fixes.sql();
  EXPECT_EQ(found_after(catalog, fixes, {"missing-foreign-key", "unindexed-foreign-key"}), 0u);
}

// The search for the workload chose a wider index, which serves the key as well.
TEST(Conflicts, ANewForeignKeyGetsTheIndexThatTheWorkloadNeeds) {
  const Catalog catalog = schema(
      "create table authors (id int primary key); create table books (id int primary key, author_id int, "
      "title text);");
  const IndexProposal of_another_catalog{.table = {"public", "books"},
                                         .keys = {{.column = "author_id"}, {.column = "year"}}};
  const IndexProposal partial{
      .table = {"public", "books"}, .keys = {{.column = "author_id"}}, .predicate = "title IS NULL"};
  const IndexProposal wide{.table = {"public", "books"},
                           .keys = {{.column = "author_id"}, {.column = "title"}}};
  Fixed fixes{lint::run({&catalog}, {"missing-foreign-key"}).findings};
  std::vector<advisor::ProposedFix> proposals;
  resolve_conflicts(fixes.findings, proposals, catalog, nullptr, {of_another_catalog, partial, wide});
  ASSERT_EQ(fixes.findings.size(), 1u);
  EXPECT_NE(fixes.sql().find(
                "CREATE INDEX CONCURRENTLY books_author_id_title_idx ON public.books (author_id, title);"),
            std::string::npos)
      << fixes.sql();
  EXPECT_EQ(fixes.sql().find("(author_id);"), std::string::npos) << fixes.sql();
  EXPECT_NE(fixes.findings[0].fix->title.find("which statements of the workload need, too"),
            std::string::npos);
  EXPECT_EQ(found_after(catalog, fixes, {"missing-foreign-key", "unindexed-foreign-key"}), 0u);
}

// The key would be there twice, as a unique constraint and as the primary key.
TEST(Conflicts, APrimaryKeyReplacesTheUniqueConstraint) {
  const std::vector<std::string> rules = {"missing-primary-key", "duplicate-index"};
  const Catalog catalog = schema("create table carts (session text not null unique, at date);");
  const Fixed fixes = fixed(catalog, rules);
  ASSERT_EQ(fixes.findings.size(), 1u);
  EXPECT_EQ(found_after(catalog, fixes, rules), 0u) << fixes.sql();
  const Catalog used = schema(
      "create table carts (session text not null unique, at date); create table lines (id int primary key, "
      "session text references carts (session));");
  EXPECT_EQ(fixed(used, rules).sql().find("DROP CONSTRAINT"), std::string::npos) << "a foreign key needs it";
}

// "a" with b_author_id and "a_b" with author_id: the pattern gives both indexes one name.
TEST(Conflicts, NewIndexesOfTwoTablesHaveTwoNames) {
  const Catalog catalog = schema(
      "create table authors (id int primary key); create table a (id int primary key, b_author_id int "
      "references authors); create table a_b (id int primary key, author_id int);");
  const Fixed fixes = fixed(catalog, {"missing-foreign-key", "unindexed-foreign-key"});
  ASSERT_EQ(fixes.findings.size(), 2u);
  EXPECT_NE(fixes.sql().find("ON public.a (b_author_id)"), std::string::npos) << fixes.sql();
  EXPECT_NE(fixes.sql().find("ON public.a_b (author_id)"), std::string::npos) << fixes.sql();
  EXPECT_EQ(found_after(catalog, fixes, {"missing-foreign-key", "unindexed-foreign-key"}), 0u) << fixes.sql();
}

// Many fixes of one table: each is compared with those that have the same first key. The test's timeout is
// what fails where each is compared with each, for each index.
TEST(Conflicts, OfATableWithHundredsOfIndexes) {
  constexpr int many = 300;
  std::string script = "create table hub (id int primary key";
  for (int i = 0; i < 2 * many; ++i) script += fmt::format(", c{} int", i);
  script += ");";
  for (int i = 0; i < many; ++i)
    script += fmt::format(
        "create table p{0} (id int primary key); alter table hub add constraint hub_fk{0} foreign key (c{0}) "
        "references p{0}; create index hub_i{0} on hub (c{1}); create index hub_j{0} on hub (c{1}, c{0});",
        i, many + i);
  const Catalog catalog = schema(script);
  const std::vector<std::string> rules = {"redundant-index", "unindexed-foreign-key"};
  const Fixed fixes = fixed(catalog, rules);
  EXPECT_EQ(fixes.findings.size(), 2u * many);
  EXPECT_EQ(found_after(catalog, fixes, rules), 0u);
}

// What no rule writes today, and what nobody can know the effects of, stays as it is.
TEST(Conflicts, FixesThatCannotBeUnderstoodStay) {
  const Catalog catalog = schema(
      "create schema \"My App\"; create table \"My App\".\"Order\" (\"Id\" int primary key, \"b c\" int, d "
      "int); "
      "create index \"i 1\" on \"My App\".\"Order\" (\"b c\"); create table m (id int, at date) partition by "
      "range (at); create table m1 partition of m for values from ('2026-01-01') to ('2027-01-01');");
  const std::vector<std::pair<std::string, std::string>> given = {
      {"Order", "DO $$ BEGIN EXECUTE 'CREATE INDEX x ON m (id)'; END $$;"},
      {"Order", "CREATE INDEX ON nowhere ("},
      {"Order", "CREATE INDEX \"i 1\" ON \"My App\".\"Order\" (d);"},
      {"Order", "CREATE INDEX \"i 2\" ON \"My App\".\"Order\" (d);"},
      {"Order", "CREATE UNIQUE INDEX \"i 3\" ON \"My App\".\"Order\" (d);"},
      {"Order", std::string("CREATE INDEX \0;", 15)},
      {"Order", "DROP INDEX \"My App\".\"i 9\"; -- INDEX"},
      {"m",
       "CREATE INDEX m_id ON ONLY m (id);\nCREATE INDEX m1_id ON m1 (id);\nALTER INDEX m_id ATTACH PARTITION "
       "m1_id;"},
      {"nowhere", "CREATE INDEX n ON nowhere (a);"}};
  std::vector<Finding> findings;
  for (const auto& [table, sql] : given) {
    Finding& finding = findings.emplace_back();
    finding.rule = "missing-primary-key";
    finding.subject = {.schema = table == "Order" ? "My App" : "public", .table = table};
    finding.fix = Fix{.title = "t", .sql = sql, .safety = Fix::Safety::review};
  }
  std::vector<advisor::ProposedFix> proposals;
  resolve_conflicts(findings, proposals, catalog, nullptr);
  // The index on d is there once, as the unique one serves it, too.
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(proposals[0].finding, 3u);
  EXPECT_EQ(proposals[0].served_by, 4u);
  for (std::size_t at = 0; at < given.size(); ++at) {
    if (at != 3) {
      EXPECT_EQ(findings[at].fix->sql, given[at].second) << at;
    }
  }
}

}  // namespace
}  // namespace pgadvise::check
