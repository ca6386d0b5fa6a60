// The lexical template: what libpg_query is spared.
#include <random>

#include <gtest/gtest.h>

#include "log/record/statement_template.h"

namespace pgadvise::log {
namespace {

std::string text(std::string_view statement) {
  StatementScanner scanner;
  return std::string(scanner.scan(statement).text);
}
std::uint64_t key(std::string_view statement) { return StatementScanner().scan(statement).key; }

TEST(Template, LiteralsOfEachKind) {
  EXPECT_EQ(
      text("SELECT 'a', E'it\\'s', x'1F', B'01', N'n', U&'d', 1, 1.5, .5, 1e10, 1E-5, 0x1f, 1_000 FROM t1"),
      "select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? from t1");
  EXPECT_EQ(text("SELECT $tag$ it's $$ ; $tag$, $$a$$, $1, $10"), "select ?, ?, ?, ?");
  EXPECT_EQ(text("SELECT 'it''s', 'back\\', 'b'"), "select ?, ?, ?");
  EXPECT_EQ(text("SELECT a FROM t WHERE b = -5 AND c - 1 > 2"), "select a from t where b = ? and c - ? > ?");
}

TEST(Template, CommentsCaseAndBlanks) {
  EXPECT_EQ(text("SELECT /* a /* nested */ comment */ A -- to the end 'x\n FROM\tT;  "), "select a from t");
  EXPECT_EQ(text("SELECT \"Mixed Case 1\", 'x' FROM \"T\""), "select \"Mixed Case 1\", ? from \"T\"");
}

TEST(Template, ListsOfAnyLengthAreOne) {
  const auto one = text("select * from t where a in (1)");
  EXPECT_EQ(text("select * from t where a in (1,2, 3 ,4)"), one);
  EXPECT_EQ(text("select * from t where a IN ($1, $2, $3)"), one);
  EXPECT_EQ(text("select * from t where a in ('x'::uuid, 'y'::uuid)"),
            text("select * from t where a in ('x'::uuid)"));
  EXPECT_EQ(text("insert into t values (1, now()), (2, now()), (3, now()) returning id"),
            text("insert into t values (1, now()) returning id"));
  EXPECT_EQ(text("insert into t (a) values (1),(2)"), text("insert into t (a) values (7)"));
  EXPECT_EQ(text("select array[1, 2, 3]"), text("select array[1]"));
  EXPECT_NE(text("select f(1, 2)"), text("select f(1)"));
}

TEST(Template, UnfinishedTextsAreToldOf) {
  for (const auto* statement : {"select 'a", "select \"a", "select /* a", "select $x$ a", "select E'a\\'"})
    EXPECT_TRUE(StatementScanner().scan(statement).unfinished) << statement;
  EXPECT_FALSE(StatementScanner().scan("select 'a'").unfinished);
}

TEST(Template, AnythingFits) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  StatementScanner scanner;
  for (std::size_t start = 0; start < all.size(); ++start) scanner.scan(std::string_view(all).substr(start));
  for (const char c : std::string_view("([,'$-/.\"v")) scanner.scan(std::string(100000, c));
  std::string lists;
  for (int i = 0; i < 5000; ++i) lists += " in (values (1,";
  EXPECT_FALSE(scanner.scan(lists).text.empty());
  std::string commas = "x in (";
  for (int i = 0; i < 5000; ++i) commas += std::string(1, static_cast<char>('a' + i % 26)) + ",";
  EXPECT_FALSE(scanner.scan(commas).text.empty());
}

TEST(Key, TellsCallsApartByTheirLiterals) {
  EXPECT_NE(key("select 1 from t where a = 1"), key("select 1 from t where a = 2"));
  EXPECT_EQ(key("select 1 from t where a = 1"), key("SELECT 1 FROM t  WHERE a = 1 -- x"));
  EXPECT_NE(key("select 'ab', 'c'"), key("select 'a', 'bc'"));
}

TEST(Key, LeavesOutWhatPages) {
  EXPECT_EQ(key("select a from t limit 10 offset 20"), key("select a from t limit 10 offset 30"));
  EXPECT_EQ(key("select a from t where id > 5 order by id limit 10"),
            key("select a from t where id > 15 order by id limit 10"));
  EXPECT_EQ(key("select a from t where (b, id) < (1, 5) limit 10"),
            key("select a from t where (b, id) < (2, 9) limit 10"));
  EXPECT_NE(key("select a from t where b = 1 and id > 5 limit 10"),
            key("select a from t where b = 2 and id > 5 limit 10"));
  EXPECT_NE(key("select a from t where day >= 5"), key("select a from t where day >= 6"));
  EXPECT_NE(key("select a from t where b->>'x' = 'y' limit 1"),
            key("select a from t where b->>'x' = 'z' limit 1"));
}

TEST(Trace, OfSqlcommenter) {
  StatementScanner scanner;
  EXPECT_EQ(
      scanner.scan("select 1 /*a='b',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/")
          .trace,
      "5bd66ef5095369c7b0d1f8f4bd33716a");
  EXPECT_EQ(scanner.scan("select 1 /*traceparent='00-5bd'*/").trace, "");
  EXPECT_EQ(
      scanner.scan("select 'traceparent=00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'").trace, "");
}

// What was remembered of other statements must not show: as if each were the first.
void expect_known(StatementScanner& remembering, const std::string& statement) {
  StatementScanner fresh;
  const StatementScan scan = fresh.scan(statement);
  const StatementKey& known = remembering.key_of(statement);
  EXPECT_EQ(known.hash, scan.hash) << statement;
  EXPECT_EQ(known.key, scan.key) << statement;
  EXPECT_EQ(known.literals, scan.literals) << statement;
  EXPECT_EQ(known.unfinished, scan.unfinished) << statement;
  EXPECT_EQ(known.trace != 0, !scan.trace.empty()) << statement;
  EXPECT_EQ(known.paging, *scan.paging) << statement;
}

TEST(Template, WhatOnlyLooksLikeAnEarlierStatement) {
  StatementScanner scanner;
  for (int round = 0; round < 2; ++round)
    for (const char* statement :
         {"select 1",
          "select 2",
          "select 12",
          "select 1.",
          "select 1.5",
          "select 1e-5",
          "select 1-5",
          "select 1e",
          "select 1..2",
          "select 1 .5",
          "select '1'",
          "select ''",
          "select 'a''b'",
          "select 'a' 'b'",
          "select 'a",
          "select E'a'",
          "select E'a\\'b'",
          "select $1",
          "select $12",
          "select t1",
          "select \"t1\"",
          "select \"t'1\"",
          "select $$1$$",
          "select $a$1$a$",
          "select -1",
          "select 1 - 1",
          "select (-1)",
          "select /* 1 */ 1",
          "select /* 2 */ 2",
          "select 1 -- '",
          "select 1 -- 2",
          "select a from t where b > 1 limit 5",
          "select a from t where b > 2 limit 50",
          "select a from t where b = 1 limit 5",
          "select a from t where b > 1 or c = 2 limit 5",
          "select a from t where b = 1 and (c, d) > (1, 'x') limit 1 offset 2",
          "select a from t where b = 2 and (c, d) > (3, 'y') limit 4 offset 5",
          "select a from t where b in (1, 2)",
          "select a from t where b in (3, 4)",
          "select a from t where b in (1, 2, 3)",
          "insert into t values (1, 'a'), (2, 'b')",
          "insert into t values (3, 'c'), (4, 'd')",
          "insert into t values (3, 'c'), (4, d)",
          "1",
          "2",
          "'",
          "''",
          "select 1/*traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/",
          "select 1/*traceparent='00-6bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/"})
      expect_known(scanner, statement);
}

TEST(Template, RandomStatementsAreKnownAsIfTheyWereTheFirst) {
  std::mt19937 random(1);
  const char* const pieces[] = {"select ", "a1",  " ",  " = ",     "1",  "23",      "4.5",     "1e",  "-",
                                "'",       "'x'", "''", "'it''s'", "E'", "\\'",     "$",       "$1",  "$$",
                                "$a$",     "\"",  "(",  ")",       ",",  " in (",   " limit ", " > ", "--",
                                "\n",      "/*",  "*/", " or ",    ".",  "values ", "\xc3\xa4"};
  StatementScanner scanner;
  for (int i = 0; i < 30000; ++i) {
    std::string statement = i % 2 ? "select a from t where b = " : "";
    for (auto left = random() % 6 + 1; left > 0; --left) statement += pieces[random() % std::size(pieces)];
    expect_known(scanner, statement);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace pgadvise::log
