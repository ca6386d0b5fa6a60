// Schema rules by names, statistics and stated conventions: where their limits lie.
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "lint/run/context.h"
#include "lint/run/rule.h"
#include "model/project/code.h"
#include "model/project/project.h"
#include "sql/replay/replay.h"

namespace pgadvise::lint {
namespace {

Catalog catalog_of(std::string_view script) {
  sql::Replayer replayer;
  replayer.run(script, "x.sql");
  EXPECT_TRUE(replayer.diagnostics().empty());
  return replayer.take();
}

std::vector<Finding> run_rule(const std::string& rule, const Catalog& catalog,
                              const Settings& settings = {}) {
  return run({.catalog = &catalog, .settings = &settings}, {rule}).findings;
}

// The columns, or tables, of the findings, in order.
std::string found(const std::string& rule, const Catalog& catalog, const Settings& settings = {}) {
  std::string out;
  for (const auto& finding : run_rule(rule, catalog, settings)) {
    out += (out.empty() ? "" : " ") + finding.subject.table;
    for (const auto& column : finding.subject.columns) out += "." + column;
  }
  return out;
}

std::string found(const std::string& rule, std::string_view script, const Settings& settings = {}) {
  return found(rule, catalog_of(script), settings);
}

Settings stating(const std::string& rule, const std::string& option, double choice) {
  Settings out;
  out[rule].on = true;
  out[rule].options[option] = choice;
  return out;
}

TEST(MissingForeignKey, RelationsThatPrismaKeepsWithoutKeysAreIntended) {
  Catalog catalog = catalog_of(
      "create table users (id uuid primary key); create table teams (id uuid primary key); create table "
      "posts "
      "(id uuid primary key, user_id uuid, team_id uuid)");
  EXPECT_EQ(found("missing-foreign-key", catalog), "posts.team_id posts.user_id");
  catalog.tables.at({"public", "posts"})
      .logical_keys.push_back({.kind = Constraint::Kind::foreign_key,
                               .name = "Post.user",
                               .columns = {"user_id"},
                               .referenced_table = {"public", "users"},
                               .referenced_columns = {"id"}});
  EXPECT_EQ(found("missing-foreign-key", catalog), "posts.team_id") << "the schema does not declare this one";
}

TEST(MissingForeignKey, FindsReferencesToTheSameTable) {
  const auto columns = [](const char* script) { return found("missing-foreign-key", script); };
  EXPECT_EQ(columns("create table comments (id bigint primary key, parent_id bigint)"), "comments.parent_id");
  EXPECT_EQ(columns("create table post_comments (id bigint primary key, parent_comment_id bigint)"),
            "post_comments.parent_comment_id");
  EXPECT_EQ(columns("create table employees (id uuid primary key, manager_id uuid)"), "employees.manager_id");
  EXPECT_EQ(columns("create table post_versions (id bigint primary key, parent_id bigint)"), "");
  EXPECT_EQ(columns("create table hotels (id uuid primary key, manager_id uuid)"), "");
  EXPECT_EQ(columns("create table comments (id bigint primary key, parent_id integer)"), "")
      << "another type";
  EXPECT_EQ(columns("create table t (id text primary key, parent_id text)"), "") << "text says too little";
  EXPECT_EQ(
      columns("create table orders (id bigint primary key); create table lines (id bigint primary key, "
              "parent_id bigint); create table notes (id bigint primary key, parent_id bigint references "
              "orders)"),
      "")
      << "elsewhere the column references another table";
  EXPECT_EQ(
      columns("create table parents (id bigint primary key); create table children (id bigint primary key, "
              "parent_id bigint)"),
      "children.parent_id");
  const Catalog catalog = catalog_of(
      "create table parents (id bigint primary key); create table children (id bigint primary key, "
      "parent_id bigint)");
  EXPECT_NE(run_rule("missing-foreign-key", catalog).at(0).message.find("a reference to parents"),
            std::string::npos);
}

TEST(MissingForeignKey, AuditTablesOutliveWhatTheyReference) {
  const std::string tables =
      "create table customers (id bigint primary key); create table revinfo (rev integer primary key); ";
  const auto columns = [&](const char* audit) { return found("missing-foreign-key", tables + audit); };
  EXPECT_EQ(columns("create table orders_aud (id bigint, rev integer references revinfo, revtype smallint, "
                    "customer_id bigint, primary key (rev, id))"),
            "");
  EXPECT_EQ(
      columns("create table order_versions (id bigint, rev integer references revinfo, revtype smallint, "
              "customer_id bigint, primary key (rev, id))"),
      "");
  EXPECT_EQ(columns("create table orders_aud (id bigint primary key, customer_id bigint)"),
            "orders_aud.customer_id");
  EXPECT_EQ(columns("create table orders (id bigint primary key, rev integer, customer_id bigint)"),
            "orders.customer_id");
}

TEST(TimestampWithoutTimeZone, TheFixReplacesADefaultThatConvertsToAZone) {
  const auto finding = [](const std::string& expression) {
    const Catalog catalog =
        catalog_of("create table t (id integer primary key, seen timestamp default " + expression + ")");
    return run_rule("timestamp-without-time-zone", catalog).at(0);
  };
  const std::string to_utc =
      "ALTER TABLE public.t ALTER COLUMN seen TYPE timestamp with time zone USING seen AT TIME ZONE 'UTC'";
  for (const char* expression : {"(now() at time zone 'utc')", "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC'::text)",
                                 "timezone('utc'::text, now())"}) {
    const Finding found = finding(expression);
    EXPECT_EQ(found.fix->sql, to_utc + ", ALTER COLUMN seen SET DEFAULT now();");
    EXPECT_NE(found.fix->down_sql.find(", ALTER COLUMN seen SET DEFAULT "), std::string::npos);
    EXPECT_EQ(found.message.find("now()"), std::string::npos) << found.message;
  }
  EXPECT_NE(finding("(now() at time zone 'Europe/Berlin')").fix->sql.find("AT TIME ZONE 'Europe/Berlin', "),
            std::string::npos);
  EXPECT_EQ(finding("((now() at time zone 'utc') + interval '1 day')").fix->sql, "");
  EXPECT_EQ(finding("now()").fix->sql, to_utc + ";");
  EXPECT_NE(finding("now()").message.find("assigning now() drops the time zone"), std::string::npos);
}

TEST(InconsistentNaming, AStatedConventionCountsInsteadOfTheMajority) {
  constexpr std::string_view script =
      "create table users (id integer); create table orders (id integer); create table items (id integer); "
      "create table carts (id integer); create table tag (user_id integer)";
  const std::string rule = "inconsistent-naming";
  EXPECT_EQ(found(rule, script, stating(rule, "least_names", 5)), "tag");
  EXPECT_EQ(found(rule, script, stating(rule, "tables", 2)), "carts items orders users");
  EXPECT_EQ(found(rule, "create table users (id integer)", stating(rule, "tables", 2)), "users");
  EXPECT_EQ(found(rule, script, stating(rule, "names", 2)), "tag.user_id") << "the majority no longer counts";
}

TEST(InconsistentKeyType, AStatedConventionCountsInsteadOfTheMajority) {
  constexpr std::string_view script =
      "create table a (id bigint primary key); create table b (id integer primary key); create table c (id "
      "uuid "
      "primary key); create table d (id integer primary key); create table e (id serial primary key); create "
      "table f (code text primary key)";
  const std::string rule = "inconsistent-key-type";
  EXPECT_EQ(found(rule, script, stating(rule, "share", 0.8)), "c.id");
  EXPECT_EQ(found(rule, script, stating(rule, "keys", 1)), "a.id b.id d.id e.id");
  EXPECT_EQ(found(rule, script, stating(rule, "keys", 2)), "b.id c.id d.id e.id");
}

TEST(OneToOneWithoutUnique, DistinctValuesCountWhereAnalyzeReadsTheWholeTable) {
  Catalog catalog = catalog_of(
      "create table orders (id integer primary key); create table invoices (id integer primary key, order_id "
      "integer not null references orders)");
  Table& table = catalog.tables.at({"public", "invoices"});
  const auto count = [&](double rows, double distinct, double nulls) {
    table.statistics = TableStatistics{};
    table.statistics->rows = rows;
    table.columns[1].statistics = ColumnStatistics{};
    table.columns[1].statistics->n_distinct = distinct;
    table.columns[1].statistics->null_fraction = nulls;
    return run_rule("one-to-one-without-unique", catalog).size();
  };
  EXPECT_EQ(count(5000, -1, 0), 1u);
  EXPECT_EQ(count(5000, -0.5, 0.5), 1u);
  EXPECT_EQ(count(5000, -0.98, 0), 0u);
  EXPECT_EQ(count(900, -1, 0), 0u);
  EXPECT_EQ(count(1'000'000, -1, 0), 0u);
}

TEST(OneToOneWithoutUnique, RelationsOfCodeCountIfBothSidesHaveOne) {
  const Catalog catalog = catalog_of(
      "create table users (id integer primary key); create table carts (id integer primary key, user_id "
      "integer not null references users)");
  const QualifiedName users{"public", "users"};
  const QualifiedName carts{"public", "carts"};
  const auto findings = [&](std::vector<CodeRelation> relations) {
    auto code = std::make_shared<CodeFacts>();
    code->relations = std::move(relations);
    Project project;
    project.code = code;
    return run({.catalog = &catalog, .project = &project}, {"one-to-one-without-unique"}).findings;
  };
  const CodeRelation owner{carts, users, false, {"user_id"}, {"id"}, "", {"schema.ts", 9, 1}};
  const CodeRelation cart{users, carts, false, {}, {}, "", {"schema.ts", 5, 1}};
  const auto found = findings({owner, cart});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].evidence.at(0).text, "Drizzle's relations have one() on both sides");
  EXPECT_EQ(found[0].evidence.at(0).place->line, 5);
  CodeRelation many = cart;
  many.many = true;
  EXPECT_TRUE(findings({owner, many}).empty());
  EXPECT_TRUE(findings({owner, cart, many}).empty()) << "which of the two belongs to the key is not known";
  many.name = "saved";
  EXPECT_EQ(findings({owner, cart, many}).size(), 1u);
  EXPECT_TRUE(findings({owner}).empty());
  CodeRelation other = owner;
  other.columns = {"guest_id"};
  EXPECT_TRUE(findings({other, cart}).empty());
  // With the columns of both sides, as of defineRelations(), the name does not matter.
  const CodeRelation by_columns{users, carts, false, {"id"}, {"user_id"}, "cart", {"schema.ts", 5, 1}};
  CodeRelation saved = by_columns;
  saved.many = true;
  CodeRelation reverse = by_columns;
  reverse.target_columns = {"id"};
  EXPECT_EQ(findings({owner, by_columns}).size(), 1u);
  EXPECT_TRUE(findings({owner, cart, saved}).empty());
  EXPECT_TRUE(findings({owner, reverse}).empty()) << "by another column";
}

TEST(NaturalKeyWithoutUnique, OnlyAnExactStatisticCounts) {
  Catalog catalog = catalog_of("create table customers (id integer primary key, email text)");
  catalog.has_statistics = true;
  Table& table = catalog.tables.at({"public", "customers"});
  Settings settings;
  settings["natural-key-without-unique"].on = true;
  const auto email = [&](double rows, double distinct, double nulls) {
    table.statistics = TableStatistics{};
    table.statistics->rows = rows;
    table.columns[1].statistics = ColumnStatistics{};
    table.columns[1].statistics->n_distinct = distinct;
    table.columns[1].statistics->null_fraction = nulls;
    return found("natural-key-without-unique", catalog, settings) == "customers.email";
  };
  EXPECT_TRUE(email(5'000, -1, 0));
  EXPECT_TRUE(email(1'000'000, -1, 0));
  EXPECT_TRUE(email(1'000'000, -0.5, 0.5));
  EXPECT_FALSE(email(1'000'000, -0.9995, 0)) << "an estimate from a part of the rows";
  EXPECT_FALSE(email(5'000, -0.9995, 0)) << "two or three values occur twice";
  EXPECT_FALSE(email(5'000, 5'000, 0));
  EXPECT_FALSE(email(5'000, 0, 1)) << "no values";
}

TEST(CreatedAtWithoutDefault, AConventionOfAFrameworkIsLeftAlone) {
  const auto count = [](int with, int without) {
    std::string script;
    for (int i = 0; i < with; ++i)
      script += "create table w" + std::to_string(i) + " (created_at timestamptz not null default now());";
    for (int i = 0; i < without; ++i)
      script += "create table o" + std::to_string(i) + " (created_at timestamptz not null);";
    return run_rule("created-at-without-default", catalog_of(script)).size();
  };
  EXPECT_EQ(count(0, 2), 2u);
  EXPECT_EQ(count(0, 3), 0u);
  EXPECT_EQ(count(3, 3), 3u);
  EXPECT_EQ(count(2, 3), 0u);
}

TEST(StoredAsText, SampledValuesDecide) {
  const Catalog catalog = catalog_of("create table t (created_at text, is_active text)");
  const auto verdict = [&](const std::string& rule, const std::vector<std::string>& values) {
    const auto findings = run_rule(rule, catalog);
    return findings.size() == 1 && findings[0].probe ? findings[0].probe->from_values(values).verdict
                                                     : std::nullopt;
  };
  EXPECT_EQ(verdict("date-stored-as-text", {"2025-01-02", "2025-01-02T10:00:00Z", ""}), Verdict::confirmed);
  EXPECT_EQ(verdict("date-stored-as-text", {"01/02/2025"}), Verdict::confirmed);
  EXPECT_EQ(verdict("date-stored-as-text", {"2025-01-02", "soon"}), Verdict::refuted);
  EXPECT_EQ(verdict("date-stored-as-text", {}), std::nullopt);
  EXPECT_EQ(verdict("boolean-stored-as-text", {"true", "f", "Y "}), Verdict::confirmed);
  EXPECT_EQ(verdict("boolean-stored-as-text", {"true", "maybe"}), Verdict::refuted);
}

}  // namespace
}  // namespace pgadvise::lint
