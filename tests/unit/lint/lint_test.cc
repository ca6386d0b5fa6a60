// The small things that rules use.
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/parent_deletes.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "sql/replay/replay.h"

namespace pgadvise::lint {
namespace {

Catalog catalog_of(std::string_view script) {
  sql::Replayer replayer;
  replayer.run(script, "x.sql");
  EXPECT_TRUE(replayer.diagnostics().empty());
  return replayer.take();
}

using Words = std::vector<std::string>;

TEST(ParentDeletes, KnowWhoNamesTheUserWhoDidSomething) {
  const auto names = [](const std::string& column, const std::string& on_delete = "SET NULL") {
    Constraint key;
    key.columns = {column};
    key.referenced_table = {"public", "users"};
    key.on_delete = on_delete;
    return names_an_actor(key);
  };
  for (const char* column : {"decided_by_user_id", "impersonated_by", "acceptedById", "closed_by"})
    EXPECT_TRUE(names(column)) << column;
  EXPECT_FALSE(names("decided_by_user_id", "CASCADE"));
  for (const char* column : {"referred_by", "assigned_to", "owned_by", "user_id"})
    EXPECT_FALSE(names(column)) << column;
}

TEST(Words, AreTakenApart) {
  EXPECT_EQ(words_of("createdAt"), (Words{"created", "at"}));
  EXPECT_EQ(words_of("Created_AT"), (Words{"created", "at"}));
  EXPECT_EQ(words_of("_order__items "), (Words{"order", "items"}));
  EXPECT_EQ(words_of(""), Words{});
}

TEST(Words, InTheSingular) {
  for (const auto& [plural, one] :
       std::vector<std::pair<std::string, std::string>>{{"users", "user"},
                                                        {"categories", "category"},
                                                        {"addresses", "address"},
                                                        {"boxes", "box"},
                                                        {"statuses", "status"},
                                                        {"status", "status"},
                                                        {"people", "person"},
                                                        {"bus", "bus"},
                                                        {"class", "class"},
                                                        {"analysis", "analysis"},
                                                        {"s", "s"},
                                                        {"", ""}})
    EXPECT_EQ(singular(plural), one);
  EXPECT_EQ(singular_name("OrderItems"), "order item");
}

TEST(Numbers, AreGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(2147483647), "2,147,483,647");
  EXPECT_EQ(grouped(-1234), "-1,234");
  EXPECT_EQ(bytes_text(512), "512 bytes");
  EXPECT_EQ(bytes_text(1536), "1.5 kB");
  EXPECT_EQ(bytes_text(700.0 * 1024 * 1024), "700 MB");
}

TEST(IndexSql, BuildsTheSameIndexAgain) {
  const std::string script =
      "CREATE TABLE \"Odd\" (id integer, \"userId\" integer, note text, gone timestamptz);\n";
  const std::string index =
      "CREATE UNIQUE INDEX \"odd one\" ON \"Odd\" (lower(note) DESC, \"userId\" NULLS FIRST, note COLLATE "
      "\"C\" text_pattern_ops) INCLUDE (id) NULLS NOT DISTINCT WHERE gone IS NULL;";
  const Catalog once = catalog_of(script + index);
  const Table& table = once.tables.at({"public", "Odd"});
  const Catalog twice = catalog_of(script + create_index_sql(table, table.indexes.at(0)));
  const Index& again = twice.tables.at({"public", "Odd"}).indexes.at(0);
  EXPECT_EQ(again.keys, table.indexes[0].keys) << create_index_sql(table, table.indexes[0]);
  EXPECT_EQ(again.include, table.indexes[0].include);
  EXPECT_EQ(again.predicate, table.indexes[0].predicate);
  EXPECT_TRUE(again.unique && again.nulls_not_distinct);
}

TEST(IndexSql, NamesANewIndex) {
  const std::string longest(63, 'i');
  const std::string umlauts = replace_all(std::string(31, 'u'), "u", "ü") + "x";  // 63 bytes
  Catalog catalog =
      catalog_of("CREATE TABLE t (a int, b int); CREATE INDEX t_a_gin ON t (a); CREATE SEQUENCE t_b_gin;");
  catalog.schemas.push_back("other");
  EXPECT_EQ(new_index_name(catalog, "public", "t_a", "_key"), "t_a_key");
  EXPECT_EQ(new_index_name(catalog, "public", "t_a", "_gin"), "t_a_gin_1");
  EXPECT_EQ(new_index_name(catalog, "public", "t_b", "_gin"), "t_b_gin_1");
  EXPECT_EQ(new_index_name(catalog, "other", "t_a", "_gin"), "t_a_gin");
  for (const std::string& base : {longest, longest.substr(1), umlauts}) {
    const std::string name = new_index_name(catalog, "public", base, "_not_null");
    EXPECT_NE(name, base);
    EXPECT_LE(name.size(), 63u);
    EXPECT_TRUE(name.ends_with("_not_null")) << name;
    EXPECT_EQ(base.substr(0, 40), name.substr(0, 40));
  }
  EXPECT_NE(new_index_name(catalog, "public", longest + "1", "_gin"),
            new_index_name(catalog, "public", longest + "2", "_gin"));
}

TEST(Junctions, HoldNothingOfTheirOwn) {
  const Catalog catalog = catalog_of(
      "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer PRIMARY KEY);\n"
      "CREATE TABLE plain (a_id integer REFERENCES a, b_id integer REFERENCES b, created_at timestamptz);\n"
      "CREATE TABLE three (a_id integer REFERENCES a, b_id integer REFERENCES b, c_id integer REFERENCES "
      "b);\n"
      "CREATE TABLE more (a_id integer REFERENCES a, b_id integer REFERENCES b, position integer);\n"
      "CREATE TABLE same (a_id integer REFERENCES a REFERENCES b);\n");
  const auto is = [&](const char* name) { return junction(catalog.tables.at({"public", name})).is; };
  EXPECT_TRUE(is("plain"));
  EXPECT_FALSE(is("three"));
  EXPECT_FALSE(is("more"));
  EXPECT_FALSE(is("same"));
}

TEST(Tables, HoldAtMostOneRowByAUniqueIndexOnAConstant) {
  const auto one_row = [](const std::string& index) {
    const Catalog catalog = catalog_of(
        "CREATE DOMAIN d AS text NOT NULL; CREATE TABLE t (a text NOT NULL, b integer, v "
        "varchar(3), w timestamptz, n numeric(3,1)[], d d, p bigint PRIMARY KEY); CREATE UNIQUE "
        "INDEX i ON t " +
        index);
    return at_most_one_row(catalog.tables.at({"public", "t"}));
  };
  for (const char* index :
       {"((true))", "((1))", "(('x'::text))", "((1::double precision))", "((a IS NOT NULL))",
        "((d IS NOT NULL))", "((a IS NULL))", "((true), (1))", "((p IS NOT NULL))"})
    EXPECT_TRUE(one_row(index)) << index;
  for (const char* index :
       {"(a)", "((true)) WHERE b > 0", "((true), a)", "((a || 'x'))", "(('x'::text || a))",
        "((NOT true AND b IS NULL))", "((a IS NOT NULL AND b > 1))", "((b IS NULL))", "((b IS NOT NULL))",
        "((v IS NULL))", "((w IS NOT NULL))", "((n IS NULL))"})
    EXPECT_FALSE(one_row(index)) << index;
}

TEST(Schemas, GetOneFindingForManyAlike) {
  static constexpr Rule rule{.id = "a-rule"};
  std::vector<Finding> findings;
  Reporter reporter(rule, findings);
  std::vector<SchemaMember> members;
  for (int n = 0; n < 50; ++n) members.push_back({"t.c" + std::to_string(n), "is json", {"a.sql", n + 1, 1}});
  report_schema(reporter, "s", "many", members);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].subject.schema, "s");
  EXPECT_EQ(findings[0].location->line, 1);
  ASSERT_EQ(findings[0].evidence.size(), 4U);
  EXPECT_EQ(findings[0].evidence[2].text, "t.c2 is json");
  const std::string& others = findings[0].evidence[3].text;
  EXPECT_TRUE(others.starts_with("also t.c3, t.c4")) << others;
  EXPECT_TRUE(others.ends_with("t.c42 and 7 more")) << others;
  EXPECT_EQ(report_schema(reporter, "s", "all", members, 50).evidence.size(), 50U);
}

TEST(ForeignKeys, AreServedByTheOneIndexThatIsLeft) {
  const Catalog catalog = catalog_of(
      "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a_id integer REFERENCES a, at date);\n"
      "CREATE INDEX narrow ON b (a_id); CREATE INDEX other ON b (at);\n");
  const Table& table = catalog.tables.at({"public", "b"});
  const Context context({.catalog = &catalog});
  const auto needed = needed_by_foreign_keys(context, table);
  EXPECT_EQ(needed.size(), 1u);
  EXPECT_TRUE(needed.count(table.index("narrow")));
}

// A table's keys are not held against each of its indexes: 20,000 of both would take minutes.
TEST(ForeignKeys, AndIndexesMayBeMany) {
  constexpr int many = 20'000;
  Catalog catalog = catalog_of("CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (id integer);\n");
  Table& table = catalog.tables.at({"public", "b"});
  for (int i = 0; i < many; ++i) {
    const std::string column = "c" + std::to_string(i);
    Constraint key;
    key.kind = Constraint::Kind::foreign_key;
    key.name = column + "_fkey";
    key.columns = {column};
    key.referenced_table = {"public", "a"};
    key.referenced_columns = {"id"};
    table.constraints.push_back(key);
    Index index;
    index.name = column + "_index";
    index.keys = {{.column = i % 2 ? column : "d" + std::to_string(i)}};
    table.indexes.push_back(index);
  }
  EXPECT_EQ(needed_by_foreign_keys(Context({.catalog = &catalog}), table).size(), std::size_t{many / 2});
  EXPECT_EQ(run({.catalog = &catalog}, {"unindexed-foreign-key", "redundant-index", "duplicate-index"})
                .findings.size(),
            std::size_t{many / 2});
}

TEST(Pools, AreSummedOverApplications) {
  Catalog catalog;
  catalog.settings = {{"max_connections", "100"}};
  Project project;
  project.pools = {{60, "max", "a", {"a/db.ts", 1, 1}},
                   {50, "max", "a", {"a/db.ts", 9, 1}},
                   {20, "max", "b", {"b/db.ts", 1, 1}}};
  InstanceCount& instances =
      project.instances.emplace_back();  // in one expression GCC 12 warns of what is initialised
  instances.count = 2;
  instances.what = "replicas of Deployment b";
  instances.place.file = "k8s.yaml";
  instances.name = "b";
  const auto found = [&] {
    return run({.catalog = &catalog, .project = &project}, {"pool-larger-than-server"}).findings;
  };
  ASSERT_EQ(found().size(), 1u);  // 60 + 2 * 20
  EXPECT_EQ(found()[0].severity, Severity::note);
  EXPECT_NE(found()[0].message.find("open 100 connections in total"), std::string::npos)
      << found()[0].message;
  project.pools.push_back({10, "default_pool_size of PgBouncer", "c", {"pgbouncer.ini", 1, 1}});
  EXPECT_TRUE(found().empty());
  project.pools = {{120, "max", "a", {"a/db.ts", 1, 1}}, {110, "max", "a", {"a/db.ts", 9, 1}}};
  ASSERT_EQ(found().size(), 2u);
  EXPECT_NE(found()[0].id, found()[1].id);
}

TEST(Policies, AreReplayed) {
  const Catalog catalog = catalog_of(
      "CREATE TABLE notes (id integer, \"userId\" integer);\n"
      "CREATE POLICY own ON notes FOR select USING (\"userId\" = 1);\n"
      "CREATE POLICY added ON notes AS RESTRICTIVE FOR INSERT WITH CHECK (id > 0);\n"
      "CREATE POLICY gone ON notes USING (true);\n"
      "ALTER POLICY own ON notes RENAME TO \"Mine\"; ALTER POLICY \"Mine\" ON notes USING (\"userId\" = 2); "
      "DROP POLICY gone ON notes;\n"
      "ALTER TABLE notes RENAME COLUMN \"userId\" TO owner;\n");
  const auto& policies = catalog.tables.at({"public", "notes"}).policies;
  ASSERT_EQ(policies.size(), 2u);
  EXPECT_EQ(policies[0].name, "Mine");
  EXPECT_EQ(policies[0].command, "SELECT");
  EXPECT_EQ(policies[0].using_expression, "owner = 2");
  EXPECT_FALSE(policies[1].permissive);
  EXPECT_EQ(policies[1].check_expression, "id > 0");
}

TEST(SwallowedErrors, ShowInTheDatabase) {
  const Catalog migrated = catalog_of(
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int CONSTRAINT c_p_fk REFERENCES p);");
  const Catalog database = catalog_of("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int);");
  Migration migration;
  migration.file = migration.entry = "0001_x.sql";
  SchemaAction action;
  action.kind = SchemaAction::Kind::add_constraint;
  action.table = {"public", "c"};
  action.name = "c_p_fk";
  SchemaStep& step = migration.steps.emplace_back();
  step.text = "DO $$ BEGIN ALTER TABLE c ADD CONSTRAINT c_p_fk …";
  step.actions.push_back(action);
  std::vector<Migration> checked{migration};
  const auto found = [&](const Catalog& other, bool applied) {
    const SchemaComparison comparison{&migrated, &other, true, "migrations", "the database shop", 0, applied};
    return run({&other, nullptr, nullptr, &checked, {comparison}}, {"swallowed-migration-error"}).findings;
  };
  const auto findings = found(database, true);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].verdict, Verdict::confirmed);
  EXPECT_EQ(findings[0].subject.constraint, "c_p_fk");
  EXPECT_TRUE(found(database, false).empty()) << "which migrations ran is not known";
  EXPECT_TRUE(found(migrated, true).empty());
  checked[0].steps[0].text = "ALTER TABLE c ADD CONSTRAINT c_p_fk …";
  EXPECT_TRUE(found(database, true).empty()) << "no block: schema-drift tells of it";
}

TEST(Evidence, ParametersOfSecretsAreHidden) {
  Sample sample;
  sample.statement = "SELECT 1 FROM users WHERE password = $1 AND name = $2";
  sample.parameters = Parameters{"hunter2", "ok"};
  EXPECT_EQ(lint::with_parameters(sample),
            "SELECT 1 FROM users WHERE password = $1 AND name = $2 -- $1 = ***, $2 = ok");
}

TEST(Runner, LeavesOutWhatIsOffOrCannotBeKnown) {
  const Catalog catalog = catalog_of("CREATE TABLE a (id integer PRIMARY KEY);");
  const Outcome all = run({&catalog, nullptr, nullptr});
  const auto ran = [](const Outcome& outcome, const char* id) { return contains(outcome.ran, id); };
  EXPECT_FALSE(ran(all, "missing-timestamps"));
  EXPECT_FALSE(ran(all, "unused-index"));
  EXPECT_TRUE(ran(all, "missing-primary-key"));
  const auto reason = [&](const char* rule) {
    const auto at = std::find_if(all.skipped.begin(), all.skipped.end(),
                                 [&](const SkippedRule& skipped) { return skipped.rule == rule; });
    return at == all.skipped.end() ? "not skipped" : at->reason;
  };
  EXPECT_EQ(reason("missing-timestamps"), "not skipped") << "off is not skipped";
  EXPECT_EQ(reason("unused-index"), "needs a database or a snapshot of one (--db or --schema)");
  EXPECT_EQ(reason("sequential-scan"), "needs queries (--log or --workload)") << "the schema is there";
  EXPECT_EQ(run({&catalog, nullptr, nullptr}, {"missing-timestamps"}).findings.size(), 1u);
}

TEST(Needs, OneTextSaysWhatIsNeededAndWhatIsMissing) {
  constexpr Needs counted = any(Input::events, all(Input::row_counts, Input::schema));
  static_assert(counted.met_by({Input::events}) && counted.met_by({Input::row_counts, Input::schema}));
  static_assert(!counted.met_by({Input::schema, Input::workload}) && !counted.met_by({}));
  static_assert(counted.names(Input::schema) && !counted.names(Input::workload));
  EXPECT_EQ(counted.explain(),
            "a log with every statement in order (--log), or the counters of pg_stat_statements (--workload) "
            "and a schema (PATH, --schema or --db)");
  EXPECT_EQ(counted.missing({Input::row_counts}).explain(),
            "a log with every statement in order (--log) or a schema (PATH, --schema or --db)");
  constexpr Needs planned = all(Input::workload, any(Input::plans, Input::statistics));
  EXPECT_EQ(planned.missing({Input::workload}).explain(), any(Input::plans, Input::statistics).explain());
  EXPECT_EQ(planned.missing({Input::plans}).explain(), "queries (--log or --workload)");
  EXPECT_EQ(planned.missing({}).explain(), planned.explain());
}

// A number is the rule's own, with what a configuration says of it.
TEST(Options, AreReadByTheRuleThatListsThem) {
  static constexpr Option listed{.name = "rows", .fallback = 10, .meaning = "rows"};
  static constexpr Option unlisted{.name = "rows", .fallback = 20, .meaning = "rows"};
  const Rule rule{.id = "a-rule", .options = {&listed}};
  EXPECT_EQ(Context(Inputs{}).of(rule).option(listed), 10);
  const Settings settings = {{"a-rule", {.options = {{"rows", 7}}}}};
  EXPECT_EQ(Context({.settings = &settings}).of(rule).option(listed), 7);
  EXPECT_THROW((void)Context(Inputs{}).of(rule).option(unlisted), std::logic_error);
}

TEST(Options, SayWhetherARuleDependsOnTheSizeOfATable) {
  const auto decided = [](const char* rule, bool sizes_known) {
    return decided_by_files(*find_rule(rule)->rule, sizes_known);
  };
  EXPECT_TRUE(decided("missing-primary-key", true));
  EXPECT_TRUE(decided("blocking-alter", false));
  EXPECT_FALSE(decided("blocking-alter", true)) << "small tables are not reported";
  EXPECT_TRUE(decided("unindexed-foreign-key", true)) << "the size changes only the severity";
  EXPECT_FALSE(decided("unused-index", false));
  EXPECT_FALSE(decided("deep-offset", false));
}

TEST(Indexes, WhatLeavesSchemaTsIsSaidInDrizzle) {
  const auto catalog = catalog_of(
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int UNIQUE); CREATE INDEX t_a ON t (a); CREATE UNIQUE "
      "INDEX t_u ON t (a, b); CREATE TABLE only_sql (a int); CREATE INDEX o ON only_sql (a);");
  Project project;
  const auto line = [&](const char* table, const char* index) {
    const Table& found = *catalog.table({"public", table});
    Fix fix;
    add_drizzle_drop(fix, found, *found.index(index), &project);
    return fix.drizzle.substr(0, fix.drizzle.find('\n'));
  };
  EXPECT_EQ(line("t", "t_a"), "") << "no Drizzle here";
  project.drizzle = true;
  EXPECT_EQ(line("t", "t_a"), "") << "the constant's name is not known";
  project.drizzle_names = {{"public.t", "things"}};
  EXPECT_EQ(line("t", "t_a"), "// take out of things: index('t_a')");
  EXPECT_EQ(line("t", "t_u"), "// take out of things: uniqueIndex('t_u')");
  EXPECT_EQ(line("t", "t_b_key"), "// take out of things: unique('t_b_key'), or the column's .unique()");
  EXPECT_EQ(line("t", "t_pkey"), "");
  EXPECT_EQ(line("only_sql", "o"), "") << "a table that schema.ts does not know";
}

// A name alone is a hint where there is a schema alone; beside a program the program decides.
TEST(JsonStoredAsText, ByItsNameAsTheCodeHasIt) {
  const Catalog catalog = catalog_of(
      "CREATE TABLE a (id int PRIMARY KEY, settings text, user_tags text, payload text, metadata text); "
      "CREATE TABLE active_storage_blobs "
      "(id int PRIMARY KEY, metadata text);"
      "CREATE TABLE b (id int PRIMARY KEY, metadata text DEFAULT '{}');");
  const auto columns = [&](const Project* project) {
    std::vector<std::string> out;
    for (const auto& finding : run({&catalog, nullptr, project}, {"json-stored-as-text"}).findings)
      out.push_back(finding.subject.table + "." + finding.subject.columns.at(0));
    std::sort(out.begin(), out.end());
    return out;
  };
  Project scripts, program, without;
  scripts.code_files = 3;
  program.code_files = without.code_files = 300;
  program.coded_as_json = {
      {"settings", {"src/a.ts", 3, 1}}, {"payload", {"src/a.ts", 4, 1}}, {"metadata", {"src/a.ts", 5, 1}}};
  const std::vector<std::string> by_name = {"a.metadata", "a.payload", "a.settings", "b.metadata"};
  EXPECT_EQ(columns(nullptr), by_name);
  EXPECT_EQ(columns(&scripts), by_name);
  EXPECT_EQ(columns(&program), (std::vector<std::string>{"a.settings", "b.metadata"}))
      << "many things are called payload or metadata";
  EXPECT_EQ(columns(&without), (std::vector<std::string>{"b.metadata"})) << "its default speaks for itself";
}

}  // namespace
}  // namespace pgadvise::lint
