#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sql/definitions/catalog_condition.h"
#include "sql/definitions/do_block.h"
#include "sql/replay/replay.h"

namespace pgadvise::sql {
namespace {

TEST(Replay, ConditionsAreCombinedAndTheServersOwnObjectsAreNotMissing) {
  const std::string tables =
      "CREATE TABLE t (a int); CREATE VIEW v AS SELECT 1 AS x; CREATE INDEX i ON t (a); CREATE TYPE e AS "
      "ENUM "
      "('a'); CREATE MATERIALIZED VIEW mv AS SELECT 1 AS x;";
  const auto exists = [](const std::string& question) { return "EXISTS (SELECT 1 FROM " + question + ")"; };
  const std::string t = exists("pg_tables WHERE tablename = 't'"),
                    none = exists("pg_tables WHERE tablename = 'n'");
  const std::string unknown = "current_setting('x') = 'y'";
  // "1": holds, "0": does not, "?": not evaluated.
  const std::vector<std::pair<std::string, std::string>> cases = {
      {t + " AND " + none, "0"},
      {t + " AND NOT " + none, "1"},
      {none + " OR (" + t + ")", "1"},
      {none + " OR " + none, "0"},
      {none + " AND " + unknown, "0"},
      {t + " OR " + unknown, "1"},
      {t + " AND " + unknown, "?"},
      {"NOT (NOT " + t + ")", "1"},
      {"(SELECT NOT " + t + ")", "0"},
      {"true", "1"},
      {"(SELECT to_regclass('t') IS NOT NULL)", "1"},
      {"NOT to_regclass('t') IS NULL", "1"},
      {"(SELECT count(*) FROM pg_tables WHERE tablename = 't') = 0", "0"},
      {"(SELECT count(*) FROM pg_tables WHERE tablename = 't') > 0", "1"},
      {"(SELECT count(*) FROM pg_tables WHERE tablename = 't') > 5", "?"},
      {"(SELECT count(*) FROM t) = 0", "?"},
      {exists("pg_tables WHERE tablename = 'v'"), "0"},
      {exists("pg_views WHERE viewname = 't'"), "0"},
      {exists("pg_views WHERE viewname = 'v'"), "1"},
      {exists("pg_matviews WHERE matviewname = 'mv'"), "1"},
      {exists("information_schema.tables WHERE table_name = 'v'"), "1"},
      {exists("information_schema.tables WHERE table_name = 'v' AND table_type = 'BASE TABLE'"), "0"},
      {exists("information_schema.tables WHERE table_name = 'pg_class'"), "?"},
      {exists("pg_class WHERE relname = 'i'"), "1"},
      {exists("pg_class WHERE relname = 'none'"), "0"},
      {exists("pg_type WHERE typname = 'e'"), "1"},
      {exists("pg_type WHERE typname = 'domain'"), "?"},
      {exists("pg_tables WHERE tablename = 't' LIMIT 0"), "?"},
      {exists("pg_tables WHERE tablename = 't' LIMIT 1"), "1"},
      {exists("pg_tables WHERE tablename = 't' OFFSET 1"), "?"},
      {exists("pg_tables WHERE tablename = 't' HAVING count(*) > 1"), "?"},
      {exists("pg_tables WHERE tablename LIKE 'n%'"), "?"},
      {"EXISTS (SELECT count(*) FROM pg_tables WHERE tablename = 'n')", "?"},
      {exists("pg_extension WHERE extname = 'plpgsql'"), "1"},
      {exists("pg_extension WHERE extname = 'hstore'"), "?"},
      {exists("pg_namespace WHERE nspname = 'pg_catalog'"), "1"},
      {exists("pg_namespace WHERE nspname = 'other'"), "0"},
      {"to_regclass('pg_class') IS NULL", "?"},
      {"to_regclass('pg_catalog.pg_class') IS NULL", "?"},
      {"version() LIKE '%x%'", "?"},
      {std::string(100, '(') + t + std::string(100, ')'), "?"},
      {"", "?"},
      {"EXISTS (", "?"},
  };
  Replayer replayer;
  replayer.run(tables, "m.sql");
  for (const auto& [condition, expected] : cases) {
    const auto held = holds(condition, replayer.catalog());
    EXPECT_EQ(held ? *held ? "1" : "0" : "?", expected) << condition;
  }
}

// The foreign key's index decides about a finding.
TEST(Replay, WhatPerhapsDoesNotRunIsNoFact) {
  const std::string tables =
      "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE u (p_id int REFERENCES p, b int);\n";
  const std::string remark =
      "a DO block changes the schema in line 2 under a condition or in a loop that "
      "pgadvise does not evaluate";
  const auto replay = [&](const std::string& block, bool remarked = true) {
    Replayer replayer;
    replayer.run(tables + "DO $$ BEGIN " + block + " END $$;", "m.sql");
    EXPECT_EQ(replayer.diagnostics().size(), remarked) << block;
    if (!replayer.diagnostics().empty()) {
      EXPECT_EQ(replayer.diagnostics()[0].what, remark) << block;
    }
    EXPECT_EQ(replayer.counts().uncertain.count({"public", "u"}), 1u) << block;
    return replayer.take();
  };
  const auto unchanged = [&](const std::string& block) {
    const Catalog catalog = replay(block);
    const Table* u = catalog.table({"public", "u"});
    return u && u->indexes.empty() && u->columns.size() == 2;
  };
  const std::string off = "current_setting('is_superuser') = 'off'";
  EXPECT_TRUE(unchanged("IF version() LIKE '%x%' THEN CREATE INDEX ui ON u (p_id); END IF;"));
  EXPECT_TRUE(unchanged("IF " + off + " THEN DROP TABLE u; END IF;"));
  EXPECT_TRUE(unchanged("IF " + off + " THEN DROP TABLE u; ELSE CREATE INDEX ON u (p_id); END IF;"));
  EXPECT_TRUE(
      unchanged("IF (SELECT count(*) FROM pg_tables WHERE tablename = 'u') > 5 THEN DROP TABLE u; END IF;"));
  EXPECT_TRUE(
      unchanged("PERFORM 1 FROM pg_tables WHERE tablename = 'u'; IF NOT FOUND THEN DROP TABLE u; END IF;"));
  EXPECT_TRUE(unchanged("CASE WHEN " + off + " THEN DROP TABLE u; ELSE CREATE INDEX ON u (p_id); END CASE;"));
  EXPECT_TRUE(unchanged("CASE 1 WHEN 2 THEN DROP TABLE u; WHEN 3 THEN CREATE INDEX ON u (p_id); END CASE;"));
  EXPECT_TRUE(unchanged("LOOP EXIT WHEN true; DROP TABLE u; END LOOP;"));
  EXPECT_TRUE(unchanged("FOR r IN SELECT 1 LOOP DROP TABLE u; END LOOP;"));
  EXPECT_TRUE(unchanged("IF " + off + " THEN RETURN; END IF; DROP TABLE u;"));
  EXPECT_TRUE(unchanged("IF " + off + " THEN IF true THEN RETURN; END IF; END IF; DROP TABLE u;"));
  EXPECT_TRUE(unchanged("BEGIN DROP TABLE nope; EXCEPTION WHEN undefined_table THEN DROP TABLE u; END;"));
  const auto columns = [&](const std::string& block, bool remarked) {
    std::string out;
    const Catalog catalog = replay(block, remarked);
    for (const Column& column : catalog.table({"public", "u"})->columns) out += column.name + " ";
    return out;
  };
  EXPECT_EQ(
      columns("IF " + off + " THEN ALTER TABLE u ADD x int; ELSE ALTER TABLE u ADD y int; END IF;", true),
      "p_id b x ")
      << "of two branches one";
  EXPECT_EQ(columns("IF NOT EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE "
                    "c.relname = 'u' AND a.attname = 'x') THEN ALTER TABLE u ADD x int; END IF;",
                    false),
            "p_id b x ")
      << "a guard needs no remark";
  EXPECT_EQ(columns("IF EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE "
                    "c.relname = 'u' AND a.attname = 'b') THEN ALTER TABLE u DROP b; END IF;",
                    false),
            "p_id b ");
}

TEST(Replay, AHandlerThatReturnsEndsTheBlock) {
  Replayer replayer;
  replayer.run(
      "CREATE TABLE u (a int); DO $$ BEGIN BEGIN DROP TABLE nope; EXCEPTION WHEN undefined_table THEN "
      "RETURN; END; DROP TABLE u; END $$;",
      "m.sql");
  EXPECT_NE(replayer.catalog().table({"public", "u"}), nullptr);
}

TEST(Blocks, TakeLinearMemory) {
  constexpr std::size_t count = 10000;
  std::string ends, nested, branches = "IF a THEN NULL; ";
  for (std::size_t i = 0; i < count; ++i) {
    ends += "IF to_regclass('t') IS NULL THEN RETURN; END IF; ALTER TABLE x ADD c int; ";
    nested += "IF a THEN DROP TABLE x; ";
    branches += "ELSIF a THEN DROP TABLE x; ";
  }
  const std::string after_ends = "BEGIN " + ends + "END", deep = "BEGIN " + nested,
                    wide = "BEGIN " + branches;
  const Block of_ends = read_block(after_ends);
  EXPECT_EQ(of_ends.statements.size(), count);
  EXPECT_EQ(of_ends.ends.size(), count);
  EXPECT_TRUE(of_ends.understood);
  for (const std::string& body : {deep, wide}) {
    const Block block = read_block(body);
    EXPECT_FALSE(block.understood);
    EXPECT_LE(block.statements.size(), 64u);
  }
  std::size_t conditions = 0;
  for (const auto& statement : of_ends.statements) conditions += statement.conditions.size();
  EXPECT_EQ(conditions, 0u);
}

}  // namespace
}  // namespace pgadvise::sql
