#include "sql/replay/replay.h"

#include <set>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

std::string shown(const Column& column) {
  std::string out = column.name + " " + column.type;
  if (column.not_null) out += "!";
  if (column.identity != Column::Identity::none)
    out += column.identity == Column::Identity::always ? " always" : " by default";
  if (column.default_expression) out += "=" + *column.default_expression;
  if (column.generated_expression) out += ":=" + *column.generated_expression;
  if (!column.collation.empty()) out += " collate " + column.collation;
  return out;
}

std::string shown(const Constraint& key) {
  static constexpr const char* kinds[] = {"pk", "unique", "fk", "check", "exclude"};
  std::string out = key.name + " " + kinds[static_cast<int>(key.kind)] + "(" + join(key.columns, ",") + ")";
  if (key.kind == Constraint::Kind::foreign_key)
    out += "->" + display(key.referenced_table) + "(" + join(key.referenced_columns, ",") + ")";
  if (key.on_delete != "NO ACTION") out += " on delete " + key.on_delete;
  if (!key.expression.empty()) out += " " + key.expression;
  if (!key.validated) out += " not valid";
  if (key.match_full) out += " match full";
  if (key.deferrable) out += " deferrable";
  if (key.initially_deferred) out += " initially deferred";
  if (key.inherited) out += " inherited";
  return out;
}

std::string shown(const Index& index) {
  std::vector<std::string> keys;
  for (const IndexKey& key : index.keys)
    keys.push_back(
        (key.column.empty() ? "[" + key.expression + "]" : key.column) +
        (key.operator_class.empty() ? "" : " " + key.operator_class) +
        (key.collation.empty() ? "" : " collate " + key.collation) + (key.descending ? " desc" : "") +
        (key.nulls_first != key.descending ? (key.nulls_first ? " nulls first" : " nulls last") : ""));
  std::string out = index.name + (index.unique ? " unique" : "") +
                    (index.method == "btree" ? "" : " " + index.method) + "(" + join(keys, ",") + ")";
  if (!index.include.empty()) out += " include(" + join(index.include, ",") + ")";
  if (index.predicate) out += " where " + *index.predicate;
  if (!index.valid) out += " invalid";
  return out;
}

// "t: id integer!, a text; t_pkey pk(id); idx(a)" for each table, without the indexes of constraints.
std::string shown(const Table& table) {
  std::string out = display(table.name);
  if (table.partition_of) out += " of " + display(*table.partition_of) + " " + table.partition_bound;
  if (!table.partition_key.empty()) out += " by " + table.partition_key;
  out += ":";
  for (const Column& column : table.columns)
    out += (&column == &table.columns[0] ? " " : ", ") + shown(column);
  for (const Constraint& constraint : table.constraints) out += "; " + shown(constraint);
  for (const Index& index : table.indexes)
    if (!index.constraint) out += "; " + shown(index);
  return out;
}

std::string catalog_of(const Replayer& replayer) {
  std::string out;
  for (const auto& [name, table] : replayer.catalog().tables) out += shown(table) + "\n";
  for (const auto& [name, type] : replayer.catalog().enums)
    out += display(name) + " = " + join(type.labels, "|") + "\n";
  for (const auto& [name, sequence] : replayer.catalog().sequences)
    out +=
        display(name) + " " + sequence.type +
        (sequence.owner_table ? " of " + display(*sequence.owner_table) + "." + sequence.owner_column : "") +
        "\n";
  return out;
}

std::string problems_of(const Replayer& replayer) {
  std::string out;
  for (const Error& error : replayer.diagnostics()) out += error.line() + "\n";
  return out;
}

std::string replay(std::string_view script) {
  Replayer replayer;
  replayer.run(script, "m.sql");
  return catalog_of(replayer) + problems_of(replayer);
}

struct Case {
  const char* script;
  const char* expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(replay(c.script), c.expected) << c.script;
}

TEST(Replay, SpellsTypesAsTheServer) {
  check({
      {"CREATE TABLE t (a varchar(10), b int4[], c timestamptz(3), d numeric(10), e char, f interval day to "
       "second(3), g \"char\", h bool, "
       "i float8, j bit, k varbit(3), l bpchar, m time, n decimal(4,1)[][], o double precision, p "
       "pg_catalog.int8, q citext, r vector(3))",
       "t: a character varying(10), b integer[], c timestamp(3) with time zone, d numeric(10,0), e "
       "character(1), "
       "f interval day to second(3), g \"char\", h boolean, i double precision, j bit(1), k bit varying(3), "
       "l bpchar, "
       "m time without time zone, n numeric(4,1)[], o double precision, p bigint, q citext, r vector(3)\n"},
      {"CREATE SCHEMA s; CREATE TYPE s.\"Kind\" AS ENUM ('a'); CREATE TYPE mood AS ENUM (); SET search_path "
       "= s, public; "
       "CREATE TABLE public.t (a \"Kind\", b mood[], c public.mood)",
       "t: a s.\"Kind\", b mood[], c mood\nmood = \ns.Kind = a\n"},
      {"CREATE TYPE a AS ENUM ('x'); CREATE TABLE t (c a, d a[]); ALTER TYPE a RENAME TO \"B\"",
       "t: c \"B\", d \"B\"[]\nB = x\n"},
  });
}

TEST(Replay, InventsNamesAsTheServer) {
  check({
      {"CREATE TABLE t (id int PRIMARY KEY UNIQUE, a int UNIQUE REFERENCES t, b int CHECK (b > 0), CHECK (a "
       "> b), UNIQUE (a, b), "
       "FOREIGN KEY (a) REFERENCES t (id) ON DELETE CASCADE)",
       "t: id integer!, a integer, b integer; t_b_check check(b) b > 0; t_check check(a,b) a > b; t_pkey "
       "pk(id); "
       "t_a_key unique(a); t_a_b_key unique(a,b); t_a_fkey fk(a)->t(id); t_a_fkey1 fk(a)->t(id) on delete "
       "CASCADE\n"},
      {"CREATE TABLE t (a text, b text); CREATE INDEX ON t (lower(a)); CREATE INDEX ON t (a, (b || a)) "
       "INCLUDE (b); "
       "CREATE INDEX ON t (lower(a), lower(b)); CREATE INDEX ON t (a); CREATE INDEX ON t (a)",
       "t: a text, b text; t_lower_idx([lower(a)]); t_a_expr_b_idx(a,[b || a]) include(b); "
       "t_lower_lower1_idx([lower(a)],[lower(b)]); t_a_idx(a); t_a_idx1(a)\n"},
      {"CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
       "(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int UNIQUE)",
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: "
       "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb integer; "
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbb_key "
       "unique(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)\n"},
      {"CREATE TABLE t (id serial, \"B\" bigserial); CREATE TABLE u (id int GENERATED ALWAYS AS IDENTITY, "
       "b bigint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME s))",
       "t: id integer!=nextval('t_id_seq'::regclass), B bigint!=nextval('\"t_B_seq\"'::regclass)\n"
       "u: id integer! always, b bigint! by default\ns bigint of u.b\nt_B_seq bigint of t.B\nt_id_seq "
       "integer of t.id\n"
       "u_id_seq integer of u.id\n"},
  });
}

TEST(Replay, AltersColumns) {
  check({
      {"CREATE TABLE t (a int DEFAULT 1, b text DEFAULT NULL); ALTER TABLE t ADD COLUMN c uuid NOT NULL "
       "DEFAULT gen_random_uuid(), "
       "ALTER a DROP DEFAULT, ALTER a SET NOT NULL, ALTER b TYPE varchar(3) COLLATE \"C\", ALTER b SET "
       "DEFAULT 'x'",
       "t: a integer!, b character varying(3)='x' collate C, c uuid!=gen_random_uuid()\n"},
      {"CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a + 1) STORED); ALTER TABLE t RENAME a TO "
       "\"select\"; "
       "ALTER TABLE t ALTER g DROP EXPRESSION",
       "t: select integer, g integer\n"},
      {"CREATE TABLE t (a int, b int CHECK (b > a)); CREATE INDEX i ON t ((a + 1)) WHERE a IS NOT NULL; "
       "ALTER TABLE t RENAME a TO z",
       "t: z integer, b integer; t_check check(b,z) b > z; i([z + 1]) where z IS NOT NULL\n"},
      {"CREATE TABLE t (a int, b int, c int, UNIQUE (a, b), CHECK (c > 0)); CREATE INDEX i ON t (b) WHERE c "
       "> 0; "
       "CREATE INDEX j ON t (b); ALTER TABLE t DROP COLUMN a, DROP COLUMN c",
       "t: b integer; j(b)\n"},
      {"CREATE TABLE t (id int); ALTER TABLE t ADD GENERATED; ALTER TABLE t ALTER id ADD GENERATED ALWAYS AS "
       "IDENTITY; "
       "ALTER TABLE t ALTER id SET GENERATED BY DEFAULT",
       "t: id integer! by default\nt_id_seq integer of t.id\nm.sql:1:53: syntax error at end of input\n"},
      {"CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES t (a), ADD COLUMN "
       "b int",
       "t: a integer, b integer; k fk(b)->t(a)\n"},
  });
}

TEST(Replay, AltersConstraints) {
  check({
      {"CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int); ALTER TABLE c ADD CONSTRAINT k FOREIGN "
       "KEY (p) REFERENCES p "
       "ON DELETE SET NULL DEFERRABLE NOT VALID; ALTER TABLE c RENAME CONSTRAINT k TO l",
       "c: p integer; l fk(p)->p(id) on delete SET NULL not valid deferrable\np: id integer!; p_pkey "
       "pk(id)\n"},
      {"CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (a int REFERENCES p MATCH FULL INITIALLY "
       "DEFERRED, "
       "b int REFERENCES p DEFERRABLE INITIALLY DEFERRED, d int, FOREIGN KEY (d) REFERENCES p INITIALLY "
       "DEFERRED); ALTER TABLE c ALTER CONSTRAINT c_b_fkey DEFERRABLE INITIALLY IMMEDIATE",
       "c: a integer, b integer, d integer; c_a_fkey fk(a)->p(id) match full deferrable initially deferred; "
       "c_b_fkey fk(b)->p(id) deferrable; c_d_fkey fk(d)->p(id) deferrable initially deferred\np: id "
       "integer!; "
       "p_pkey pk(id)\n"},
      {"CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT "
       "t_a_check",
       "t: a integer; t_a_check check(a) a > 0\n"},
      {"CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY "
       "USING INDEX i",
       "t: a integer!; k pk(a)\n"},
      {"CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); ALTER TABLE p DROP "
       "CONSTRAINT p_pkey; "
       "ALTER TABLE p DROP CONSTRAINT p_pkey CASCADE",
       "c: p integer\np: id integer!\nm.sql:1:75: constraint p_pkey can't be dropped: constraint c_p_fkey on "
       "table c depends on it\n"},
      {"CREATE TABLE r (a int, d daterange, EXCLUDE USING gist (a WITH =, d WITH &&) WHERE (a > 0))",
       "r: a integer, d daterange; r_a_d_excl exclude(a,d) USING gist (a WITH =, d WITH &&) WHERE (a > 0)\n"},
      {"CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES billing.users (id)",
       "t: a integer; k fk(a)->billing.users(id)\n"
       "m.sql:1:25: foreign key k references billing.users, which these files don't create\n"},
  });
}

TEST(Replay, ReadsIndexes) {
  check({
      {"CREATE TABLE t (a int, b text); CREATE UNIQUE INDEX i ON t USING btree (a DESC, b text_pattern_ops "
       "ASC NULLS FIRST) INCLUDE (a); "
       "CREATE INDEX g ON t USING gin (b gin_trgm_ops); CREATE INDEX c ON t (b COLLATE \"C\") WHERE a IS NOT "
       "NULL",
       "t: a integer, b text; i unique(a desc,b text_pattern_ops nulls first) include(a); g gin(b "
       "gin_trgm_ops); "
       "c(b collate C) where a IS NOT NULL\n"},
      {"CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE INDEX IF NOT EXISTS i ON t (a); CREATE INDEX "
       "i ON t (a); "
       "ALTER INDEX i RENAME TO j; DROP INDEX CONCURRENTLY j; DROP INDEX IF EXISTS j",
       "t: a integer\nm.sql:1:89: relation \"i\" already exists\n"},
  });
  Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a) WHERE a IS NOT NULL AND b IS NOT NULL;",
      "m.sql");
  EXPECT_EQ(replayer.catalog().table({"public", "t"})->indexes[0].predicate_not_null,
            (std::vector<std::string>{"a", "b"}));
}

TEST(Replay, PartitionsTakeFromTheirParent) {
  check({
      {"CREATE TABLE p (id int PRIMARY KEY, a int REFERENCES p) PARTITION BY RANGE (id); CREATE INDEX i ON p "
       "(a); "
       "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10); CREATE TABLE p2 (id int NOT NULL, a "
       "int); CREATE INDEX own ON p2 (a); "
       "ALTER TABLE p ATTACH PARTITION p2 DEFAULT",
       "p by RANGE (id): id integer!, a integer; p_pkey pk(id); p_a_fkey fk(a)->p(id); i(a)\n"
       "p1 of p FOR VALUES FROM (1) TO (10): id integer!, a integer; p1_pkey pk(id) inherited; "
       "p_a_fkey fk(a)->p(id) inherited; p1_a_idx(a)\n"
       "p2 of p DEFAULT: id integer!, a integer; p2_pkey pk(id) inherited; p_a_fkey fk(a)->p(id) inherited; "
       "own(a)\n"},
      {"CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2); "
       "CREATE INDEX i ON ONLY p (a); CREATE INDEX j ON p1 (a);",
       "p by LIST (a): a integer; i(a) invalid\np1 of p FOR VALUES IN (1, 2): a integer; j(a)\n"},
      {"CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1, 2); "
       "CREATE INDEX i ON ONLY p (a); CREATE INDEX j ON p1 (a); ALTER INDEX i ATTACH PARTITION j; ALTER "
       "TABLE p ADD b text; "
       "ALTER TABLE p DETACH PARTITION p1; DROP INDEX i",
       "p by LIST (a): a integer, b text\np1: a integer, b text; j(a)\n"},
      {"CREATE TABLE p (a int) PARTITION BY HASH (a); CREATE TABLE q PARTITION OF p FOR VALUES WITH (modulus "
       "2, remainder 0) "
       "PARTITION BY LIST (a); CREATE TABLE r PARTITION OF q DEFAULT; CREATE INDEX i ON p (a); DROP TABLE p",
       ""},
  });
}

TEST(Replay, InheritsAndLike) {
  check({
      {"CREATE TABLE p (a int NOT NULL CHECK (a > 0)); CREATE TABLE c (b int) INHERITS (p); ALTER TABLE p "
       "ADD x int; "
       "ALTER TABLE p DROP COLUMN a",
       "c: b integer, x integer\np: x integer\n"},
      {"CREATE TABLE t (id int PRIMARY KEY, a text DEFAULT 'x' CHECK (a <> '')); CREATE INDEX ON t (a); "
       "CREATE TABLE u (LIKE t INCLUDING ALL); CREATE TABLE v (LIKE t)",
       "t: id integer!, a text='x'; t_a_check check(a) a <> ''; t_pkey pk(id); t_a_idx(a)\n"
       "u: id integer!, a text='x'; t_a_check check(a) a <> ''; u_pkey pk(id); u_a_idx(a)\n"
       "v: id integer!, a text\n"},
      // The server looks LIKE's table up before it makes the new one.
      {"CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA archive; SET search_path = archive, public; "
       "CREATE TABLE t (LIKE t INCLUDING ALL)",
       "archive.t: id integer!; t_pkey pk(id)\nt: id integer!; t_pkey pk(id)\n"},
      {"CREATE TYPE pair AS (a int, b text COLLATE \"C\"); CREATE TABLE t OF pair (a NOT NULL)",
       "t: a integer!, b text collate C\n"},
      {"CREATE TABLE t (a int, b text); CREATE TABLE u AS SELECT b, a AS z, count(*) FROM t GROUP BY 1, 2; "
       "SELECT a INTO v FROM t; "
       "CREATE VIEW w AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM w; CREATE INDEX ON m "
       "(a)",
       "m: a integer; m_a_idx(a)\nt: a integer, b text\nu: b text, z integer, count bigint\nv: a integer\nw: "
       "a integer, b text\n"},
  });
}

TEST(Replay, DropsWithWhatDepends) {
  check({
      {"CREATE TABLE p (id serial PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); CREATE VIEW v AS SELECT "
       "* FROM p; "
       "CREATE VIEW w AS SELECT * FROM v; DROP TABLE p; DROP TABLE p CASCADE",
       "c: p integer\nm.sql:1:146: p can't be dropped: constraint c_p_fkey on table c depends on it\n"},
      {"CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e, b int); DROP TYPE e; DROP TYPE e CASCADE",
       "t: b integer\nm.sql:1:59: e can't be dropped: column a of table t depends on it\n"},
      {"CREATE SCHEMA s; CREATE TABLE s.p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES s.p); DROP "
       "SCHEMA s CASCADE",
       "c: p integer\n"},
      {"CREATE TABLE t (id serial); DROP SEQUENCE t_id_seq CASCADE; DROP TABLE IF EXISTS x; DROP TABLE x",
       "t: id integer!\nm.sql:1:85: relation \"x\" does not exist\n"},
  });
}

TEST(Replay, RenamesAndMoves) {
  check({
      {"CREATE TABLE p (id serial PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); ALTER TABLE p RENAME TO "
       "q; "
       "ALTER TABLE q RENAME id TO key; CREATE SCHEMA s; ALTER TABLE q SET SCHEMA s; ALTER SEQUENCE "
       "s.p_id_seq RENAME TO q_seq",
       "c: p integer; c_p_fkey fk(p)->s.q(key)\ns.q: key integer!=nextval('s.q_seq'::regclass); p_pkey "
       "pk(key)\n"
       "s.q_seq integer of s.q.key\n"},
      {"CREATE TYPE e AS ENUM ('a', 'c'); ALTER TYPE e ADD VALUE 'b' BEFORE 'c'; ALTER TYPE e ADD VALUE IF "
       "NOT EXISTS 'b'; "
       "ALTER TYPE e ADD VALUE 'd'; ALTER TYPE e RENAME VALUE 'a' TO 'A'; ALTER TYPE e ADD VALUE 'x' AFTER "
       "'A'",
       "e = A|x|b|c|d\n"},
  });
}

TEST(Replay, PlainBlocksAreRead) {
  check({
      {"DO $$ BEGIN CREATE TYPE e AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END $$;\n"
       "DO $$ BEGIN CREATE TYPE e AS ENUM ('b'); EXCEPTION WHEN duplicate_object THEN null; END $$;",
       "e = a\n"},
      {"DO $$ BEGIN ALTER TABLE nope ADD a int; EXCEPTION WHEN duplicate_object THEN null; END $$;",
       "m.sql:1:1: relation \"nope\" does not exist\n"},
      {"CREATE TABLE t (a int); DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'k') "
       "THEN "
       "ALTER TABLE t ADD CONSTRAINT k UNIQUE (a); END IF; PERFORM 1; EXECUTE 'ALTER TABLE t ADD b int'; END "
       "$$;",
       "t: a integer, b integer; k unique(a)\n"},
      {"DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP EXECUTE 'x' || r; END LOOP; END $$;",
       "m.sql:1:1: a DO block runs dynamic SQL: pgadvise does not know their effects\n"},
  });
}

TEST(Replay, ChangesInBlocksWithDeclarationsLoopsAndConditionsCount) {
  check({
      {"CREATE TABLE t (a int); DO $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM t; IF n > 0 THEN "
       "RAISE "
       "EXCEPTION 'no'; END IF; ALTER TABLE t ADD CONSTRAINT k UNIQUE (a); n := 1; RETURN; END $$;",
       "t: a integer; k unique(a)\n"},
      {"CREATE TABLE t (a int, b int); CREATE INDEX old ON t (a); DO $$ BEGIN IF EXISTS (SELECT 1 FROM "
       "pg_indexes "
       "WHERE indexname = 'old') THEN DROP INDEX old; CREATE INDEX new ON t (b); ELSE CREATE INDEX other ON "
       "nope (b); "
       "END IF; END $$;",
       "t: a integer, b integer; new(b)\n"},
      {"CREATE TABLE t (a int); DO $$ BEGIN FOR i IN 1..3 LOOP ALTER TABLE t ADD COLUMN IF NOT EXISTS b int; "
       "EXIT WHEN "
       "i > 1; END LOOP; END $$;",
       "t: a integer, b integer\n"},
      {"CREATE TABLE t (a int); DO $$ BEGIN BEGIN ALTER TABLE nope ADD b int; EXCEPTION WHEN undefined_table "
       "THEN NULL; "
       "END; ALTER TABLE t ADD c int; END $$;",
       "t: a integer, c integer\n"},
      {"CREATE TABLE t (a int); DO $$ BEGIN WITH x AS (SELECT 1) UPDATE t SET a = 2; INSERT INTO t VALUES "
       "(1) RETURNING a "
       "INTO b; END $$;",
       "t: a integer\n"},
  });
}

TEST(Replay, ConditionsOnTheCatalogAreEvaluated) {
  const std::string tables =
      "CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (a int, k int REFERENCES u); CREATE INDEX i ON t "
      "(k); ";
  const bool kept = true, dropped = false;
  const auto block = [&](const std::string& condition) {
    return tables + "DO $$ BEGIN IF " + condition + " THEN DROP INDEX i; END IF; END $$;";
  };
  const std::string columns =
      "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = ";
  const std::vector<std::pair<std::string, bool>> cases = {
      {block(columns + "'legacy')"), kept},
      {block("NOT " + columns + "'legacy')"), dropped},
      {block(columns + "'a')"), dropped},
      {block("to_regclass('public.nothere') IS NOT NULL"), kept},
      {block("to_regclass('public.t') IS NOT NULL"), dropped},
      {block("to_regclass('i') IS NULL"), kept},
      {block("(SELECT to_regclass('nothere') IS NOT NULL)"), kept},
      {block("NOT (to_regclass('nothere') IS NULL)"), kept},
      {block("(SELECT to_regclass('public.t') IS NOT NULL)"), dropped},
      {block("NOT EXISTS (SELECT FROM pg_indexes WHERE schemaname = 'public' AND indexname = 'i')"), kept},
      {block("(NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conrelid = 't'::regclass AND c.contype = "
             "'f' LIMIT 1))"),
       kept},
      {block("EXISTS (SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = 'public.t'::regclass AND "
             "attname = 'k' AND NOT attisdropped)"),
       dropped},
      {block("EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'other')"), kept},
      {tables + "DO $$ BEGIN IF " + columns + "'legacy') THEN NULL; ELSIF " + columns +
           "'a') THEN DROP INDEX i; ELSE DROP TABLE t; END IF; END $$;",
       dropped},
      {tables + "DO $$ BEGIN IF " + columns + "'a') THEN RETURN; END IF; DROP INDEX i; END $$;", kept},
      {tables + "DO $$ BEGIN IF " + columns + "'z') THEN RETURN; END IF; DROP INDEX i; END $$;", dropped},
      {tables + "DO $$ BEGIN RETURN; DROP INDEX i; END $$;", kept},
      {tables + "DO $$ <<x>> BEGIN DROP INDEX i; END x $$;", dropped},
      {tables + "DO $$ <<x>> DECLARE n int; BEGIN <<y>> BEGIN DROP INDEX i; END y; END x $$;", dropped},
      {tables + "DO $$ BEGIN DROP INDEX i; ALTER TABLE u ADD PRIMARY KEY (id); EXCEPTION WHEN others THEN "
                "NULL; END $$;",
       kept},
      {tables + "DO $$ BEGIN DROP INDEX i; BEGIN ALTER TABLE nope ADD b int; EXCEPTION WHEN undefined_table "
                "THEN NULL; END; END $$;",
       dropped},
  };
  for (const auto& [script, expected] : cases) {
    Replayer replayer;
    replayer.run(script, "m.sql");
    const Table* table = replayer.catalog().table({"public", "t"});
    ASSERT_TRUE(table) << script;
    EXPECT_EQ(table->index("i") != nullptr, expected) << script;
    EXPECT_TRUE(replayer.counts().uncertain.empty()) << script;
  }
}

std::set<std::string> uncertain(const char* script) {
  Replayer replayer;
  replayer.run(script, "m.sql");
  std::set<std::string> out;
  for (const auto& [name, place] : replayer.counts().uncertain) out.insert(name.name + " " + place);
  return out;
}

TEST(Replay, TablesOfStatementsWithUnknownEffectsAreUncertain) {
  using Names = std::set<std::string>;
  const std::string tables =
      "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE TABLE \"Mixed\" (a int);\n";
  const auto of = [&](const std::string& script) { return uncertain((tables + script).c_str()); };
  EXPECT_EQ(of("DO $$ DECLARE x text; BEGIN FOREACH x IN ARRAY ARRAY['t', 'Mixed'] LOOP EXECUTE "
               "format('ALTER TABLE %I "
               "ADD b int', x); END LOOP; END $$;"),
            (Names{"t m.sql:2:1", "Mixed m.sql:2:1"}));
  EXPECT_EQ(
      of("DO $$ BEGIN IF (SELECT count(*) FROM u) = 0 THEN ALTER TABLE u ADD UNIQUE (a); END IF; END $$;"),
      Names{"u m.sql:2:50"})
      << "the condition depends on rows";
  EXPECT_EQ(
      of("DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'k') THEN ALTER TABLE u ADD "
         "CONSTRAINT k UNIQUE (a); END IF; END $$;"),
      Names{});
  EXPECT_EQ(of("DO $$ BEGIN IF (SELECT count(*) FROM pg_class) > 3 THEN ALTER TABLE u ADD UNIQUE (a); END "
               "IF; END $$;"),
            Names{"u m.sql:2:57"})
      << "a condition on the catalog that is not evaluated";
  EXPECT_EQ(of("DO $$ BEGIN PERFORM 1 FROM t; IF (SELECT count(*) FROM u) > 0 THEN RAISE NOTICE 'u'; END IF; "
               "END $$;"),
            Names{});
  EXPECT_EQ(of("ALTER TABLE t ADD b int SOME NEW WORDS;"), Names{"t m.sql:2:1"});
  EXPECT_EQ(of("SELECT FROM FROM t;"), Names{});
  const std::string add =
      "CREATE PROCEDURE add(t regclass) LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER TABLE %s ADD c "
      "int', t); END $$;\n";
  EXPECT_EQ(of(add + "CALL add('t');"), Names{"t m.sql:3:1"});
  EXPECT_EQ(of(replace_all(add, "PROCEDURE add(t regclass)", "FUNCTION add(t regclass) RETURNS void") +
               "SELECT add('u');"),
            Names{"u m.sql:3:1"});
  EXPECT_EQ(of("CREATE FUNCTION f(t text) RETURNS text LANGUAGE sql AS 'SELECT t';\nSELECT f('u');"),
            Names{});
}

TEST(Replay, AnIndexOnAnUnknownColumnExists) {
  Replayer replayer;
  replayer.run("CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a, updated_at); CREATE INDEX j ON t (c);",
               "m.sql");
  const Table* table = replayer.catalog().table({"public", "t"});
  ASSERT_TRUE(table && table->index("i") && table->index("j"));
  EXPECT_EQ(table->index("i")->keys[0].column, "a");
  EXPECT_EQ(table->index("i")->keys[1].column, "");
  EXPECT_EQ(table->index("i")->keys[1].expression, "updated_at");
  EXPECT_EQ(replayer.diagnostics().size(), 2u) << "the column is reported";
}

TEST(Replay, TheColumnsOwnCollationIsNoOther) {
  Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a text COLLATE \"C\", b text); CREATE INDEX i ON t (a COLLATE \"C\", b COLLATE "
      "\"C\");",
      "m.sql");
  const Index* index = replayer.catalog().table({"public", "t"})->index("i");
  ASSERT_TRUE(index);
  EXPECT_EQ(index->keys[0].collation, "");
  EXPECT_EQ(index->keys[1].collation, "C");
}

TEST(Replay, PlaceholdersAreNamed) {
  check({
      {"CREATE TABLE ${schema}.t (a int);",
       "m.sql:1:1: contains the placeholder ${schema}, which pgadvise does not fill in\n"},
      {"CREATE TABLE {{ .Schema }}.t (a int);",
       "m.sql:1:1: contains the placeholder {{ .Schema }}, which pgadvise does not fill in\n"},
  });
  Replayer replayer;
  replayer.run("CREATE TABLE t (a int[] DEFAULT '{{1}}' oops oops);", "m.sql");
  ASSERT_EQ(replayer.diagnostics().size(), 1u);
  EXPECT_EQ(replayer.diagnostics()[0].what.find("placeholder"), std::string::npos);
}

TEST(Replay, Transactions) {
  check({
      {"BEGIN; CREATE TABLE a (); ROLLBACK; BEGIN; CREATE TABLE b (); SAVEPOINT s; CREATE TABLE c (); "
       "ROLLBACK TO s; COMMIT",
       "b:\n"},
      {"BEGIN; CREATE TABLE a ();", "a:\n"},
      {"ROLLBACK; COMMIT; CREATE TABLE a ();", "a:\n"},
  });
}

TEST(Replay, SearchPath) {
  check({
      {"CREATE SCHEMA app; SET search_path TO app, public; CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE "
       "u (t int REFERENCES t)",
       "app.t: id integer!; t_pkey pk(id)\napp.u: t integer; u_t_fkey fk(t)->app.t(id)\n"},
      {"SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.t (id int); ALTER TABLE "
       "ONLY public.t ADD PRIMARY KEY (id)",
       "t: id integer!; t_pkey pk(id)\n"},
  });
}

TEST(Replay, ACommentThatIsNeverClosedIsNamed) {
  for (const auto& [script, problems] : std::vector<std::pair<std::string, std::string>>{
           {"CREATE TABLE a (id int);\n/* open /* nested */\nCREATE TABLE b (id int);",
            "m.sql:2:1: unterminated /* comment at or near a literal\n"},
           {"CREATE TABLE a (id int);\n/* closed /* nested */ */", ""},
           {"CREATE TABLE a (id int); -- /*", ""}}) {
    Replayer replayer;
    replayer.run(script, "m.sql");
    EXPECT_EQ(problems_of(replayer), problems);
    EXPECT_EQ(catalog_of(replayer), "a: id integer\n");
  }
}

TEST(Replay, NamesWhatItCanNotRead) {
  const std::string version = parser_version();
  const std::string major = version.substr(0, version.find('.'));
  Replayer replayer;
  replayer.run(
      "SELECT 1;\n  CREATE TABEL x ();\nCREATE TABLE t (a int GENERATED ALWAYS AS (1) VIRTUAL);\nCREATE "
      "TABLE é (\"é\" int;\n"
      "ALTER TABLE t ADD b int;\nCREATE TABLE ok ();",
      "dir/m.sql");
  EXPECT_EQ(problems_of(replayer),
            "dir/m.sql:2:10: syntax error at or near \"TABEL\"\n"
            "dir/m.sql:3:47: a VIRTUAL column needs a newer parser than PostgreSQL " +
                major +
                "'s\n"
                "dir/m.sql:4:26: syntax error at end of input\n"
                "dir/m.sql:5:1: relation \"t\" does not exist\n");
  EXPECT_EQ(catalog_of(replayer), "ok:\n");
  EXPECT_EQ(replayer.counts().statements, 6);
  EXPECT_EQ(replayer.counts().not_understood, 4);
  EXPECT_EQ(replayer.counts().replayed, 1);
  EXPECT_EQ(replayer.counts().without_effect, 1);
}

TEST(Replay, OriginsPointAtTheColumnAndTheConstraint) {
  Replayer replayer;
  replayer.run("-- head\nCREATE TABLE t (\n  id int,\n  CONSTRAINT k UNIQUE (id)\n);\n", "m.sql");
  const Table& table = *replayer.catalog().table({"public", "t"});
  EXPECT_EQ(table.origin.str(), "m.sql:2:1");
  EXPECT_EQ(table.columns[0].origin.str(), "m.sql:3:3");
  EXPECT_EQ(table.constraints[0].origin.str(), "m.sql:4:3");
}

TEST(Replay, CommentsExtensionsAndFunctions) {
  Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a int); COMMENT ON COLUMN t.a IS 'JSON'; COMMENT ON TABLE public.t IS 'x'; CREATE "
      "EXTENSION citext; "
      "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(a int) RETURNS int "
      "LANGUAGE sql AS 'SELECT 1'; "
      "CREATE OR REPLACE FUNCTION f(b int) RETURNS int LANGUAGE sql AS 'SELECT 2'; DROP FUNCTION g(); ALTER "
      "TABLE t ENABLE ROW LEVEL SECURITY",
      "m.sql");
  const Table& table = *replayer.catalog().table({"public", "t"});
  EXPECT_EQ(table.columns[0].comment, "JSON");
  EXPECT_EQ(table.comment, "x");
  EXPECT_TRUE(table.row_security);
  EXPECT_EQ(replayer.catalog().extensions, std::vector<std::string>{"citext"});
  EXPECT_EQ(replayer.catalog().user_functions, std::vector<std::string>{"public.f"});
  EXPECT_EQ(problems_of(replayer), "");
}

TEST(Replay, HostileScriptsEnd) {
  std::string chain = "CREATE TABLE v0 (a int, b int);";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "v" + std::to_string(i - 1);
    chain += "CREATE VIEW v" + std::to_string(i) + " AS SELECT * FROM " + before + " x, " + before + " y;";
  }
  Replayer doubling;
  doubling.run(chain, "m.sql");
  EXPECT_EQ(doubling.counts().replayed, 40);
  for (const char* script : {"CREATE TABLE a () INHERITS (a)",
                             "CREATE TABLE a (); CREATE TABLE b () INHERITS (a); ALTER TABLE a INHERIT b",
                             "CREATE TABLE a (LIKE a)",
                             "ALTER TABLE a ATTACH PARTITION b DEFAULT",
                             "ALTER INDEX x ATTACH PARTITION y",
                             "DO ''",
                             "DO 'BEGIN'",
                             "DO $$BEGIN IF$$",
                             "COMMENT ON COLUMN a.b IS NULL",
                             "ROLLBACK TO x",
                             "\\",
                             ";;",
                             "COPY a FROM stdin",
                             "ALTER TABLE a RENAME TO a",
                             "CREATE VIEW v AS SELECT * FROM v",
                             "CREATE TABLE t (a int, a int)",
                             "CREATE TABLE t (a int PRIMARY KEY PRIMARY KEY)",
                             "CREATE TABLE t () PARTITION BY LIST (x)",
                             "CREATE TABLE t (a int); ALTER TABLE t ATTACH PARTITION t DEFAULT",
                             "SET search_path = ''",
                             "CREATE FUNCTION f() RETURNS int"}) {
    Replayer replayer;
    replayer.run(script, "m.sql");
    EXPECT_GE(replayer.counts().statements, 0);
  }
}

TEST(Replay, TriggersBeforeAnUpdate) {
  Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a int); CREATE SCHEMA s; CREATE TABLE s.u (a int);"
      "CREATE TRIGGER one BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
      "CREATE TRIGGER two AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
      "CREATE TRIGGER three BEFORE UPDATE OF a ON s.u FOR EACH ROW EXECUTE FUNCTION f();"
      "CREATE OR REPLACE TRIGGER one BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
      "CREATE TRIGGER nowhere BEFORE UPDATE ON nope FOR EACH ROW EXECUTE FUNCTION f();"
      "DROP TRIGGER three ON s.u; DROP TRIGGER IF EXISTS nothing ON nope;",
      "t.sql");
  EXPECT_EQ(replayer.catalog().table({"public", "t"})->update_triggers, std::vector<std::string>{"one"});
  EXPECT_TRUE(replayer.catalog().table({"s", "u"})->update_triggers.empty());
}

TEST(Replay, SupabasesOwnTablesAreNoMatterOfTheFiles) {
  Replayer replayer;
  replayer.run(
      "CREATE POLICY p ON storage.objects USING (true); CREATE TABLE t (id uuid REFERENCES auth.users); "
      "ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;",
      "a.sql");
  EXPECT_TRUE(replayer.diagnostics().empty()) << replayer.diagnostics().front().line();
  EXPECT_EQ(replayer.counts().not_understood, 0);
  EXPECT_EQ(replayer.catalog().table({"public", "t"})->constraints.size(), 1u) << "the key is real";
  replayer.run(
      "CREATE POLICY p ON storage.own USING (true); CREATE TABLE u (id uuid REFERENCES auth.people);",
      "b.sql");
  EXPECT_EQ(replayer.diagnostics().size(), 2u);
}

TEST(Replay, APolicyNamesItsRoles) {
  sql::Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a int); CREATE POLICY p ON t TO reader, \"Writer\" USING (true); CREATE POLICY q ON t "
      "TO PUBLIC "
      "USING (true); CREATE POLICY r ON t USING (true);",
      "x.sql");
  const Catalog& catalog = replayer.catalog();
  const auto& policies = catalog.tables.begin()->second.policies;
  ASSERT_EQ(policies.size(), 3u);
  EXPECT_EQ(policies[0].roles, (std::vector<std::string>{"reader", "Writer"}));
  EXPECT_TRUE(policies[1].roles.empty());
  EXPECT_TRUE(policies[2].roles.empty());
}

TEST(Replay, RolesOfAPolicyThatAreNoNames) {
  sql::Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a int); CREATE POLICY p ON t TO CURRENT_USER USING (true); CREATE POLICY q ON t TO "
      "SESSION_USER, CURRENT_ROLE USING (true); CREATE POLICY r ON t TO app, PUBLIC USING (true);",
      "x.sql");
  const Catalog& catalog = replayer.catalog();
  const auto& policies = catalog.tables.begin()->second.policies;
  ASSERT_EQ(policies.size(), 3u);
  EXPECT_EQ(policies[0].roles, std::vector<std::string>{"CURRENT_USER"});
  EXPECT_EQ(policies[1].roles, (std::vector<std::string>{"SESSION_USER", "CURRENT_USER"}));
  EXPECT_TRUE(policies[2].roles.empty());
}

TEST(Replay, AlterPolicyChangesItsRoles) {
  sql::Replayer replayer;
  replayer.run(
      "CREATE TABLE t (a int); CREATE POLICY p ON t TO app USING (true); CREATE POLICY q ON t TO app USING "
      "(true); ALTER POLICY p ON t TO other; ALTER POLICY q ON t USING (a > 1); ALTER POLICY q ON t TO "
      "public;",
      "x.sql");
  const Catalog& catalog = replayer.catalog();
  const auto& policies = catalog.tables.begin()->second.policies;
  ASSERT_EQ(policies.size(), 2u);
  EXPECT_EQ(policies[0].roles, std::vector<std::string>{"other"});
  EXPECT_EQ(policies[0].using_expression, "true");
  EXPECT_TRUE(policies[1].roles.empty());
  EXPECT_EQ(policies[1].using_expression, "a > 1");
}

TEST(Replay, ATableHasAFillfactor) {
  sql::Replayer replayer;
  replayer.run(
      "CREATE TABLE a (x int) WITH (fillfactor = 70); CREATE TABLE b (x int) WITH (fillfactor = '80'); ALTER "
      "TABLE b SET (autovacuum_enabled = false); CREATE TABLE c (x int); ALTER TABLE c SET (fillfactor = "
      "50); "
      "CREATE TABLE d (x int) WITH (fillfactor = 60); ALTER TABLE d RESET (fillfactor);",
      "x.sql");
  std::string found;
  for (const auto& [name, table] : replayer.catalog().tables)
    found += name.name + " " + std::to_string(table.fillfactor) + "\n";
  EXPECT_EQ(found, "a 70\nb 80\nc 50\nd 100\n");
}

TEST(Replay, AColumnHasTheCommentsBesideItsDefinition) {
  sql::Replayer replayer;
  replayer.run(
      "-- of the table\nCREATE TABLE t ( -- its columns\n  a int, -- of a\n  -- two lines\n  -- of b\n  b "
      "int "
      "DEFAULT 1, -- and more\n  c text DEFAULT '-- no comment'\n);\nALTER TABLE t\n  -- new\n  ADD d int;",
      "x.sql");
  std::string found;
  for (const Column& column : replayer.catalog().tables.begin()->second.columns)
    found += column.name + ": " + column.source_comment + "\n";
  EXPECT_EQ(found, "a: of a\nb: two lines of b and more\nc: \nd: new\n");
}

}  // namespace
}  // namespace pgadvise::sql
