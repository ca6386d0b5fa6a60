#include "sql/parse/redact.h"

#include <gtest/gtest.h>

#include "sql/parse/ast.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

TEST(Redact, NothingOfALiteralIsLeft) {
  for (const char* statement : {"NOTIFY c, 'secret'",
                                "PREPARE a AS SELECT 'secret', 4711",
                                "EXECUTE p('secret', 4711)",
                                "CREATE TABLE t AS SELECT 'secret', 4711",
                                "SELECT E'se\\'cret' /* secret='x' */",
                                "SELECT 1 -- secret",
                                "COPY t FROM PROGRAM 'secret'",
                                "COMMENT ON TABLE t IS 'secret'",
                                "CALL p('secret', 4711)",
                                "/* secret */ EXECUTE p(4711)",
                                "ALTER TABLE t ADD COLUMN x text DEFAULT $a$secret$a$",
                                "CREATE FOREIGN TABLE f (a int) SERVER s OPTIONS (password 'secret')",
                                "SET x = 4711",
                                "SECURITY LABEL ON TABLE t IS U&'secret'",
                                "SELECT 1; EXECUTE p(4711)",
                                "CREATE INDEX i ON t (a) WHERE b = 4711",
                                "CREATE VIEW v AS SELECT 4711",
                                "ALTER DATABASE d SET a.b = secret",
                                "SET a.b TO secret",
                                "ALTER SYSTEM SET x = 4711"}) {
    const auto normalized = normalize(statement);
    ASSERT_TRUE(normalized) << statement;
    const std::string found = redact(*normalized);
    EXPECT_EQ(found.find("secret"), std::string::npos) << found;
    EXPECT_EQ(found.find("4711"), std::string::npos) << found;
    EXPECT_TRUE(fingerprint(found)) << found << " no longer parses";
  }
}

// standard_conforming_strings = off: the quote behind the backslash is a part of the string.
TEST(Redact, BehindAnUncertainEndNothingIsKept) {
  EXPECT_EQ(redact("select 'it\\'s', 'secret'"), "select '...' ...");
  EXPECT_EQ(redact("select 'it\\'s', 'secret', 'C:\\'").find("secret"), std::string::npos);
}

// What does not parse is redacted as it was logged.
TEST(Redact, APasswordWithoutQuotesIsNoWord) {
  for (const char* statement :
       {"ALTER ROLE joe PASSWORD hunter2", "create user joe with login password \"hunter2\"",
        "ALTER USER joe ENCRYPTED PASSWORD hunter2 oops",
        "CREATE USER MAPPING FOR joe SERVER s OPTIONS (password hunter2)",
        "select 1; alter role joe password hunter2"})
    EXPECT_EQ(redact(statement).find("hunter2"), std::string::npos) << redact(statement);
  EXPECT_EQ(redact("ALTER ROLE joe PASSWORD NULL"), "ALTER ROLE joe PASSWORD NULL");
  EXPECT_EQ(redact("select password hash from users"), "select password hash from users");
}

TEST(ParseFailure, RepeatsNoSecretWithoutQuotes) {
  for (const char* statement : {"ALTER ROLE joe PASSWORD hunter2", "ALTER ROLE joe PASSWORD \"hunter2\"",
                                "CREATE USER MAPPING FOR joe SERVER s OPTIONS (password hunter2)",
                                "SET app.token = = hunter2 oops", "ALTER ROLE joe PASSWORD 'hunter2"}) {
    const auto tree = Tree::parse(statement);
    ASSERT_FALSE(tree) << statement;
    EXPECT_EQ(tree.error().what.find("hunter2"), std::string::npos) << tree.error().what;
    const auto found = fingerprint(statement);
    ASSERT_FALSE(found) << statement;
    EXPECT_EQ(found.error().line().find("hunter2"), std::string::npos) << found.error().line();
  }
  EXPECT_EQ(Tree::parse("SELECT token FROM WHERE").error().what, "syntax error at or near \"WHERE\"");
}

TEST(Redact, AdjoiningStringsStayTwo) { EXPECT_EQ(redact("SELECT ''b'secret'"), "SELECT '...' '...'"); }

TEST(Redact, TheRestStays) {
  EXPECT_EQ(redact("SELECT \"a'b\", $1::numeric(10,2)\n FROM t /* x */ WHERE a = $2"),
            "SELECT \"a'b\", $1::numeric(10,2)\n FROM t  WHERE a = $2");
  EXPECT_EQ(redact("EXECUTE p('a', 5)"), "EXECUTE p('...', 0)");
  EXPECT_EQ(redact(""), "");
}

TEST(Redact, ExpressionsOfPlansLoseTheirConstants) {
  EXPECT_EQ(redact_expression("((o.state = 'open'::text) AND (o.total > '5'::numeric) AND (o.n <> 42))"),
            "((o.state = '...'::text) AND (o.total > '...'::numeric) AND (o.n <> '...'))");
  EXPECT_EQ(redact_expression("(x.\"it's\" = $1) AND (NOT (hashed SubPlan 2)) AND ($0 = InitPlan 1)"),
            "(x.\"it's\" = $1) AND (NOT (hashed SubPlan 2)) AND ($0 = InitPlan 1)");
  EXPECT_EQ(redact_expression("''b'secret' /* secret */ &'secret'").find("secret"), std::string::npos);
  EXPECT_EQ(redact_expression(""), "");
}

}  // namespace
}  // namespace pgadvise::sql
