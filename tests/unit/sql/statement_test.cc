#include "sql/parse/statement.h"

#include <gtest/gtest.h>

#include "base/text/identifier.h"
#include "model/schema/ddl.h"
#include "sql/definitions/transaction_needs.h"
#include "sql/parse/expression.h"
#include "sql/replay/same_statements.h"

namespace pgadvise::sql {
namespace {

std::vector<std::string> texts(std::string_view script) {
  std::vector<std::string> out;
  for (const auto& statement : split(script)) out.emplace_back(statement.text);
  return out;
}
using List = std::vector<std::string>;

TEST(Split, EndsStatementsAtSemicolonsAndDropsComments) {
  EXPECT_EQ(texts("-- x;\nSELECT 1; /* a /* b; */ c */ SELECT 2 ;;\n"), (List{"SELECT 1", "SELECT 2"}));
  EXPECT_EQ(texts("\xef\xbb\xbfSELECT 1"), (List{"SELECT 1"}));
  EXPECT_EQ(texts(""), List{});
  EXPECT_EQ(split("  SELECT 1;\n SELECT 2").at(1).offset, 13u);
}

TEST(Split, LooksThroughQuotes) {
  EXPECT_EQ(texts("SELECT ';'; SELECT E'\\';', 1; SELECT \"a;\"\"b\"; SELECT U&'\\0041;'; SELECT 'it''s;'"),
            (List{"SELECT ';'", "SELECT E'\\';', 1", "SELECT \"a;\"\"b\"", "SELECT U&'\\0041;'",
                  "SELECT 'it''s;'"}));
  EXPECT_EQ(texts("DO $$ a; $x$; b; $$; SELECT $1; SELECT $a$ $b$; $a$;SELECT a$b$c;"),
            (List{"DO $$ a; $x$; b; $$", "SELECT $1", "SELECT $a$ $b$; $a$", "SELECT a$b$c"}));
}

TEST(Split, TakesTheRestAfterAnUnterminatedQuote) {
  EXPECT_EQ(texts("SELECT 1; SELECT 'x; SELECT 2;"), (List{"SELECT 1", "SELECT 'x; SELECT 2;"}));
  EXPECT_EQ(texts("SELECT $a$ x; SELECT 2;").size(), 1u);
  EXPECT_EQ(texts("SELECT 1 /* x; SELECT 2;"), (List{"SELECT 1 /* x; SELECT 2;"}));
}

TEST(Split, KeepsBodiesWhole) {
  const std::string function =
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; "
      "END";
  EXPECT_EQ(texts(function + "; SELECT 3"), (List{function, "SELECT 3"}));
  const std::string rule =
      "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))";
  EXPECT_EQ(texts(rule + "; SELECT 3"), (List{rule, "SELECT 3"}));
  EXPECT_EQ(texts("BEGIN; SELECT 1; END;").size(), 3u);
}

TEST(Split, ALostParenthesisTakesOneStatement) {
  EXPECT_EQ(texts("CREATE TABLE a (id int; SELECT 1; SELECT 2"),
            (List{"CREATE TABLE a (id int", "SELECT 1", "SELECT 2"}));
}

TEST(Split, PassesOverPsqlLinesAndCopyData) {
  EXPECT_EQ(texts("\\restrict abc'\nSELECT 1;\n\\connect x\nSELECT 2 \\gexec\nSELECT 3"),
            (List{"SELECT 1", "SELECT 2", "SELECT 3"}));
  EXPECT_EQ(texts("COPY t (a) FROM stdin;\n1;'\n\\N\n\\.\nSELECT 1;"),
            (List{"COPY t (a) FROM stdin", "SELECT 1"}));
  EXPECT_EQ(texts("COPY t FROM 'stdin'; SELECT 1;").size(), 2u);
  EXPECT_EQ(texts("COPY t FROM stdin;\n1;\n2;\n").size(), 1u);
}

TEST(Split, DrizzleBreakpointsEndStatements) {
  EXPECT_EQ(
      texts("CREATE TABLE a ()\n--> statement-breakpoint\nCREATE TABLE b ();--> statement-breakpoint\n"),
      (List{"CREATE TABLE a ()", "CREATE TABLE b ()"}));
}

TEST(Fingerprint, IgnoresConstantsAndRefusesWhatDoesNotParse) {
  EXPECT_EQ(fingerprint("SELECT * FROM t WHERE a = 1").value(),
            fingerprint("select * from t where a = $1").value());
  EXPECT_EQ(fingerprint("SELECT 1").value().size(), 16u);
  EXPECT_EQ(fingerprint("SELECT FROM WHERE").error().what, "syntax error at or near \"WHERE\"");
  EXPECT_FALSE(fingerprint(std::string_view("SELECT 1\0; DROP", 14)).has_value());
}

// One row by its key and many by a list are two queries: the second is the first one's cure.
TEST(Fingerprint, TellsAListFromAnEquality) {
  const auto of = [](const char* text) { return fingerprint(text).value_or("?"); };
  const auto list = of("SELECT * FROM t WHERE a = 1 AND b IN (1, 2)");
  EXPECT_NE(list, of("SELECT * FROM t WHERE a = 1 AND b = 2"));
  EXPECT_NE(list, of("SELECT * FROM t WHERE a IN (1, 2) AND b = 1"));
  EXPECT_EQ(list, of("select * from t where a = $1 and b in ($2, $3, $4)"));
  EXPECT_EQ(list, of("SELECT * FROM t WHERE a = 1 AND b = ANY('{1,2}')"));
  EXPECT_EQ(of("SELECT * FROM t WHERE x->>'one' IN ('a')"),
            of("SELECT * FROM t WHERE x->>'two' IN ('b', 'c')"));
}

TEST(Fingerprint, TellsTablesApartWhoseNamesDifferInDigits) {
  const auto of = [](const char* text) { return fingerprint(text).value_or("?"); };
  EXPECT_NE(of("SELECT 1 FROM e_2024_01"), of("SELECT 1 FROM e_2024_02"));
  EXPECT_NE(of("INSERT INTO shard_101 VALUES (1)"), of("INSERT INTO shard_102 VALUES (1)"));
  EXPECT_EQ(of("SELECT 1 FROM e_2024_01 WHERE a = 17"), of("select 2 from e_2024_01 where a = 18"));
}

TEST(Fingerprint, MessagesHoldNoLiterals) {
  for (const char* text : {"SELECT 1 'hunter2'", "SELECT 'hunter2", "ALTER ROLE a PASSWORD E'hunter2' 'x' y",
                           "SELECT $$hunter2"}) {
    const auto result = fingerprint(text);
    if (!result) {
      EXPECT_EQ(result.error().what.find("hunter2"), std::string::npos) << result.error().what;
    }
  }
}

TEST(Normalize, ReplacesConstants) {
  EXPECT_EQ(normalize("SELECT 'x' FROM t WHERE a = 1").value(), "SELECT $1 FROM t WHERE a = $2");
}

TEST(Shape, TellsWhatMayBeSent) {
  const auto of = [](std::string_view text) { return shape(text).value(); };
  EXPECT_EQ(of("SELECT 1; SELECT 2").statements, 2);
  EXPECT_EQ(of("").statements, 0);
  EXPECT_TRUE(of("SELECT 1 INTO t").into);
  EXPECT_TRUE(of("CREATE TABLE t AS SELECT 1").into);
  EXPECT_TRUE(of("SELECT * FROM (SELECT * FROM t FOR UPDATE) x").locks_rows);
  EXPECT_TRUE(of("SELECT (SELECT 1 FROM t FOR KEY SHARE)").locks_rows);
  EXPECT_TRUE(of("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x").modifies);
  EXPECT_TRUE(of("EXPLAIN ANALYZE DELETE FROM t").modifies);
  const Shape plain = of("WITH x AS (SELECT 1) SELECT * FROM x UNION SELECT 2");
  EXPECT_EQ(plain.kind, StatementKind::select);
  EXPECT_FALSE(plain.modifies || plain.locks_rows || plain.into);
  EXPECT_EQ(of("BEGIN").kind, StatementKind::transaction);
  EXPECT_EQ(of("VACUUM").kind, StatementKind::utility);
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

// Each of these overflows an ordinary stack when it is parsed without a guard.
TEST(Depth, RefusesWhatIsTooDeepInsteadOfOverflowing) {
  const int n = 50'000;
  const std::vector<std::string> hostile = {
      "SELECT 1" + repeated(" + 1", n),
      "SELECT " + repeated("(", n) + "1" + repeated(")", n),
      "SELECT " + repeated("- ", n) + "1",
      "SELECT " + repeated("NOT ", n) + "true",
      "SELECT " + repeated("CASE WHEN true THEN ", n) + "1" + repeated(" END", n),
      "SELECT 1" + repeated(" UNION SELECT 1", n),
      "SELECT * FROM t" + repeated(" JOIN t ON true", n),
      "SELECT 1" + repeated(" IS NULL", n),
      "SELECT 1" + repeated("::int", n),
      "SELECT 1" + repeated(" BETWEEN 1 AND 2 IS NULL", n),
      "SELECT " + repeated("ARRAY[", n) + "1" + repeated("]", n),
      "SELECT " + repeated("f(", n) + "1" + repeated(")", n),
      "SELECT " + repeated("(SELECT ", n) + "1" + repeated(")", n),
      "SELECT a" + repeated(" COLLATE \"C\"", n),
      "SELECT 1" + repeated(" + x.and", n),
      "SELECT " + repeated("CASE WHEN x . /* */ end THEN ", n) + "1" + repeated(" END", n),
  };
  for (const auto& text : hostile) {
    const auto result = shape(text);
    ASSERT_FALSE(result.has_value()) << text.substr(0, 40);
    EXPECT_EQ(result.error().what, "nested or chained too deeply, or too long, to be parsed");
    EXPECT_FALSE(fingerprint(text).has_value());
    EXPECT_FALSE(normalize(text).has_value());
  }
}

// The server's own scanner takes minutes for each of these.
TEST(Comments, OfAnyNumberAreReadInTime) {
  const int n = 100'000;
  EXPECT_TRUE(fingerprint("SELECT 1 " + repeated("/**/", n)).has_value());
  EXPECT_TRUE(fingerprint("SELECT 1 " + repeated("/*", n) + repeated("*/", n)).has_value());
  EXPECT_EQ(normalize("SELECT 1 " + repeated("+/**/", 200) + "2").value_or(""),
            "SELECT $1 " + repeated("+    ", 200) + "$2");
  const auto open = shape("SELECT 1 " + repeated("/*", n));
  ASSERT_FALSE(open.has_value());
  EXPECT_NE(open.error().what.find("unterminated /* comment"), std::string::npos) << open.error().what;
  EXPECT_EQ(fingerprint("SELECT 'a' /* ' */, 1" + repeated("/* x */", n)).value_or("?"),
            fingerprint("SELECT 'a', 1").value_or(""));
}

TEST(Depth, LongIsNotDeep) {
  const int n = 5'000;
  EXPECT_TRUE(shape("SELECT 1 WHERE a = 1" + repeated(" OR a = 1", n)).has_value());
  EXPECT_TRUE(shape("SELECT 1 WHERE a BETWEEN 1 AND 2" + repeated(" AND b + 1 = 2", n)).has_value());
  EXPECT_TRUE(shape("SELECT 1 WHERE a IN (-1" + repeated(", -1", n) + ")").has_value());
  EXPECT_TRUE(shape("INSERT INTO t VALUES (1, -2)" + repeated(", (1, -2)", n)).has_value());
}

TEST(Depth, RefusesWhatTakesTooMuchMemory) {
  EXPECT_TRUE(shape("INSERT INTO t VALUES (1)" + repeated(",(1)", 100'000)).has_value());
  EXPECT_FALSE(shape("INSERT INTO t VALUES (1)" + repeated(",(1)", 600'000)).has_value());
  EXPECT_TRUE(shape("SELECT '" + repeated("x", 20'000'000) + "'").has_value());
}

TEST(Depth, DeepButBearableRunsOnALargerStack) {
  for (const int n : {100, 240, 1000, 3000}) {
    EXPECT_TRUE(shape("SELECT 1" + repeated(" + 1", n)).has_value()) << n;
    EXPECT_TRUE(fingerprint("SELECT 1" + repeated(" UNION SELECT 1", n)).has_value()) << n;
  }
}

TEST(Quote, FollowsTheServersKeywords) {
  EXPECT_EQ(quote_identifier("users"), "users");
  EXPECT_EQ(quote_identifier("user"), "\"user\"");
  EXPECT_EQ(quote_identifier("order"), "\"order\"");
  EXPECT_EQ(quote_identifier("between"), "\"between\"");  // a column-name keyword is quoted, too
  EXPECT_EQ(quote_identifier("name"), "name");
  EXPECT_EQ(quote_identifier("userId"), "\"userId\"");
  EXPECT_EQ(quote_identifier("1a"), "\"1a\"");
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
  EXPECT_EQ(quote_identifier("é"), "\"é\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\b"), "E'a\\\\b'");
  EXPECT_EQ(quote_name({"auth", "user"}), "auth.\"user\"");
  EXPECT_EQ(quote_name({"", "t"}), "t");
}

TEST(NotNullColumns, OnlyOfPlainPredicates) {
  EXPECT_EQ(not_null_columns("(a IS NOT NULL)"), (List{"a"}));
  EXPECT_EQ(not_null_columns("((a IS NOT NULL) AND (\"B\" IS NOT NULL))"), (List{"a", "B"}));
  EXPECT_EQ(not_null_columns("a IS NOT NULL OR b IS NOT NULL"), List{});
  EXPECT_EQ(not_null_columns("a IS NOT NULL AND b = 1"), List{});
  EXPECT_EQ(not_null_columns("lower(a) IS NOT NULL"), List{});
  EXPECT_EQ(not_null_columns("a IS NULL"), List{});
  EXPECT_EQ(not_null_columns("a IS NOT NULL; DROP TABLE t"), List{});
  EXPECT_EQ(not_null_columns(""), List{});
}

TEST(Expression, ACheckExcludesNull) {
  EXPECT_TRUE(check_excludes_null("a IS NOT NULL", "a"));
  EXPECT_TRUE(check_excludes_null("b > 0 AND (c = 1 AND \"A\" IS NOT NULL)", "A"));
  EXPECT_FALSE(check_excludes_null("a IS NOT NULL", "b"));
  EXPECT_FALSE(check_excludes_null("a > 0", "a"));
  EXPECT_FALSE(check_excludes_null("a IS NOT NULL OR b > 0", "a"));
  EXPECT_FALSE(check_excludes_null("a IS NULL", "a"));
  EXPECT_FALSE(check_excludes_null("a IS NOT NULL; DROP TABLE t", "a"));
}

TEST(Expression, NamesAndConstants) {
  EXPECT_EQ(output_name("lower(a)"), "lower");
  EXPECT_EQ(output_name("a || b"), "");
  EXPECT_EQ(output_name("("), "");
  EXPECT_EQ(constant_text("'it''s'"), "it's");
  EXPECT_EQ(constant_text("1 + 1"), "");
  EXPECT_EQ(constant_text(""), "");
}

TEST(TransactionNeeds, AreThoseOfTheParsedStatements) {
  const auto needs = [](std::string_view script) {
    const auto out = transaction_needs(script);
    return std::vector<int>{out.inside, out.outside, out.concurrently};
  };
  using Counts = std::vector<int>;
  EXPECT_EQ(needs("CREATE INDEX\nCONCURRENTLY i ON t (a); DROP INDEX/**/CONCURRENTLY i;"), (Counts{0, 2, 2}));
  EXPECT_EQ(needs("BEGIN; SELECT ' concurrently '; COMMIT; VACUUM t"), (Counts{1, 1, 0}));
  EXPECT_EQ(needs("REINDEX TABLE CONCURRENTLY t; REINDEX SCHEMA s; REINDEX TABLE t"), (Counts{1, 2, 1}));
  EXPECT_EQ(needs("ALTER TABLE p DETACH PARTITION c CONCURRENTLY; REFRESH MATERIALIZED VIEW CONCURRENTLY v"),
            (Counts{1, 1, 1}));
  EXPECT_EQ(needs("this is no statement; -- CREATE INDEX CONCURRENTLY"), (Counts{1, 0, 0}));
}

TEST(CanonicalStatements, AreEqualForTheSameEffect) {
  const auto same = [](std::string_view a, std::string_view b) {
    return canonical_statements(a) == canonical_statements(b);
  };
  EXPECT_TRUE(same("CREATE TABLE a (b int, c varchar(3));",
                   "-- x\nBEGIN; create table if not exists public.\"a\" (b "
                   "integer, c character varying(3)); COMMIT"));
  EXPECT_TRUE(same("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
                   "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $x$ -- one\nSELECT  1 $x$"));
  EXPECT_TRUE(same("DROP TABLE a", "DROP TABLE IF EXISTS a"));
  EXPECT_TRUE(
      same("CREATE TYPE m AS ENUM ('a')",
           "DO $$ BEGIN CREATE TYPE m AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN null; END $$"));
  EXPECT_FALSE(same("CREATE TABLE a (b int DEFAULT 1)", "CREATE TABLE a (b int DEFAULT 2)"));
  EXPECT_FALSE(same("CREATE TABLE a (b int)", "CREATE TABLE \"A\" (b int)"));
  EXPECT_FALSE(same("SELECT 'a  b'", "SELECT 'a b'"));
  EXPECT_FALSE(same("CREATE TABLE a (b int)", "CREATE TABLE a (b int); CREATE INDEX ON a (b)"));
  EXPECT_FALSE(same("nonsense one", "nonsense two"));
}

TEST(SameStatements, APlaceholderIsEqualToTheNameInItsPlace) {
  const std::string with_name =
      "CREATE TABLE auth.users (id int);\nDO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname "
      "= "
      "'auth') THEN ALTER TABLE \"auth\".\"users\" ADD a int; END IF; END $$;";
  const std::string with_placeholder =
      "CREATE TABLE {{ index .Options \"Namespace\" }}.users (id int);\nDO $$ BEGIN IF NOT EXISTS (SELECT "
      "FROM "
      "pg_tables WHERE schemaname = '{{ index .Options \"Namespace\" }}') THEN ALTER TABLE \"{{index "
      ".Options "
      "\"Namespace\" }}\".\"users\" ADD a int; END IF; END $$;";
  EXPECT_TRUE(same_statements(with_name, with_placeholder));
  EXPECT_TRUE(same_statements(with_placeholder, with_name));
  EXPECT_TRUE(same_statements("CREATE INDEX i ON users (a)", "CREATE INDEX i ON {{ .S }}.users (a)"));
  EXPECT_TRUE(same_statements("DROP TABLE ${s}.t", "DROP TABLE ${ s }.t"));
  EXPECT_FALSE(
      same_statements("DROP TABLE a.t; DROP TABLE b.t", "DROP TABLE {{ .S }}.t; DROP TABLE {{ .S }}.t"));
  EXPECT_FALSE(same_statements("DROP TABLE {{ .A }}.t", "DROP TABLE {{ .B }}.u"));
  EXPECT_FALSE(same_statements(with_name, with_placeholder + "DROP TABLE x;"));
  EXPECT_FALSE(same_statements("DROP TABLE a.t", "DROP TABLE b.t"));
}

TEST(SameStatements, HowAMigrationRunsIsNotWhatItDoes) {
  EXPECT_TRUE(
      same_statements("CREATE INDEX i ON t (a)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"));
  EXPECT_TRUE(same_statements("SET lock_timeout = '5s'; DROP INDEX i; RESET lock_timeout;",
                              "DROP INDEX CONCURRENTLY i; SET LOCAL statement_timeout TO 0"));
  EXPECT_TRUE(same_statements("CREATE VIEW v AS SELECT 1", "CREATE OR REPLACE VIEW v AS SELECT 1"));
  EXPECT_TRUE(same_statements("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW CONCURRENTLY v"));
  EXPECT_FALSE(same_statements("SET search_path = a; DROP TABLE t", "DROP TABLE t"));
  EXPECT_FALSE(same_statements("CREATE TABLE t (concurrently int)", "CREATE TABLE t (a int)"));
}

TEST(SameStatements, StatementsThatOnlyAddMayChangePlaces) {
  EXPECT_TRUE(same_statements("CREATE TABLE a (b int); CREATE TABLE c (d int); ALTER TABLE a ADD e int",
                              "CREATE TABLE c (d int); CREATE TABLE a (b int); ALTER TABLE a ADD e int"));
  EXPECT_FALSE(
      same_statements("DROP TABLE a; CREATE TABLE a (b int)", "CREATE TABLE a (b int); DROP TABLE a"));
  EXPECT_FALSE(
      same_statements("UPDATE t SET a = 1; UPDATE t SET a = 2", "UPDATE t SET a = 2; UPDATE t SET a = 1"));
  EXPECT_FALSE(same_statements("CREATE TABLE a (b int); CREATE TABLE a2 (b int)", "CREATE TABLE a (b int)"));
}

TEST(SameStatements, ConditionsInBodiesCount) {
  const auto function = [](const std::string& condition) {
    return "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF " + condition +
           " (SELECT 1 FROM t) THEN RAISE EXCEPTION 'no'; END IF; RETURN new; END $$";
  };
  EXPECT_FALSE(same_statements(function("NOT EXISTS"), function("EXISTS")));
  EXPECT_TRUE(same_statements(function("NOT EXISTS"), function("not  exists /* x */")));
  const std::string add = "ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0)";
  const auto block = [](const std::string& condition, const std::string& statement) {
    return "DO $$ BEGIN IF " + condition + " THEN " + statement + "; END IF; END $$";
  };
  const std::string known = "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'c')";
  EXPECT_TRUE(same_statements(add, block("NOT " + known, add)));
  EXPECT_FALSE(same_statements(block("NOT " + known, add), block(known, add)));
  EXPECT_FALSE(same_statements(add, block("NOT " + known + " AND version() LIKE '%x%'", add)));
  EXPECT_TRUE(same_statements("DROP INDEX i", block("to_regclass('i') IS NOT NULL", "DROP INDEX i")));
  EXPECT_FALSE(same_statements("DROP INDEX i", block("to_regclass('i') IS NULL", "DROP INDEX i")));
  const auto role = [](const std::string& name) {
    return "EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '" + name + "')";
  };
  EXPECT_FALSE(same_statements(block(role("a"), add), block("NOT " + role("b"), add)));
  EXPECT_FALSE(same_statements(
      block(role("a"), add), "DO $$ BEGIN IF " + role("a") + " THEN NULL; ELSE " + add + "; END IF; END $$"));
  const std::string other = "ALTER TABLE t ADD b int;";
  EXPECT_FALSE(
      same_statements("DO $$ BEGIN IF " + role("a") + " THEN " + add + "; " + other + " END IF; END $$",
                      "DO $$ BEGIN IF " + role("a") + " THEN " + add + "; END IF; " + other + " END $$"));
  EXPECT_FALSE(same_statements("DO $$ BEGIN PERFORM f(1); " + add + "; END $$",
                               "DO $$ BEGIN PERFORM f(2); " + add + "; END $$"));
  EXPECT_FALSE(same_statements("DO $$ BEGIN IF " + role("a") + " THEN RETURN; END IF; " + add + "; END $$",
                               "DO $$ BEGIN " + add + "; END $$"));
  EXPECT_FALSE(same_statements("DO $$ BEGIN " + add + "; EXCEPTION WHEN others THEN NULL; END $$",
                               "DO $$ BEGIN " + add + "; EXCEPTION WHEN others THEN DROP TABLE t; END $$"));
}

TEST(SameStatements, StatementsOnOneObjectKeepTheirOrder) {
  const auto swapped = [](const std::string& before, const std::string& a, const std::string& b) {
    return same_statements(before + a + ";" + b + ";", before + b + ";" + a + ";");
  };
  EXPECT_FALSE(
      swapped("CREATE TYPE e AS ENUM ('z');", "ALTER TYPE e ADD VALUE 'a'", "ALTER TYPE e ADD VALUE 'b'"));
  EXPECT_FALSE(swapped("CREATE TABLE t (a int);", "ALTER TABLE t ALTER a SET DEFAULT 1",
                       "ALTER TABLE t ALTER a SET DEFAULT 2"));
  EXPECT_FALSE(swapped("", "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$",
                       "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 2 $$"));
  EXPECT_FALSE(swapped("", "COMMENT ON TABLE t IS 'a'", "COMMENT ON TABLE t IS 'b'"));
  EXPECT_FALSE(swapped("", "CREATE VIEW v AS SELECT * FROM t", "ALTER TABLE t ADD a int"));
  EXPECT_TRUE(swapped("", "CREATE INDEX i ON t (a)", "CREATE INDEX j ON t (b)"));
  EXPECT_TRUE(swapped("", "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
                      "ALTER TABLE ONLY public.t ADD CONSTRAINT d CHECK (a > 0)"));
  EXPECT_TRUE(swapped("", "COMMENT ON TABLE t IS 'a'", "COMMENT ON COLUMN t.a IS 'b'"));
}

TEST(CanRun, IsFalseOnlyWhereNoServerParsesTheScript) {
  EXPECT_TRUE(can_run("CREATE TABLE a (b int); SELECT normalize('a', nfc);"));
  EXPECT_FALSE(can_run("CREATE TABLE a (b int); SELECT normalize('a', 'nfc');"));
  EXPECT_TRUE(can_run("CREATE TABLE {{ .S }}.a (b int)"));
  EXPECT_TRUE(can_run("CREATE TABLE a (b int) {{ .Options }}"));
  EXPECT_TRUE(can_run("CREATE TABLE a (b int, c int GENERATED ALWAYS AS (b) VIRTUAL)")) << "PostgreSQL 18";
}

}  // namespace
}  // namespace pgadvise::sql
