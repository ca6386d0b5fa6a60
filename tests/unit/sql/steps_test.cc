// What the replay records of a migration for the rules that check it.
#include "sql/replay/steps.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/schema/ddl.h"
#include "sql/replay/replay.h"

namespace pgadvise {
namespace {

using Kind = SchemaAction::Kind;
using Transaction = Migration::Transaction;

Migration replayed(const std::string& before, const std::string& script,
                   Transaction transaction = Transaction::file) {
  sql::Replayer replayer;
  replayer.run(before, "0.sql");
  Migration out;
  out.file = "1.sql";
  out.transaction = transaction;
  replayer.run(script, out, false);
  return out;
}

std::vector<SchemaAction> actions(const std::string& before, const std::string& script) {
  std::vector<SchemaAction> out;
  for (const auto& step : replayed(before, script).steps)
    out.insert(out.end(), step.actions.begin(), step.actions.end());
  return out;
}

SchemaAction only(const std::string& before, const std::string& script) {
  const auto all = actions(before, script);
  EXPECT_EQ(all.size(), 1u) << script;
  return all.empty() ? SchemaAction{} : all.front();
}

const std::string table = "CREATE TABLE t (id int PRIMARY KEY, a text, b int UNIQUE, c varchar(10));";

TEST(Steps, ATableIsNewThroughRenamesAndOldOtherwise) {
  const auto all = actions(
      table,
      "CREATE TABLE n (x int); ALTER TABLE n RENAME TO m; CREATE INDEX ON m (x); CREATE INDEX ON t (a);"
      "ALTER TABLE t RENAME TO u; CREATE INDEX ON u (b); DROP TABLE u; CREATE TABLE u (b int); CREATE INDEX "
      "ON u (b);");
  std::vector<bool> fresh;
  for (const auto& action : all)
    if (action.kind == Kind::create_index) fresh.push_back(action.on_new_table);
  EXPECT_EQ(fresh, (std::vector<bool>{true, false, false, true}));
}

TEST(Steps, MigrationsThatAreDeployedTogetherMakeNewTablesForEachOther) {
  for (const bool together : {false, true}) {
    sql::Replayer replayer;
    Migration first{.file = "1.sql"};
    Migration second{.file = "2.sql"};
    replayer.run("CREATE TABLE n (x int);", first, false);
    replayer.run("CREATE INDEX ON n (x);", second, together);
    EXPECT_EQ(second.steps.at(0).actions.at(0).on_new_table, together);
  }
}

TEST(Steps, TransactionsAreNumbered) {
  const std::string script =
      "ALTER TABLE t ADD x int; COMMIT; DROP INDEX t_b_key; BEGIN; ALTER TABLE t ADD y int; ALTER TABLE t "
      "ADD z int; COMMIT;";
  const auto numbers = [&](Transaction how) {
    std::vector<int> out;
    for (const auto& step : replayed(table + "CREATE INDEX i ON t (a);", "DROP INDEX i;" + script, how).steps)
      out.push_back(step.transaction);
    return out;
  };
  EXPECT_EQ(numbers(Transaction::file), (std::vector<int>{1, 1, 0, 2, 2}));
  EXPECT_EQ(numbers(Transaction::none), (std::vector<int>{0, 0, 0, 2, 2}));
  EXPECT_EQ(numbers(Transaction::script), (std::vector<int>{1, 1, 2, 2, 2}));
  EXPECT_EQ(replayed(table, "DROP INDEX CONCURRENTLY IF EXISTS i; ", Transaction::script).steps.size(), 0u);
  EXPECT_EQ(
      replayed(table, "CREATE INDEX CONCURRENTLY ON t (a);", Transaction::script).steps.at(0).transaction, 0);
}

// One reader of the statement: a step and the catalog have the same of it. A step used to lack the collation
// of a column and its schema, a foreign key's SET NULL columns, and what is deferrable as a column's
// constraint.
TEST(Steps, HoldWhatTheCatalogGets) {
  const std::string script =
      "CREATE TABLE p (x int, y int, PRIMARY KEY (x, y));"
      "ALTER TABLE t ADD COLUMN d text COLLATE shop.nice NOT NULL DEFAULT 'x';"
      "ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (b * 2) STORED, ADD COLUMN n bigserial;"
      "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (id, b) REFERENCES p ON DELETE SET NULL (b) ON UPDATE "
      "CASCADE DEFERRABLE;"
      "ALTER TABLE t ADD COLUMN r int REFERENCES t (b) DEFERRABLE;"
      "ALTER TABLE t ADD CONSTRAINT ck CHECK (b > 0) NOT VALID;"
      "ALTER TABLE t ADD CONSTRAINT un UNIQUE NULLS NOT DISTINCT (a, c);"
      "ALTER TABLE t ALTER COLUMN c TYPE text COLLATE shop.nice;"
      "CREATE UNIQUE INDEX ix ON t USING btree (lower(a) text_pattern_ops DESC, b) INCLUDE (c) NULLS NOT "
      "DISTINCT WHERE b > 0;";
  sql::Replayer replayer;
  replayer.run(table, "0.sql");
  Migration migration{.file = "1.sql"};
  replayer.run(script, migration, false);
  const Table* t = replayer.catalog().table({"public", "t"});
  ASSERT_TRUE(t);
  int columns = 0, constraints = 0, indexes = 0;
  for (const auto& step : migration.steps)
    for (const auto& action : step.actions) {
      if (action.after) {
        ++columns;
        const Column* column = t->column(action.after->name);
        ASSERT_TRUE(column) << step.text;
        EXPECT_EQ(action.after->type, column->type) << step.text;
        EXPECT_EQ(action.after->collation, column->collation) << step.text;
        EXPECT_EQ(action.after->generated_expression, column->generated_expression) << step.text;
        EXPECT_EQ(action.after->not_null, column->not_null) << step.text;
      }
      if (action.kind == Kind::add_constraint && !action.name.empty()) {
        ++constraints;
        const auto made = std::find_if(t->constraints.begin(), t->constraints.end(),
                                       [&](const Constraint& each) { return each.name == action.name; });
        ASSERT_NE(made, t->constraints.end()) << step.text;
        EXPECT_EQ(ddl::named_constraint(*action.constraint), ddl::named_constraint(*made)) << step.text;
        EXPECT_EQ(action.constraint->validated, made->validated) << step.text;
      }
      if (action.index) {
        ++indexes;
        const Index* index = t->index(action.name);
        ASSERT_TRUE(index) << step.text;
        EXPECT_EQ(ddl::create_index(t->name, *action.index), ddl::create_index(t->name, *index)) << step.text;
      }
      if (action.kind == Kind::add_constraint && action.with_column) {
        EXPECT_TRUE(action.constraint->deferrable) << step.text;
      }
    }
  EXPECT_EQ(columns, 5);
  EXPECT_EQ(constraints, 3);
  EXPECT_EQ(indexes, 1);
  EXPECT_EQ(t->column("c")->collation, "shop.nice");
}

TEST(Steps, DefaultsAreTold) {
  const std::pair<const char*, DefaultKind> cases[] = {
      {"int", DefaultKind::none},
      {"int DEFAULT NULL", DefaultKind::none},
      {"int NOT NULL DEFAULT 1", DefaultKind::fixed},
      {"timestamptz DEFAULT now()", DefaultKind::fixed},
      {"timestamptz DEFAULT CURRENT_TIMESTAMP + interval '1 day'", DefaultKind::fixed},
      {"text DEFAULT lower('A')", DefaultKind::fixed},
      {"timestamptz DEFAULT clock_timestamp()", DefaultKind::changing},
      {"text DEFAULT replace(gen_random_uuid()::text, '-', '')", DefaultKind::changing},
      {"text DEFAULT my_id()", DefaultKind::unknown},
      {"text DEFAULT my_id(random())", DefaultKind::changing},
      {"serial", DefaultKind::changing},
      {"int GENERATED ALWAYS AS IDENTITY", DefaultKind::changing},
      {"int GENERATED ALWAYS AS (b + 1) STORED", DefaultKind::changing},
  };
  for (const auto& [column, kind] : cases)
    EXPECT_EQ(only(table, "ALTER TABLE t ADD n " + std::string(column)).default_kind, kind) << column;
}

TEST(Steps, SetNotNullKnowsAValidatedCheck) {
  const std::string set = "ALTER TABLE t ALTER a SET NOT NULL";
  EXPECT_FALSE(only(table, set).proven_not_null);
  EXPECT_TRUE(only(table + "ALTER TABLE t ADD CHECK (a IS NOT NULL AND a <> '');", set).proven_not_null);
  EXPECT_FALSE(only(table + "ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID;", set).proven_not_null);
  EXPECT_FALSE(only(table + "ALTER TABLE t ADD CHECK (a IS NOT NULL OR b IS NULL);", set).proven_not_null);
  EXPECT_FALSE(
      actions(table + "ALTER TABLE t ADD CONSTRAINT k CHECK (a IS NOT NULL);", set + ", DROP CONSTRAINT k")
          .front()
          .proven_not_null);
  EXPECT_TRUE(actions(table, "ALTER TABLE t ALTER id SET NOT NULL").empty()) << "it is so already";
}

TEST(Steps, ChangesOfTypeKnowTheColumn) {
  const auto plain = only(table, "ALTER TABLE t ALTER c TYPE text");
  EXPECT_EQ(plain.before->type + " " + plain.after->type, "character varying(10) text");
  EXPECT_FALSE(plain.converts || plain.explicit_cast || plain.rechecked || plain.index_rebuilt);
  EXPECT_TRUE(only(table, "ALTER TABLE t ALTER c TYPE text USING trim(c)").converts);
  EXPECT_FALSE(only(table, "ALTER TABLE t ALTER c TYPE text USING c").converts);
  EXPECT_TRUE(only(table, "ALTER TABLE t ALTER c TYPE varchar(5) USING c::varchar(5)").explicit_cast);
  EXPECT_TRUE(only(table, "ALTER TABLE t ALTER b TYPE bigint USING b::text::bigint").converts);
  EXPECT_TRUE(
      only(table + "ALTER TABLE t ADD CHECK (c <> '');", "ALTER TABLE t ALTER c TYPE text").rechecked);
  EXPECT_TRUE(only(table + "CREATE INDEX ON t (lower(c));", "ALTER TABLE t ALTER c TYPE text").index_rebuilt);
  EXPECT_TRUE(only(table, "ALTER TABLE t ALTER b TYPE bigint").indexed);
  EXPECT_TRUE(only(table + "CREATE TYPE e AS ENUM ('a');", "ALTER TABLE t ALTER a TYPE e USING a::e").enums);
}

TEST(Steps, WhatTheSameStatementDropsIsGone) {
  const auto key =
      actions(table, "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD CONSTRAINT t_pkey PRIMARY KEY (id, b)");
  ASSERT_EQ(key.size(), 2u);
  EXPECT_EQ(key[1].kind, Kind::add_constraint);
  const auto column = actions(table, "ALTER TABLE t ADD COLUMN a int NOT NULL, DROP COLUMN a");
  ASSERT_EQ(column.size(), 2u);
  EXPECT_EQ(column[0].kind, Kind::add_column);
  EXPECT_TRUE(actions(table, "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (b)").empty()) << "fails";
}

TEST(Steps, RowsOfAWrite) {
  const std::pair<const char*, Selectivity> cases[] = {
      {"UPDATE t SET a = 'x'", Selectivity::all},
      {"UPDATE t SET a = 'x' WHERE a IS NULL", Selectivity::most},
      {"UPDATE t SET a = o.a FROM t o WHERE o.id = t.b", Selectivity::most},
      {"UPDATE t SET a = 'x' WHERE a <> 'x'", Selectivity::some},
      {"UPDATE t SET a = 'x' WHERE a = 'y'", Selectivity::some},
      {"UPDATE t SET a = 'x' WHERE b < id", Selectivity::some},
      {"UPDATE t SET a = 'x' WHERE NOT EXISTS (SELECT FROM t o WHERE o.id = t.b)", Selectivity::some},
      {"UPDATE t SET a = 'x' WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 10)", Selectivity::some},
      {"UPDATE t SET a = 'x' WHERE id = 1 AND a IS NULL", Selectivity::few},
      {"UPDATE t SET a = 'x' WHERE b IN (1, 2)", Selectivity::few},
      {"DELETE FROM t", Selectivity::all},
      {"DELETE FROM t WHERE id = 3", Selectivity::few},
  };
  for (const auto& [statement, rows] : cases) EXPECT_EQ(only(table, statement).rows, rows) << statement;
}

TEST(Steps, WritesOfALoopAreBatchesPerhaps) {
  EXPECT_TRUE(
      actions(table,
              "DO $$ BEGIN LOOP UPDATE t SET a = ''; EXIT WHEN NOT FOUND; DELETE FROM t; END LOOP; END $$")
          .empty());
  EXPECT_EQ(only(table, "DO $$ BEGIN UPDATE t SET a = ''; END $$").kind, Kind::update);
}

TEST(Steps, AFailureThatIsCaughtIsSwallowedOnlyWhenSomethingElseIsThere) {
  const std::string before =
      "CREATE TYPE e AS ENUM ('a', 'b');" + table + "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0);";
  const auto block = [](const std::string& statement) {
    return "DO $$ BEGIN " + statement + "; EXCEPTION WHEN duplicate_object THEN null; END $$";
  };
  EXPECT_TRUE(actions(before, block("CREATE TYPE e AS ENUM ('a', 'b')")).empty());
  EXPECT_TRUE(actions(before, block("CREATE TYPE f AS ENUM ('a', 'b')")).empty());
  EXPECT_EQ(only(before, block("CREATE TYPE e AS ENUM ('a', 'c')")).suppress_error,
            SchemaAction::Swallow::other_object);
  EXPECT_TRUE(actions(before, block("ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0)")).empty());
  const auto check = only(before, block("ALTER TABLE t ADD CONSTRAINT k CHECK (b > 1)"));
  EXPECT_EQ(check.suppress_error, SchemaAction::Swallow::other_object);
  EXPECT_FALSE(check.truncated);
  EXPECT_EQ(only(before, "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN OTHERS THEN RAISE WARNING 'x'; END $$")
                .suppress_error,
            SchemaAction::Swallow::every_error);
  EXPECT_TRUE(
      actions(before, "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'x'; RAISE; END $$")
          .empty());
  EXPECT_TRUE(actions(before, "DO $$ BEGIN PERFORM 1; EXCEPTION WHEN OTHERS THEN RAISE 'x'; END $$").empty());
}

TEST(Steps, NamesThatTheServerCuts) {
  const std::string stem(60, 'n');
  const std::string before = table + "CREATE TABLE p (id int PRIMARY KEY); ALTER TABLE t ADD CONSTRAINT \"" +
                             stem + "_first\" FOREIGN KEY (b) REFERENCES p (id);";
  const auto action = only(
      before,
      "DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT \"" + stem +
          "_second\" FOREIGN KEY (id) REFERENCES p (id); EXCEPTION WHEN duplicate_object THEN null; END $$");
  EXPECT_EQ(action.kind, Kind::add_constraint) << "not the same after 63 bytes";
  const auto cut = only(
      before,
      "DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT \"" + stem +
          "_fifth\" FOREIGN KEY (id) REFERENCES p (id); EXCEPTION WHEN duplicate_object THEN null; END $$");
  EXPECT_EQ(cut.kind, Kind::suppress_error);
  EXPECT_TRUE(cut.truncated);
}

TEST(Steps, TablesOfOtherFilesAreOldUntilAStatementIsNotUnderstood) {
  EXPECT_FALSE(only("", "CREATE INDEX ON elsewhere (x)").table_known);
  EXPECT_TRUE(actions("", "CREATE TABEL elsewhere (x int); CREATE INDEX ON elsewhere (x)").empty());
}

// Each as the next migration of the table, and of an empty database. The statements behind it are read as
// if it was not there.
TEST(Steps, AMigrationThatFailsOrSaysLittleHidesNothingBehindIt) {
  struct Case {
    std::string script;
    std::size_t actions;
  };
  const Case cases[] = {{"ALTER TABLE t ADD", 0},
                        {"ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX nope", 1},
                        {"DROP TABLE", 0},
                        {"DROP SCHEMA nope CASCADE", 1},
                        {"UPDATE t SET (a, b) = (SELECT 1, 2)", 1},
                        {"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", 0},
                        {"INSERT INTO t DEFAULT VALUES", 0},
                        {"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", 0},
                        {"TRUNCATE nope, t CASCADE", 2},
                        {"CREATE TABLE x AS EXECUTE p", 1},
                        {"ALTER TABLE t ADD CHECK (true)", 1},
                        {"ALTER INDEX t_pkey RENAME TO p", 0},
                        {"ALTER VIEW v RENAME TO w", 0},
                        {"ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b", 0},
                        {"VACUUM FULL", 1},
                        {"CLUSTER", 1},
                        {"REINDEX DATABASE d", 1},
                        {"DO $$ BEGIN", 0},
                        {"DO 'x' LANGUAGE plpython3u", 0},
                        {"ALTER TABLE IF EXISTS nope DROP COLUMN x", 0},
                        {"MERGE INTO t USING t s ON true WHEN MATCHED THEN DELETE", 0},
                        {"ALTER TABLE t ALTER a TYPE int USING (SELECT 1), ALTER id SET NOT NULL", 1},
                        {"CREATE UNIQUE INDEX ON t ((a || 'x'))", 1},
                        {"DROP TYPE nope CASCADE", 0},
                        {"DELETE FROM t WHERE CURRENT OF c", 1},
                        {"", 0}};
  const auto count = [](const Migration& migration) {
    std::size_t out = 0;
    for (const auto& step : migration.steps) out += step.actions.size();
    return out;
  };
  for (const auto& [script, expected] : cases) {
    sql::Replayer replayer;
    replayer.run(table, "0.sql");
    Migration hostile, next;
    replayer.run(script, hostile, false);
    EXPECT_EQ(count(hostile), expected) << script;
    replayer.run("ALTER TABLE t ADD COLUMN after int; CREATE INDEX ON t (after);", next, false);
    EXPECT_EQ(count(next), 2u) << script;
    EXPECT_NE(replayer.take().table({"public", "t"})->column("after"), nullptr) << script;
    sql::Replayer empty;
    Migration first;
    empty.run(script, first, false);
    empty.run("CREATE TABLE fresh (x int);", "2.sql");
    EXPECT_NE(empty.take().table({"public", "fresh"}), nullptr) << script;
  }
}

TEST(Steps, AColumnAddedIfNotExistsMayHoldValues) {
  const auto on_nulls = [](const std::string& script) {
    const auto all = actions(table, script);
    EXPECT_EQ(all.size(), 2u) << script;
    return all.empty() || all.back().kind != Kind::add_constraint
               ? -1
               : all.back().on_new_columns * 2 + all.back().on_null_columns;
  };
  const std::string key = "ADD CONSTRAINT k FOREIGN KEY (x) REFERENCES t (id);";
  EXPECT_EQ(on_nulls("ALTER TABLE t ADD COLUMN x int; ALTER TABLE t " + key), 3);
  EXPECT_EQ(on_nulls("ALTER TABLE t ADD COLUMN x int, " + key), 3) << "of one statement";
  EXPECT_EQ(on_nulls("ALTER TABLE t ADD COLUMN IF NOT EXISTS x int; ALTER TABLE t " + key), 2);
  EXPECT_EQ(on_nulls("ALTER TABLE t ADD COLUMN x int DEFAULT 1, " + key), 2);
}

TEST(Steps, AColumnMayBeFilledByAnyStatementThatIsNotUnderstood) {
  const std::string before = table +
                             "CREATE TABLE p (id int PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t; "
                             "CREATE TABLE child () INHERITS (t);";
  const auto all_null = [&](const std::string& between) {
    const auto all =
        actions(before, "ALTER TABLE t ADD z int; " + between + "; ALTER TABLE t ALTER z SET NOT NULL");
    EXPECT_EQ(all.back().kind, Kind::set_not_null) << between;
    return all.back().on_null_columns;
  };
  for (const char* unrelated :
       {"CREATE INDEX ON t (a)", "UPDATE p SET id = abs(id)", "SELECT count(*), now() FROM t",
        "INSERT INTO t (id) VALUES (1) ON CONFLICT DO NOTHING", "SET lock_timeout = '1s'",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'q') THEN CREATE TABLE q (id "
        "int); "
        "END IF; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ UPDATE t SET z = 1 RETURNING 1 $$",
        "WITH x AS (DELETE FROM t WHERE id = 1 RETURNING 1) SELECT count(*) FROM x"}) {
    EXPECT_TRUE(all_null(unrelated)) << unrelated;
  }
  for (const char* perhaps :
       {"UPDATE t SET z = 1",
        "UPDATE v SET z = 1",
        "UPDATE child SET z = 1",
        "UPDATE elsewhere SET z = 1",
        "MERGE INTO t USING p ON t.id = p.id WHEN MATCHED THEN UPDATE SET z = 1",
        "WITH x AS (UPDATE t SET z = 1 RETURNING 1) SELECT count(*) FROM x",
        "WITH x AS (UPDATE t SET z = 1 RETURNING id) DELETE FROM p USING x WHERE x.id = p.id",
        "INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET z = 1",
        "CALL fill()",
        "SELECT fill()",
        "SELECT x.* FROM fill(1) x",
        "EXECUTE fill",
        "ALTER TABLE t ALTER z TYPE int USING b",
        "ALTER TABLE t ALTER z TYPE int USING b, ALTER b SET DEFAULT 1",
        "this is no statement",
        "DO $$ BEGIN EXECUTE format('UPDATE %I SET z = 1', 't'); END $$",
        "DO $$ BEGIN PERFORM fill(); END $$",
        "DO $$ BEGIN LOOP UPDATE t SET z = 1; EXIT WHEN NOT FOUND; END LOOP; END $$",
        "DO $$ BEGIN MERGE INTO t USING p ON t.id = p.id WHEN MATCHED THEN UPDATE SET z = 1; END $$",
        "DO 'x' LANGUAGE plpython3u"}) {
    EXPECT_FALSE(all_null(perhaps)) << perhaps;
  }
}

TEST(Steps, ARenamedColumnKeepsWhatIsKnownOfItsValues) {
  const auto last = [](const std::string& script) { return actions(table, script).back(); };
  EXPECT_TRUE(last("ALTER TABLE t ADD z int; ALTER TABLE t RENAME z TO y; ALTER TABLE t ALTER y SET NOT NULL")
                  .on_null_columns);
  EXPECT_FALSE(last("ALTER TABLE t ADD z int; ALTER TABLE t RENAME z TO y; ALTER TABLE t RENAME b TO z; "
                    "ALTER TABLE t ALTER z SET NOT NULL")
                   .on_null_columns);
}

TEST(Steps, AStatementThatPerhapsDoesNotRunIsRecorded) {
  EXPECT_EQ(only(table, "DO $$ BEGIN IF current_setting('x') = 'y' THEN DROP TABLE t; END IF; END $$").kind,
            Kind::drop_table);
}

TEST(Steps, StatementsOfWholeSchemasAndDatabases) {
  EXPECT_EQ(only(table, "DROP DATABASE IF EXISTS shop").kind, Kind::drop_database);
  EXPECT_EQ(only(table, "REINDEX SCHEMA public").detail, "SCHEMA public");
  EXPECT_EQ(only(table, "REINDEX DATABASE shop").detail, "DATABASE shop");
  EXPECT_TRUE(only(table, "REINDEX (CONCURRENTLY) DATABASE shop").concurrently);
  EXPECT_FALSE(only(table, "REINDEX (CONCURRENTLY FALSE) DATABASE shop").concurrently);
  EXPECT_EQ(only(table, "VACUUM FULL").detail, "VACUUM FULL");
  EXPECT_TRUE(only(table, "CLUSTER").table.name.empty());
  EXPECT_EQ(only(table, "VACUUM (FULL 1, VERBOSE) t").kind, Kind::rewrite_table);
  for (const char* plain : {"VACUUM (FULL FALSE) t", "VACUUM (FULL off) t", "VACUUM (FULL 0)", "VACUUM t"}) {
    EXPECT_TRUE(actions(table, plain).empty()) << plain;
  }
  const auto renamed = only(table, "ALTER SCHEMA public RENAME TO other");
  EXPECT_EQ(renamed.kind, Kind::rename_schema);
  EXPECT_EQ(renamed.name + " " + renamed.detail, "public other");
  EXPECT_FALSE(renamed.on_new_table);
  EXPECT_TRUE(only(table + "CREATE SCHEMA s;", "ALTER SCHEMA s RENAME TO t").on_new_table)
      << "without an old table";
}

TEST(Steps, ViewsPartitionsAndDomains) {
  const std::string parent = "CREATE TABLE p (at date) PARTITION BY RANGE (at); CREATE TABLE c (at date);";
  const std::string attach =
      "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')";
  EXPECT_FALSE(only(parent, attach).proven_in_bound);
  EXPECT_EQ(only(parent, attach).table.name, "c");
  EXPECT_TRUE(only(parent + "ALTER TABLE c ADD CHECK (at >= '2026-01-01' AND at < '2027-01-01');", attach)
                  .proven_in_bound);
  EXPECT_FALSE(
      only(parent + "ALTER TABLE c ADD CHECK (at >= '2026-01-01') NOT VALID;", attach).proven_in_bound);
  const std::string attached = parent + attach + ";";
  EXPECT_FALSE(only(attached, "ALTER TABLE p DETACH PARTITION c").concurrently);
  EXPECT_TRUE(only(attached, "ALTER TABLE p DETACH PARTITION c CONCURRENTLY").concurrently);
  const std::string view = table + "CREATE MATERIALIZED VIEW v AS SELECT a FROM t;";
  EXPECT_EQ(only(view, "REFRESH MATERIALIZED VIEW v").kind, Kind::refresh_view);
  EXPECT_TRUE(actions(view, "REFRESH MATERIALIZED VIEW v WITH NO DATA").empty());
  const std::string domain = "CREATE DOMAIN d AS text; CREATE TABLE u (x d, y text, z d);";
  EXPECT_EQ(only(domain, "ALTER DOMAIN d ADD CHECK (VALUE <> '')").columns,
            (std::vector<std::string>{"x", "z"}));
  EXPECT_TRUE(actions(domain, "ALTER DOMAIN d ADD CHECK (VALUE <> '') NOT VALID").empty());
  EXPECT_TRUE(actions(domain, "ALTER DOMAIN d SET DEFAULT ''").empty());
}

TEST(Steps, ARenamedValueOfAnEnumInUse) {
  const std::string type = "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE m (x mood[]);";
  const auto action = only(type, "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'");
  EXPECT_EQ(action.kind, Kind::rename_value);
  EXPECT_EQ(action.columns.at(0) + " " + action.detail, "glad happy");
  EXPECT_TRUE(actions(type, "ALTER TYPE mood ADD VALUE 'calm'").empty());
}

TEST(Steps, AConstraintThatExistsIsNotAdded) {
  const std::string before = "CREATE TABLE k (id int PRIMARY KEY, a int, CONSTRAINT k_a UNIQUE (a));";
  EXPECT_TRUE(actions(before, "ALTER TABLE k ADD CONSTRAINT k_a UNIQUE (a)").empty());
  EXPECT_TRUE(
      actions(before + "CREATE INDEX other ON k (a);", "ALTER TABLE k ADD CONSTRAINT other UNIQUE (a)")
          .empty())
      << "an index has the name";
  EXPECT_TRUE(actions(before, "ALTER TABLE k ADD PRIMARY KEY (a)").empty()) << "there is one";
  EXPECT_EQ(actions(before, "ALTER TABLE k DROP CONSTRAINT k_pkey, ADD PRIMARY KEY (a)").size(), 2u);
}

TEST(Steps, AValidatedCheckOfAnUnknownTableProvesNotNull) {
  const std::string check = "ALTER TABLE x ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;";
  const auto last = [](const std::string& script) { return actions("", script).back(); };
  EXPECT_TRUE(last(check + "ALTER TABLE x VALIDATE CONSTRAINT c; ALTER TABLE x ALTER a SET NOT NULL")
                  .proven_not_null);
  EXPECT_FALSE(last(check + "ALTER TABLE x ALTER a SET NOT NULL").proven_not_null);
  EXPECT_FALSE(last(check + "ALTER TABLE x VALIDATE CONSTRAINT c; ALTER TABLE x ALTER b SET NOT NULL")
                   .proven_not_null);
  EXPECT_FALSE(
      last(check +
           "ALTER TABLE x VALIDATE CONSTRAINT c; ALTER TABLE x DROP CONSTRAINT c; ALTER TABLE x ALTER a "
           "SET NOT NULL")
          .proven_not_null);
}

TEST(Steps, NamesThatAreCutAreReadInEightDollarQuotesAndNoDeeper) {
  const std::string name(70, 'n');
  const auto nested = [&](int depth) {
    std::string begin, end;
    for (int i = 0; i < depth; ++i) {
      const std::string quote = "$a" + std::to_string(i) + "$";
      begin += " " + quote;
      end = quote + " " + end;
    }
    return "DO" + begin + " DROP TABLE " + name + end;
  };
  EXPECT_EQ(sql::cut_names(nested(8)), std::set<std::string>{name.substr(0, 63)});
  EXPECT_EQ(sql::cut_names(nested(9)), std::set<std::string>{});
}

}  // namespace
}  // namespace pgadvise
