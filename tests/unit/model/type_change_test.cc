// Against what PostgreSQL 15 was seen to do (client_min_messages = debug1: "rewriting table").
#include "model/schema/type_change.h"

#include <gtest/gtest.h>

namespace pgadvise {
namespace {

using Cost = TypeChange::Cost;

TEST(TypeChange, CostsWhatTheServerShowed) {
  struct Case {
    const char* from;
    const char* to;
    Cost cost;
  };
  const Case cases[] = {
      {"character varying(10)", "character varying(20)", Cost::none},
      {"character varying(10)", "character varying", Cost::none},
      {"character varying(10)", "text", Cost::none},
      {"text", "character varying", Cost::none},
      {"text", "character varying(10)", Cost::rewrite},
      {"character varying(20)", "character varying(10)", Cost::rewrite},
      {"character(5)", "character(10)", Cost::rewrite},
      {"character(5)", "text", Cost::rewrite},
      {"numeric(10,2)", "numeric(12,2)", Cost::none},
      {"numeric(10,2)", "numeric", Cost::none},
      {"numeric(10,2)", "numeric(12,4)", Cost::rewrite},
      {"numeric(12,4)", "numeric(12,2)", Cost::rewrite},
      {"numeric", "numeric(10,2)", Cost::rewrite},
      {"integer", "bigint", Cost::rewrite},
      {"bigint", "integer", Cost::rewrite},
      {"integer", "numeric", Cost::rewrite},
      {"integer", "oid", Cost::none},
      {"real", "double precision", Cost::rewrite},
      {"timestamp without time zone", "timestamp with time zone", Cost::in_utc},
      {"timestamp with time zone", "timestamp without time zone", Cost::in_utc},
      {"timestamp(3) without time zone", "timestamp without time zone", Cost::none},
      {"timestamp(3) without time zone", "timestamp(6) without time zone", Cost::none},
      {"timestamp without time zone", "timestamp(3) without time zone", Cost::rewrite},
      {"timestamp(3) without time zone", "timestamp with time zone", Cost::in_utc},
      {"timestamp(3) without time zone", "timestamp(3) with time zone", Cost::rewrite},
      {"timestamp(3) with time zone", "timestamp(6) without time zone", Cost::in_utc},
      {"timestamp without time zone", "date", Cost::rewrite},
      {"date", "timestamp without time zone", Cost::rewrite},
      {"time without time zone", "time with time zone", Cost::rewrite},
      {"interval(3)", "interval", Cost::none},
      {"interval", "interval(3)", Cost::rewrite},
      {"time(3) without time zone", "time without time zone", Cost::none},
      {"cidr", "inet", Cost::none},
      {"inet", "cidr", Cost::rewrite},
      {"json", "jsonb", Cost::rewrite},
      {"jsonb", "text", Cost::rewrite},
      {"text", "citext", Cost::none},
      {"citext", "text", Cost::none},
      {"character varying(10)", "citext", Cost::none},
      {"bit(3)", "bit(5)", Cost::rewrite},
      {"bit varying(3)", "bit varying(5)", Cost::none},
      {"bit varying(3)", "bit varying", Cost::none},
      {"xml", "text", Cost::none},
      {"character varying(10)[]", "text[]", Cost::rewrite},
      {"text[]", "character varying[]", Cost::rewrite},
      {"integer[]", "bigint[]", Cost::rewrite},
      {"text[]", "text[]", Cost::none},
      {"name", "text", Cost::rewrite},
      {"uuid", "text", Cost::rewrite},
      {"regclass", "oid", Cost::none},
      {"my_domain", "text", Cost::unknown},
      {"text", "\"Odd(Type\"", Cost::unknown},
      {"", "text", Cost::unknown},
      {"numeric(", "numeric)", Cost::unknown},
  };
  for (const auto& [from, to, cost] : cases)
    EXPECT_EQ(type_change(from, to).cost, cost) << from << " -> " << to;
}

TEST(TypeChange, AnEnumIsWritten) {
  EXPECT_EQ(type_change("\"Mood\"", "text", true).cost, Cost::rewrite);
  EXPECT_EQ(type_change("text", "app.\"State\"", true).cost, Cost::rewrite);
  EXPECT_EQ(type_change("mood", "mood", true).cost, Cost::none);
  EXPECT_EQ(type_change("mood", "text").cost, Cost::unknown);
}

TEST(TypeChange, OfATypeThatIsNotKnown) {
  EXPECT_EQ(type_change("", "jsonb").cost, Cost::rewrite);
  EXPECT_EQ(type_change("", "bigint").cost, Cost::rewrite);
  EXPECT_EQ(type_change("", "character varying(20)").cost, Cost::unknown);
}

TEST(TypeChange, KnowsWhatIsLostAndWhatFails) {
  EXPECT_TRUE(type_change("numeric(10,2)", "numeric(10,0)").loses);
  EXPECT_FALSE(type_change("numeric(10,2)", "numeric(12,4)").loses);
  EXPECT_TRUE(type_change("numeric(10,2)", "numeric(8,2)").fails);
  EXPECT_TRUE(type_change("double precision", "real").loses);
  EXPECT_TRUE(type_change("timestamp with time zone", "date").loses);
  EXPECT_TRUE(type_change("timestamp without time zone", "timestamp(0) without time zone").loses);
  EXPECT_FALSE(type_change("timestamp(3) without time zone", "timestamp(3) with time zone").loses);
  EXPECT_TRUE(type_change("bigint", "integer").fails);
  EXPECT_FALSE(type_change("bigint", "integer").loses);
  EXPECT_TRUE(type_change("text", "character varying(10)").fails);
}

}  // namespace
}  // namespace pgadvise
