// What findings say to write, or to index, in place of a condition that no index serves.
#include "model/queries/rewrite.h"

#include <gtest/gtest.h>

#include "sql/facts/facts.h"
#include "sql/replay/replay.h"

namespace pgadvise {
namespace {

Catalog events() {
  sql::Replayer replayer;
  replayer.run(
      "CREATE TYPE state AS ENUM ('a', 'b'); CREATE TABLE ev (id integer PRIMARY KEY, ts timestamptz, tl "
      "timestamp, del timestamptz, d date, a "
      "integer, n numeric, payload jsonb, tags text[], st state);",
      "events.sql");
  return replayer.take();
}

// `normalized` has $n in place of the literals of `called`.
Predicate predicate_of(const std::string& normalized, const std::string& called) {
  const Catalog catalog = events();
  Workload workload;
  Query& query = workload.queries.emplace_back();
  query.text = "SELECT id FROM ev WHERE " + normalized;
  query.samples.emplace_back().statement = "SELECT id FROM ev WHERE " + called;
  sql::resolve(workload, catalog);
  const auto& predicates = workload.queries.front().facts.predicates;
  return predicates.empty() ? Predicate() : predicates.front();
}

std::string advice(const std::string& normalized, const std::string& called) {
  const Predicate predicate = predicate_of(normalized, called);
  const Catalog catalog = events();
  const Column* column = catalog.table(predicate.column.table)->column(predicate.column.column);
  return rewrite(predicate, column->type);
}

TEST(Rewrite, FollowsTheOperator) {
  const auto begins = [](const std::string& text, const std::string& with) { return text.starts_with(with); };
  const auto expect = [&](const std::string& normalized, const std::string& called, const std::string& with) {
    const std::string text = advice(normalized, called);
    EXPECT_TRUE(begins(text, with)) << normalized << ": " << text;
  };
  const std::string range = "Compare the column itself with a range: ";
  expect("ts::date BETWEEN $1 AND $2", "ts::date BETWEEN '2026-11-19' AND '2026-11-20'",
         range + "ts >= $1::date AND ts < $2::date + 1.");
  expect("date(ts) >= $1", "date(ts) >= '2026-11-22'", range + "ts >= $1::date.");
  expect("date(ts) IN ($1,$2)", "date(ts) IN ('2026-11-20','2026-11-18')",
         range + "(ts >= $1::date AND ts < $1::date + 1 OR ts >= $2::date AND ts < $2::date + 1).");
  expect("date_trunc($1, ts) = $2", "date_trunc('month', ts) = '2026-11-01'",
         range +
             "ts >= $2::timestamptz AND ts < $2::timestamptz + interval '1 month'. The value must be the "
             "beginning of a month");
  expect("to_char(ts,$1) = $2", "to_char(ts,'YYYY-MM') = '2026-11'",
         range + "ts >= to_date($2, 'YYYY-MM') AND ts < to_date($2, 'YYYY-MM') + interval '1 month'");
  const std::string moved = "Compare the column itself: ";
  expect("now() - ts < interval $1", "now() - ts < interval '1 hour'", moved + "ts > now() - $1::interval.");
  expect("ts + interval $1 < $2", "ts + interval '30 days' < '2026-10-15'",
         moved + "ts < $2::timestamptz - $1::interval.");
  expect("d + $1 = $2", "d + 1 = '2026-11-20'", moved + "d = $2::date - $1::integer");
}

TEST(Rewrite, NoneWhereTheRowsWouldDiffer) {
  for (const auto& [normalized, called] : std::vector<std::pair<std::string, std::string>>{
           {"coalesce(del, $1) > now()", "coalesce(del, 'epoch') > now()"},
           {"age(ts) < interval $1", "age(ts) < interval '1 hour'"},
           {"date_trunc($1, ts) = now() - interval $2", "date_trunc('day', ts) = now() - interval '1 day'"},
           {"date(ts AT TIME ZONE $1) = $2", "date(ts AT TIME ZONE 'UTC') = '2026-11-20'"}}) {
    const std::string text = advice(normalized, called);
    EXPECT_EQ(text.find(" range"), std::string::npos) << text;
    EXPECT_EQ(text.find(">="), std::string::npos) << text;
  }
}

TEST(Rewrite, NarrowingAndNestedCastsAreIndexed) {
  EXPECT_EQ(advice("n::int = $1", "n::int = 7"),
            "Create an index on the expression: ((n::int)); CREATE INDEX, and later writes, fail for values "
            "that the expression cannot convert");
  EXPECT_TRUE(advice("(payload->>$1)::int = $2", "(payload->>'k')::int = 5")
                  .starts_with("Create an index on the expression: ((CAST(payload ->> 'k' AS int)))"))
      << advice("(payload->>$1)::int = $2", "(payload->>'k')::int = 5");
  EXPECT_EQ(condition_text(predicate_of("(payload->>$1)::int = $2", "(payload->>'k')::int = 5")),
            "(payload ->> …)::integer");
}

TEST(Rewrite, AValueWithAFractionIsNotRoundedToTheNextRow) {
  const std::string cast = "Cast the value instead: ";
  EXPECT_EQ(advice("id > $1", "id > 7.5"), cast + "id > floor($1::numeric)::integer");
  EXPECT_EQ(advice("id <= $1", "id <= 7.5"), cast + "id <= floor($1::numeric)::integer");
  EXPECT_EQ(advice("id >= $1", "id >= 7.5"), cast + "id >= ceil($1::numeric)::integer");
  EXPECT_EQ(advice("id < $1", "id < 7.5"), cast + "id < ceil($1::numeric)::integer");
  EXPECT_EQ(advice("id BETWEEN $1 AND $2", "id BETWEEN 7.5 AND 8.5"),
            cast + "id BETWEEN ceil($1::numeric)::integer AND floor($2::numeric)::integer");
  EXPECT_EQ(advice("id = $1", "id = 7.0"),
            "Cast the value to the column's type, not to numeric. The value must be a whole number");
  EXPECT_EQ(advice("id = 7.5", "id = 7.5"),
            "Compare id with a whole number: no row has a value with a fraction");
  // As plans have it.
  EXPECT_EQ(advice("id::numeric > 7.5", "id::numeric > 7.5"), cast + "id > floor(…::numeric)::integer");
  EXPECT_EQ(advice("id::numeric = 7.5", "id::numeric = 7.5"),
            "Compare id with a whole number: no row has a value with a fraction");
  EXPECT_TRUE(
      advice("id > sqrt($1)", "id > sqrt(5)").starts_with("Compare with a value of the column's type"))
      << advice("id > sqrt($1)", "id > sqrt(5)");
}

TEST(Rewrite, ATextOfWhichSeveralAreOneValue) {
  EXPECT_EQ(advice("id::text = $1", "id::text = '7'"),
            "Cast the value instead: id = $1::integer. The value must be a whole "
            "number: a text that is none is then an error, and '007' finds 7, too");
  EXPECT_EQ(advice("st::text = $1", "st::text = 'a'"),
            "Cast the value instead: st = $1::state. The value must be one of "
            "state: any other text is an error");
}

TEST(Rewrite, AnElementOfAnArray) {
  EXPECT_EQ(advice("$1 = ANY(tags)", "'t5' = ANY(tags)"),
            "Write tags @> ARRAY[$1]::text[], which a GIN index serves and = ANY does not");
}

}  // namespace
}  // namespace pgadvise
