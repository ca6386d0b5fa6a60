// Rewritten conditions on a server: the same rows as the conditions that they replace, and an index scan.
#include "model/queries/rewritten_condition.h"

#include <gtest/gtest.h>

#include "live/support.h"
#include "sql/facts/facts.h"

namespace pgadvise {
namespace {

// Times around the changes to and from daylight saving time of 2026, and at the beginnings of units.
const char* rows =
    "CREATE TYPE mood AS ENUM ('sad', 'ok');"
    "CREATE TABLE ev (id integer PRIMARY KEY, ts timestamptz, tl timestamp, d date, a integer, b bigint, s "
    "smallint, n numeric, u uuid, m mood, r real);"
    "INSERT INTO ev SELECT g, '2026-03-20 00:00+00'::timestamptz + g * interval '37 minutes', '2026-03-20'::"
    "timestamp + (g % 800) * interval '1 hour', '2026-03-01'::date + g % 400, g % 50, g % 50, g % 50, (g % "
    "100) / 2.0, ('00000000-0000-0000-0000-0000000000' || lpad((g % 90)::text, 2, '0'))::uuid, CASE WHEN g % "
    "2 = 0 THEN 'ok' ELSE 'sad' END::mood, g % 40 FROM generate_series(1, 12000) g;"
    "INSERT INTO ev (id) VALUES (0);"
    "CREATE INDEX ON ev (ts); CREATE INDEX ON ev (tl); CREATE INDEX ON ev (d); CREATE INDEX ON ev (a); "
    "CREATE "
    "INDEX ON ev (b); CREATE INDEX ON ev (s); CREATE INDEX ON ev (n); CREATE INDEX ON ev (u); CREATE INDEX "
    "ON "
    "ev (m); CREATE INDEX ON ev (r); ANALYZE ev;";

struct Condition {
  std::string column;
  std::string type;
  std::string text;  // with $1, $2
  std::vector<std::string> values;
};

std::string filled(std::string text, const std::vector<std::string>& values) {
  for (std::size_t i = values.size(); i > 0; --i) {
    const std::string name = "$" + std::to_string(i);
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at))
      text.replace(at, name.size(), values[i - 1]);
  }
  return text;
}

std::optional<RewrittenCondition> rewritten(const Condition& condition) {
  Catalog catalog;
  Table& table = catalog.tables[{"public", "ev"}];
  table.name = {"public", "ev"};
  table.columns.push_back({.name = condition.column, .type = condition.type});
  catalog.enums[{"public", "mood"}];
  Workload workload;
  Query& query = workload.queries.emplace_back();
  query.text = "SELECT id FROM ev WHERE " + condition.text;
  query.samples.emplace_back().statement = filled(query.text, condition.values);
  sql::resolve(workload, catalog);
  const auto& predicates = workload.queries.front().facts.predicates;
  if (predicates.size() != 1) return std::nullopt;
  return rewritten_condition(predicates.front(), condition.type);
}

constexpr const char* ts = "timestamp with time zone";
constexpr const char* tl = "timestamp without time zone";

TEST(RewrittenConditions, SelectTheSameRows) {
  live::Database database(rows);
  const std::vector<Condition> conditions = {
      {"ts", ts, "date(ts) = $1", {"'2026-03-29'"}},
      {"ts", ts, "$1 = date(ts)", {"'2026-10-25'"}},
      {"ts", ts, "ts::date BETWEEN $1 AND $2", {"'2026-03-28'", "'2026-03-30'"}},
      {"ts", ts, "date(ts) IN ($1,$2)", {"'2026-03-29'", "'2026-04-02'"}},
      {"ts", ts, "ts::date = ANY (ARRAY[$1::date, $2::date])", {"'2026-03-29'", "'2026-04-02'"}},
      {"ts", ts, "date(ts) >= $1", {"'2026-10-25'"}},
      {"ts", ts, "date(ts) > $1", {"'2026-10-25'"}},
      {"ts", ts, "date(ts) < $1", {"'2026-03-29'"}},
      {"ts", ts, "date(ts) <= $1", {"'2026-03-29'"}},
      {"ts", ts, "$1 < date(ts)", {"'2026-10-25'"}},
      {"tl", tl, "tl::date = $1::date", {"'2026-03-29'"}},
      {"tl", tl, "date(tl) = CURRENT_DATE - $1", {"3"}},
      {"ts", ts, "date_trunc($1, ts) = $2", {"'day'", "'2026-03-29'"}},
      {"ts", ts, "date_trunc($1, ts) = $2", {"'month'", "'2026-10-01'"}},
      {"ts", ts, "date_trunc($1, ts) >= $2", {"'week'", "'2026-10-19'"}},
      {"ts", ts, "date_trunc($1, ts) > $2", {"'month'", "'2026-10-01'"}},
      {"ts", ts, "date_trunc($1, ts) <= $2", {"'quarter'", "'2026-04-01'"}},
      {"ts", ts, "date_trunc($1, ts) BETWEEN $2 AND $3", {"'month'", "'2026-04-01'", "'2026-05-01'"}},
      {"ts", ts, "date_trunc($1, ts) = date_trunc($2, now())", {"'day'", "'day'"}},
      {"tl", tl, "date_trunc($1, tl) = $2", {"'hour'", "'2026-03-29 02:00'"}},
      {"d", "date", "date_trunc($1, d) = $2", {"'month'", "'2026-04-01'"}},
      {"ts", ts, "to_char(ts, $1) = $2", {"'YYYY-MM'", "'2026-10'"}},
      {"ts", ts, "to_char(ts, $1) = $2", {"'YYYY-MM-DD'", "'2026-10-25'"}},
      {"tl", tl, "to_char(tl, $1) >= $2", {"'YYYYMM'", "'202604'"}},
      {"ts", ts, "to_char(ts, $1) IN ($2, $3)", {"'YYYY'", "'2025'", "'2026'"}},
      {"ts", ts, "extract($1 from ts) = $2", {"year", "2026"}},
      {"ts", ts, "date_part($1, ts) > $2", {"'year'", "2025"}},
      {"ts", ts, "$1::timestamptz - ts < interval $2", {"'2026-05-01'", "'6 hours'"}},
      {"ts", ts, "now() - ts < interval $1", {"'6 hours'"}},
      {"ts", ts, "ts - now() > $1", {"'90 minutes'"}},
      {"ts", ts, "ts + interval $1 < $2", {"'30 hours'", "'2026-03-29'"}},
      {"tl", tl, "tl - interval $1 >= $2", {"'10 days'", "'2026-03-29'"}},
      {"tl", tl, "tl - interval $1 BETWEEN $2 AND $3", {"'1 day'", "'2026-03-29'", "'2026-03-30'"}},
      {"d", "date", "d + $1 = $2", {"1", "'2026-04-20'"}},
      {"d", "date", "d - $1 <= $2", {"7", "'2026-04-20'"}},
      {"d", "date", "CURRENT_DATE - d < $1", {"3"}},
      {"d", "date", "CURRENT_DATE - d BETWEEN $1 AND $2", {"3", "9"}},
      {"a", "integer", "a + $1 = $2", {"3", "20"}},
      {"a", "integer", "$1 - a < $2", {"30", "12"}},
      {"s", "smallint", "s - $1 IN ($2, $3)", {"30", "12", "13"}},
      {"b", "bigint", "b - $1 BETWEEN $2 AND $3", {"5", "12", "13"}},
      {"n", "numeric", "n + $1 >= $2", {"0.5", "49"}},
      {"a", "integer", "a::bigint = $1", {"7"}},
      {"a", "integer", "a::numeric > $1", {"7.5"}},
      {"a", "integer", "a::numeric >= $1", {"7.5"}},
      {"a", "integer", "a::numeric < $1", {"7.5"}},
      {"a", "integer", "a::numeric <= $1", {"7"}},
      {"d", "date", "d::timestamp > $1", {"'2026-04-20 12:00'"}},
      {"d", "date", "d::timestamptz >= $1", {"'2026-04-20 12:00'"}},
      {"r", "real", "r::double precision = $1", {"7"}},
      {"a", "integer", "a::text = $1", {"'7'"}},
      {"u",
       "uuid",
       "u::text IN ($1, $2)",
       {"'00000000-0000-0000-0000-000000000007'", "'00000000-0000-0000-0000-000000000077'"}},
      {"m", "mood", "m::text = $1", {"'ok'"}}};
  for (const std::string zone : {"UTC", "Europe/Berlin", "America/New_York"}) {
    database.run("SET TimeZone = '" + zone + "'; SET enable_seqscan = off");
    for (const auto& condition : conditions) {
      const auto found = rewritten(condition);
      ASSERT_TRUE(found) << condition.text;
      const std::string before = "SELECT id FROM ev WHERE " + filled(condition.text, condition.values);
      const std::string after = "SELECT id FROM ev WHERE " + filled(found->sql, condition.values);
      EXPECT_EQ(database.value("SELECT count(*) FROM ((" + before + " EXCEPT " + after + ") UNION ALL (" +
                               after + " EXCEPT " + before + ")) AS differ"),
                "0")
          << zone << ": " << before << "\n"
          << after;
      std::string plan;
      const auto lines = database.admin().query("EXPLAIN " + after);
      ASSERT_TRUE(lines) << lines.error().what << after;
      for (const auto& row : *lines) plan += row[0].value_or("") + "\n";
      EXPECT_NE(plan.find("Index Cond"), std::string::npos) << after << "\n" << plan;
    }
  }
}

TEST(RewrittenConditions, NoneWhereTheRowsWouldDiffer) {
  for (const Condition& condition : std::vector<Condition>{
           {"ts", ts, "date_trunc($1, ts) = now() - interval $2", {"'day'", "'1 day'"}},
           {"ts", ts, "date(ts) = now()", {}},
           {"ts", ts, "date(ts) BETWEEN SYMMETRIC $1 AND $2", {"'2026-03-30'", "'2026-03-29'"}},
           {"ts", ts, "date(ts) <> $1", {"'2026-03-30'"}},
           {"ts", ts, "date(ts AT TIME ZONE $1) = $2", {"'Asia/Tokyo'", "'2026-03-30'"}},
           {"ts", ts, "to_char(ts, $1) = $2", {"'Month'", "'May'"}},
           {"ts", ts, "extract($1 from ts) = $2", {"month", "5"}},
           {"ts", ts, "coalesce(ts, $1) > now()", {"'epoch'"}},
           {"ts", ts, "age(ts) < interval $1", {"'1 hour'"}},
           {"ts", ts, "ts::timestamp = $1", {"'2026-03-30'"}},
           {"a", "integer", "a * $1 = $2", {"2", "15"}},
           {"a", "integer", "a + $1 = $2", {"1.5", "15"}},
           {"a", "integer", "a::text > $1", {"'7'"}},
           {"n", "numeric", "n::int = $1", {"7"}},
           {"r", "real", "r::int = $1", {"7"}},
           {"b", "bigint", "b::int = $1", {"7"}},
           {"c", "text", "c::varchar(3) = $1", {"'abc'"}},
           {"c", "text", "c::int = $1", {"7"}},
           {"payload", "jsonb", "(payload->>$1)::int = $2", {"'k'", "5"}}})
    EXPECT_FALSE(rewritten(condition)) << condition.text << ": " << rewritten(condition)->sql;
}

}  // namespace
}  // namespace pgadvise
