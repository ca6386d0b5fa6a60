#include "check/run/impact.h"

#include <string>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "check/findings/short_id.h"
#include "lint/schema/table_growth.h"
#include "sql/replay/replay.h"
#include "support/paths.h"

namespace pgadvise::check {
namespace {

Catalog schema(const std::string& script) {
  sql::Replayer replayer;
  replayer.run(script, "schema.sql");
  return replayer.take();
}

Finding unindexed(const std::string& table, const std::string& column) {
  Finding out;
  out.rule = "unindexed-foreign-key";
  out.subject = {.kind = "foreign-key", .schema = "public", .table = table, .columns = {column}};
  out.proposal = IndexProposal{.table = {"public", table}};
  return out;
}

TEST(Impact, GrowingTablesAndCascadesComeFirst) {
  const Catalog catalog = schema(
      "CREATE TABLE users (id int PRIMARY KEY);"
      "CREATE TABLE events (a int REFERENCES users ON DELETE CASCADE, b int REFERENCES users);"
      "CREATE TABLE profiles (a int REFERENCES users);"
      "CREATE TABLE countries (a int);");
  const auto score = [&](const std::string& table, const std::string& column) {
    return impact_of(unindexed(table, column), {.catalog = &catalog, .workload = nullptr, .time = {}}).score;
  };
  EXPECT_GT(score("events", "a"), score("events", "b"));
  EXPECT_GT(score("events", "b"), score("profiles", "a"));
  EXPECT_GT(score("profiles", "a"), score("countries", "a"));
}

TEST(Impact, ErrorsOfDataAndDeploymentsComeBeforeGuessedCosts) {
  const Catalog catalog = schema(
      "CREATE TABLE users (id int PRIMARY KEY);"
      "CREATE TABLE events (a int REFERENCES users ON DELETE CASCADE, b int);");
  const ImpactInputs inputs{.catalog = &catalog, .workload = nullptr, .time = {}};
  const double guessed = impact_of(unindexed("events", "a"), inputs).score;
  const auto of = [&](const std::string& rule, Severity severity) {
    Finding out;
    out.rule = rule;
    out.severity = severity;
    out.subject = {.kind = "column", .schema = "public", .table = "events", .columns = {"b"}};
    return impact_of(out, inputs).score;
  };
  EXPECT_GT(of("unchecked-raw-sql", Severity::error), guessed);
  EXPECT_GT(of("concurrently-in-transaction", Severity::error), guessed);
  EXPECT_GT(of("set-null-on-required-column", Severity::error), guessed);
  EXPECT_LE(of("renamed-in-use", Severity::note), of("redundant-index", Severity::warning))
      << "a rename takes no time, and a note has half of the points of its harm";
  EXPECT_GT(of("blocking-alter", Severity::warning), of("redundant-index", Severity::warning))
      << "its lock counts";
}

TEST(Impact, ANoteOfUnmeasuredTimeComesBehindEveryWarning) {
  const ImpactPoints& points = impact_points;
  const double most = points.note + points.confirmed + points.data / 2 + points.most_guessed;
  EXPECT_LT(most * points.of_unmeasured_note, points.warning);
  Finding note, warning;
  note.rule = "unchecked-raw-sql";
  note.severity = Severity::note;
  note.verdict = Verdict::confirmed;
  warning.rule = "redundant-index";
  warning.severity = Severity::warning;
  EXPECT_LT(impact_of(note, {}).score, impact_of(warning, {}).score);
}

TEST(Impact, AGuessIsWorthLessThanTheStepBetweenSeverities) {
  const ImpactPoints& points = impact_points;
  EXPECT_LT(points.most_guessed, points.warning - points.note);
  EXPECT_LT(points.most_guessed, points.error - points.warning);
}

TEST(Impact, OnlyWhatIsKnownIsPrinted) {
  Catalog catalog =
      schema("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE t (a int REFERENCES users);");
  const ImpactInputs inputs{.catalog = &catalog, .workload = nullptr, .time = {}};
  EXPECT_EQ(impact_of(unindexed("t", "a"), inputs).effect, "");
  catalog.tables.at({"public", "t"}).statistics = TableStatistics{.rows = 220000};
  EXPECT_EQ(impact_of(unindexed("t", "a"), inputs).effect, "each DELETE of a parent row scans 220,000 rows");
}

TEST(Impact, OfALoggedStatementIsItsTimePerHour) {
  Workload workload;
  Query slow, quick;
  slow.fingerprint = "a";
  slow.calls = slow.timed_calls = 10;
  slow.total_ms = 9'000;
  slow.first = 0;
  slow.last = 1'800'000'000;  // half an hour
  quick.fingerprint = "b";
  quick.total_ms = 1'000;
  workload.queries = {slow, quick};
  Finding finding;
  finding.rule = "sequential-scan";
  finding.subject.fingerprint = "a";
  const WorkloadTime time = time_of(workload);
  EXPECT_EQ(time.hours, 0.5);
  ImpactInputs inputs{.catalog = nullptr, .workload = &workload, .time = time};
  EXPECT_EQ(impact_of(finding, inputs).effect,
            "takes 9.0 s in 30 min of log (90 % of the logged query time)");
  finding.fix = Fix{.title = "x", .cost_before = 100, .cost_after = 50};
  EXPECT_EQ(impact_of(finding, inputs).effect,
            "saves 4.5 s in 30 min of log (45 % of the logged query time)");
  workload.queries[0].last = 5'400'000'000;
  inputs.time = time_of(workload);
  EXPECT_EQ(impact_of(finding, inputs).effect, "saves 3.0 s per hour, 45 % of the logged query time");
}

TEST(Impact, TheDocumentationHasTheConstants) {
  const std::string text =
      read_file(std::string(testing_support::source_dir) + "/docs/impact.md").value_or("");
  const auto has = [&](const std::string& words) { return text.find(words) != std::string::npos; };
  const auto number = [](double value) { return std::to_string(static_cast<long>(value)); };
  const ImpactPoints& points = impact_points;
  EXPECT_TRUE(has("error " + number(points.error) + ", warning " + number(points.warning) + ", note " +
                  number(points.note)));
  EXPECT_TRUE(has("confirmed " + number(points.confirmed)));
  EXPECT_TRUE(has("others " + number(points.data) + ";"));
  EXPECT_TRUE(has("refuses statements " + number(points.deployment)));
  EXPECT_TRUE(has("values " + number(points.correctness) + ";"));
  EXPECT_TRUE(has("guessed (below) " + number(points.guessed_per_power_of_ten) + ", and at most " +
                  number(points.most_guessed)));
  EXPECT_EQ(impact_assumptions.ms_per_row_scanned, 0.0003) << "0.3 µs in docs/impact.md";
  EXPECT_EQ(impact_assumptions.ms_per_row_locked, 0.001) << "1 µs in docs/impact.md";
}

TEST(Growth, GoesByNameAndForm) {
  using lint::Growth;
  const Catalog catalog = schema(
      "CREATE TABLE order_statuses (id int PRIMARY KEY, name text);"
      "CREATE TABLE \"WebhookDelivery\" (id int);"
      "CREATE TABLE customers (id int);"
      "CREATE TABLE \"ApiToken\" (id int); CREATE TABLE verification_tokens (id int); CREATE TABLE "
      "webhook_calls (id int);"
      "CREATE TABLE user_roles (id int, role int REFERENCES order_statuses);");
  const auto of = [&](const char* name) { return lint::growth_of(*catalog.table({"public", name})); };
  EXPECT_EQ(of("order_statuses"), Growth::lookup);
  EXPECT_EQ(of("WebhookDelivery"), Growth::growing);
  EXPECT_EQ(of("customers"), Growth::ordinary);
  EXPECT_EQ(of("ApiToken"), Growth::ordinary) << "made by hand";
  EXPECT_EQ(of("verification_tokens"), Growth::growing);
  EXPECT_EQ(of("webhook_calls"), Growth::growing);
  EXPECT_EQ(of("user_roles"), Growth::ordinary) << "it references another table";
}

TEST(ShortIds, AreAsLongAsTheyMustBe) {
  Finding a, b, c, d;
  a.rule = b.rule = c.rule = "one";
  d.rule = "two";
  a.id = "1b17aaaaaaaaaaaa";
  b.id = "1b17abaaaaaaaaaa";
  c.id = "2000000000000000";
  d.id = a.id;
  set_short_ids({&a, &b, &c, &d});
  EXPECT_EQ(a.short_id, "one:1b17aa");
  EXPECT_EQ(b.short_id, "one:1b17ab");
  EXPECT_EQ(c.short_id, "one:2000");
  EXPECT_EQ(d.short_id, "two:1b17");
  EXPECT_TRUE(named_by(a, "one:1b17"));
  EXPECT_TRUE(named_by(a, "one"));
  EXPECT_FALSE(named_by(a, "one:2000"));
  EXPECT_FALSE(named_by(d, "one"));
}

}  // namespace
}  // namespace pgadvise::check
