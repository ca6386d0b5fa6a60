// Slow reads on a server: which index or rewrite a finding gives, and that the server builds each index.
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string logged(const std::string& sql) {
  return "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: " + sql + "\n";
}

nlohmann::json findings_of(live::Database& database, const std::string& sql) {
  const Folder folder;
  const auto log = folder.write("a.log", logged(sql));
  const Ran ran = run("check --db " + quoted(database.conninfo()) + " --log " + quoted(log) +
                      " --format json --fail-on never");
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  EXPECT_TRUE(report.is_object()) << ran.err;
  return report.is_object() ? report["findings"] : nlohmann::json::array();
}

// The one finding of the statement among the rules about slow reads.
nlohmann::json slow_read(live::Database& database, const std::string& sql) {
  nlohmann::json out;
  int found = 0;
  for (const auto& finding : findings_of(database, sql))
    if (finding["rule"] == "sequential-scan" || finding["rule"] == "non-sargable-predicate")
      out = finding, ++found;
  EXPECT_EQ(found, 1) << sql << out;
  return out;
}

std::string member(const nlohmann::json& finding, const char* name) {
  return finding.is_object() && finding["fix"].is_object() ? finding["fix"].value(name, "") : "";
}

// The server builds the index, and the plan of the statement then uses it.
void expect_helps(live::Database& database, const std::string& sql, const nlohmann::json& finding) {
  const std::string fix = member(finding, "sql");
  ASSERT_NE(fix, "") << sql << finding;
  EXPECT_EQ(finding["verdict"], "confirmed") << finding;
  for (std::size_t from = 0; from < fix.size();) {
    const auto end = std::min(fix.find('\n', from), fix.size());
    database.run(fix.substr(from, end - from));
    from = end + 1;
  }
  database.run("ANALYZE");
  std::string plan;
  auto connection = database.connect();
  const auto rows = connection.query("EXPLAIN " + sql);
  ASSERT_TRUE(rows) << rows.error().what;
  for (const auto& row : *rows) plan += row[0].value_or("") + "\n";
  EXPECT_TRUE(!has(plan, "Seq Scan")) << fix << "\n" << plan;
  const std::string undo = member(finding, "down_sql");
  for (std::size_t from = 0; from < undo.size();) {
    const auto end = std::min(undo.find('\n', from), undo.size());
    database.run(undo.substr(from, end - from));
    from = end + 1;
  }
}

const char* events =
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', "
    "current_database()); END $$; CREATE EXTENSION hypopg;"
    "CREATE TABLE events (id integer, at timestamptz NOT NULL, local timestamp NOT NULL, attrs jsonb NOT "
    "NULL, "
    "payload text NOT NULL, deleted_at timestamptz, sender integer, recipient integer, rank integer, name "
    "text, "
    "filler text);"
    "INSERT INTO events SELECT g, '2026-01-01'::timestamptz + g * interval '5 min', '2026-01-01'::timestamp "
    "+ g * "
    "interval '5 min', jsonb_build_object('k', g % 20000, 'tag', 't' || g), '{\"k\": \"' || (g % 20000) || "
    "'\"}', "
    "CASE WHEN g % 1000 = 0 THEN now() END, g % 20000, (g * 7) % 20000, CASE WHEN g % 3 = 0 THEN NULL ELSE g "
    "END, "
    "'n' || g, repeat('x', 150) FROM generate_series(1, 100000) g; ANALYZE events;";

TEST(SlowReads, AnIndexServesTheConditionAsItIsWritten) {
  live::Database database(events);
  database.run("ANALYZE events");
  for (const std::string condition :
       {"local::date = '2026-02-01'", "date_trunc('day', local) = '2026-02-01'", "attrs->>'k' = '77'",
        "attrs::jsonb->>'k' = '77'", "deleted_at IS NOT NULL", "sender = 5 OR recipient = 7",
        "coalesce(rank, 0) = 77", "lower(name) = 'n77'", "name LIKE 'n777%'"}) {
    const std::string sql = "SELECT id FROM events WHERE " + condition;
    expect_helps(database, sql, slow_read(database, sql));
  }
  for (const std::string sql : {"SELECT max(at) FROM events", "SELECT min(rank) FROM events"})
    expect_helps(database, sql, slow_read(database, sql));
}

TEST(SlowReads, GinForContainment) {
  live::Database database(events);
  const auto finding = slow_read(database, "SELECT id FROM events WHERE attrs @> '{\"tag\": \"t77\"}'");
  EXPECT_EQ(finding["verdict"], "confirmed") << finding;
  EXPECT_TRUE(has(member(finding, "sql"), "USING gin (attrs jsonb_path_ops)")) << finding;
  database.run(member(finding, "sql"));
}

TEST(SlowReads, ARewriteWhereNoIndexCanContainTheExpression) {
  live::Database database(events);
  for (const auto& [condition, advice] : std::vector<std::pair<std::string, std::string>>{
           {"date(at) = '2026-02-01'", "at >= $1::date AND at < $1::date + 1"},
           {"at::date BETWEEN '2026-02-01' AND '2026-02-02'", "at >= $1::date AND at < $2::date + 1"},
           {"date_trunc('day', at) = '2026-02-01'",
            "at >= $2::timestamptz AND at < $2::timestamptz + interval '1 day'"},
           {"date_trunc('month', at) = '2031-02-01'", "interval '1 month'"},
           {"extract(year from at) = 2031", "at >= make_date($2::integer, 1, 1)"},
           {"to_char(at, 'YYYY-MM-DD') = '2026-02-01'", "at < to_date($2, 'YYYY-MM-DD') + 1"},
           {"(attrs->>'k')::int = 77", "Create an index on the expression: ((CAST(attrs ->> 'k' AS int)))"},
           {"rank * 2 = 14", "Create an index on the expression"},
           {"(payload::jsonb)->>'k' = '77'", "Store payload as jsonb"},
           {"id = 7.0", "Cast the value to the column's type"}}) {
    const auto finding = slow_read(database, "SELECT name FROM events WHERE " + condition);
    EXPECT_EQ(finding["verdict"], "confirmed") << finding;
    EXPECT_TRUE(has(member(finding, "title"), advice)) << condition << finding;
    EXPECT_EQ(member(finding, "sql"), "") << finding;
    EXPECT_FALSE(has(finding["message"].get<std::string>(), "2026-02-01")) << "a literal of the log";
  }
}

TEST(SlowReads, ACastIsTheCauseWhereAnIndexExists) {
  live::Database database(events);
  database.run("CREATE UNIQUE INDEX events_id ON events (id)");
  const auto finding = slow_read(database, "SELECT name FROM events WHERE id = 7.0");
  EXPECT_EQ(finding["rule"], "non-sargable-predicate") << finding;
  EXPECT_EQ(finding["verdict"], "confirmed") << finding;
  EXPECT_TRUE(has(member(finding, "title"), "Cast the value")) << finding;
}

TEST(SlowReads, AConditionThatNoRuleKnows) {
  live::Database database(events);
  const auto finding = slow_read(
      database, "SELECT id FROM events WHERE CASE WHEN sender > 100 THEN recipient ELSE 0 END = 777");
  EXPECT_EQ(finding["verdict"], "confirmed") << finding;
  EXPECT_EQ(member(finding, "sql"), "");
  EXPECT_NE(member(finding, "title"), "");
}

// A scan that keeps few rows and that no index makes cheaper: the finding says so, and proposes no index.
TEST(SlowReads, NoIndexFoundIsSaid) {
  live::Database database(
      "CREATE EXTENSION hypopg; CREATE TABLE visits (id integer, kind integer, flag integer, filler text); "
      "INSERT INTO visits SELECT g, 1, 1, repeat('x', 150) FROM generate_series(1, 60000) g; ANALYZE visits; "
      "UPDATE pg_class SET reltuples = reltuples WHERE relname = 'visits'");
  database.run(
      "ALTER TABLE visits SET (autovacuum_enabled = off); ANALYZE visits; UPDATE visits SET kind = 2 WHERE "
      "id "
      "> 50");
  const auto finding = slow_read(database, "SELECT id FROM visits WHERE kind = 1");
  EXPECT_EQ(finding["verdict"], "confirmed") << finding;
  EXPECT_EQ(member(finding, "sql"), "") << finding;
  EXPECT_TRUE(has(member(finding, "title"), "No index found: the planner expects")) << finding;
  EXPECT_TRUE(has(member(finding, "title"), "ANALYZE")) << finding;
}

TEST(SlowReads, WhatNeedsMostRowsIsRefuted) {
  live::Database database(events);
  for (const auto& finding :
       findings_of(database, "SELECT name FROM events WHERE rank > 5 AND sender < 19000"))
    if (finding["rule"] == "sequential-scan") {
      EXPECT_EQ(finding["verdict"], "refuted") << finding;
    }
}

TEST(SlowReads, AResultWithoutEndIsCounted) {
  live::Database database(events);
  int found = 0;
  for (const auto& finding : findings_of(database, "SELECT id, name FROM events WHERE rank IS NOT NULL"))
    if (finding["rule"] == "unbounded-result") {
      EXPECT_EQ(finding["verdict"], "confirmed") << finding;
      EXPECT_TRUE(has(finding["message"].get<std::string>(), "returns 66,")) << finding;
      ++found;
    }
  EXPECT_EQ(found, 1);
}

TEST(SlowReads, ExplainNamesTheCauseOfAScan) {
  live::Database database(std::string(events) +
                          "INSERT INTO events SELECT id, at, local, attrs, payload, deleted_at, sender, "
                          "recipient, rank, name, filler "
                          "FROM events");
  const auto text = [&](const std::string& condition) {
    const Ran ran = run("explain " + quoted("SELECT name FROM events WHERE " + condition) +
                        " --format json --db " + quoted(database.conninfo()));
    const auto json = nlohmann::json::parse(ran.out, nullptr, false);
    return json.is_object() && json["insights"].size() == 1 ? json["insights"][0].value("text", "") : ran.out;
  };
  const std::string plain = "An index on the columns of the filter would find the rows";
  EXPECT_TRUE(has(text("sender = 77"), plain));
  for (const std::string condition :
       {"at::date = '2026-02-01'", "id = 7.0", "date_trunc('day', at) = '2026-02-01'",
        "(payload::jsonb)->>'k' = '77'"}) {
    const std::string out = text(condition);
    EXPECT_FALSE(has(out, plain)) << out;
    EXPECT_TRUE(has(out, "alone serves this filter")) << out;
  }
}

// Values that a B-tree cannot hold.
const char* pages =
    "CREATE EXTENSION hypopg; CREATE TABLE pages (id integer PRIMARY KEY, slug text, url text, body text, "
    "meta "
    "jsonb, note text, code varchar(40));"
    "INSERT INTO pages SELECT g, 'slug-' || g, 'https://example.org/' || g || repeat('u', 80) || CASE WHEN g "
    "% 500 "
    "= 0 THEN (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 300) i) ELSE '' END, (SELECT "
    "string_agg(md5(g::text || i), '') FROM generate_series(1, 40 + g % 5 * 60) i), jsonb_build_object('k', "
    "g), "
    "'n' || g, 'c' || g FROM generate_series(1, 5000) g; ANALYZE pages;";

TEST(EntrySizes, LongValuesGetAHashIndexOrNone) {
  live::Database database(pages);
  const auto fix_of = [&](const std::string& sql) { return slow_read(database, sql); };
  for (const std::string column : {"url", "body"}) {
    const auto hash = fix_of("SELECT id FROM pages WHERE " + column + " = 'x'");
    EXPECT_TRUE(has(member(hash, "sql"), "USING hash (" + column + ")")) << hash;
    EXPECT_EQ(hash["verdict"], "confirmed") << hash;
    EXPECT_TRUE(has(hash["evidence"].dump(), "2,704 bytes")) << hash;
    database.run(member(hash, "sql"));
    database.run("DROP INDEX pages_" + column + "_idx");
    const auto none = fix_of("SELECT id FROM pages WHERE " + column + " > 'zzz'");
    EXPECT_EQ(member(none, "sql"), "") << none;
    EXPECT_TRUE(has(none["evidence"].dump(), "2,704 bytes")) << none;
  }
  const auto sorted = fix_of("SELECT id FROM pages WHERE slug = 'slug-7' ORDER BY body LIMIT 3");
  EXPECT_TRUE(has(member(sorted, "sql"), "(slug)")) << sorted;
  EXPECT_EQ(database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

TEST(EntrySizes, ShortValuesAndDeclaredLengthsAreIndexed) {
  live::Database database(pages);
  for (const std::string column : {"slug", "note", "code"}) {
    const auto finding = slow_read(database, "SELECT id FROM pages WHERE " + column + " > 'zzzz'");
    EXPECT_TRUE(has(member(finding, "sql"), "(" + column + ")")) << finding;
    EXPECT_EQ(has(finding["evidence"].dump(), "has no declared length"), column != "code") << finding;
    database.run(member(finding, "sql"));
  }
}

TEST(EntrySizes, AdviseLeavesOutWhatCannotBeBuilt) {
  live::Database database(pages);
  const Folder folder;
  const auto queries =
      folder.write("q.sql",
                   "SELECT id FROM pages WHERE url = 'x';\nSELECT id FROM pages WHERE body > 'zzz' "
                   "ORDER BY body LIMIT 5;\nSELECT id FROM pages WHERE slug = 'slug-7';\n");
  const Ran ran =
      run("advise --db " + quoted(database.conninfo()) + " --workload " + quoted(queries) + " --format json");
  const auto advice = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(advice.is_object()) << ran.err;
  std::set<std::string> built;
  for (const auto& index : advice["indexes"]) {
    const std::string sql = index["sql"];
    database.run(sql);
    built.insert(sql.substr(sql.find(" ON ")));
  }
  EXPECT_TRUE(built.count(" ON public.pages USING hash (url);")) << ran.out;
  for (const auto& sql : built) EXPECT_FALSE(has(sql, "body")) << sql;
  EXPECT_EQ(database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

}  // namespace
}  // namespace pgadvise
