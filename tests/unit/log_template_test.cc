// The lexical template: what libpg_query is spared.
#include <gtest/gtest.h>

#include "log/statement_template.h"

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

}  // namespace
}  // namespace pgadvise::log
