// N+1: what the log's order tells, and what the rule makes of it.
#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "lint/run/context.h"
#include "lint/run/rule.h"
#include "log_support.h"
#include "sql/facts/facts.h"
#include "sql/replay/replay.h"

namespace pgadvise::log::testing {
namespace {

lint::Outcome run_rules(Workload& workload, const Catalog* catalog = nullptr,
                        const Project* project = nullptr) {
  sql::resolve(workload, catalog ? *catalog : Catalog{});
  return lint::run({catalog, &workload, project}, {"n-plus-one-query"});
}

Catalog schema(std::string_view script) {
  sql::Replayer replayer;
  replayer.run(script, "schema.sql");
  return replayer.take();
}

// The scenario that a finding belongs to: its query's application.
std::string label(const Workload& workload, const std::string& fingerprint) {
  const Query* query = workload.query(fingerprint);
  return query && !query->applications.empty() ? *query->applications.begin() : "?";
}

TEST(NPlusOne, PrecisionAndRecallOnRecordedLoops) {
  const Read log = read_paths({fixture("logs/loops.csv")});
  Workload workload = log.workload;
  std::set<std::string> expected;
  std::set<std::string> expected_writes;
  for (const auto& query : workload.queries)
    for (const auto& application : query.applications) {
      if (application.starts_with("bad-")) expected.insert(application);
      if (application.starts_with("write-")) expected_writes.insert(application);
    }
  EXPECT_EQ(expected.size(), 9u);
  std::set<std::string> found;
  for (const auto& finding : run_rules(workload).findings)
    found.insert(label(workload, finding.subject.fingerprint));
  EXPECT_EQ(found, expected);  // precision 1, recall 1
  std::set<std::string> repeated;
  for (const auto& repeat : workload.repeats)
    if (!repeat.same_values)
      for (const auto& fingerprint : repeat.pattern) repeated.insert(label(workload, fingerprint));
  expected.insert(expected_writes.begin(), expected_writes.end());
  EXPECT_EQ(repeated, expected);
}

TEST(NPlusOne, FromDurationsOnLinesOfTheirOwn) {
  Workload pairs = read_paths({fixture("logs/paired.log")}).workload;
  Workload single = read_paths({fixture("logs/loops.log")}).workload;
  const auto subjects = [](const lint::Outcome& outcome) {
    std::set<std::string> out;
    for (const auto& finding : outcome.findings) out.insert(finding.subject.fingerprint);
    return out;
  };
  EXPECT_EQ(subjects(run_rules(pairs)), subjects(run_rules(single)));
}

TEST(NPlusOne, NothingInPgbench) {
  Workload workload = read_paths({fixture("logs/pgbench.log")}).workload;
  EXPECT_GT(workload.queries.size(), 5u);
  EXPECT_TRUE(workload.repeats.empty());
  EXPECT_TRUE(run_rules(workload).findings.empty());
}

TEST(NPlusOne, TheShopsLoops) {
  Workload workload = read_paths({fixture("shop/logs/shop.csv")}).workload;
  std::set<std::string> found;
  for (const auto& repeat : workload.repeats)
    for (const auto& fingerprint : repeat.pattern)
      for (const auto& application : workload.query(fingerprint)->applications) found.insert(application);
  for (const auto* application :
       {"shop-order-list", "shop-product-page", "shop-customer-tree", "shop-settle", "shop-review-authors",
        "shop-dispatch-board", "shop-cart-products", "shop-feed-check", "shop-cart-merge", "shop-reprice",
        "shop-session-sweep", "shop-save-preferences"})
    EXPECT_TRUE(found.contains(application)) << application;
  const auto findings = run_rules(workload).findings;
  EXPECT_FALSE(findings.empty());
  for (const auto& finding : findings) {
    const auto& applications = workload.query(finding.subject.fingerprint)->applications;
    EXPECT_TRUE(std::any_of(applications.begin(), applications.end(), [](const std::string& a) {
      return !a.starts_with("shop-good") && a != "shop-header";
    })) << finding.message;
  }
}

// A log of calls, each some milliseconds after the one before.
class Calls {
 public:
  Calls& call(const std::string& statement, double after_ms = 2, int session = 7) {
    now_ += after_ms / 1000;
    text_ += at(now_, session, "LOG:  duration: 0.500 ms  statement: " + statement);
    return *this;
  }
  Calls& loop(const std::string& statement, int times, double after_ms = 2) {
    for (int i = 1; i <= times; ++i) call(fmt::format("{} = {}", statement, i), after_ms);
    return *this;
  }
  Workload read() const { return read_text(text_).workload; }

 private:
  double now_ = 1;
  std::string text_;
};

TEST(Repeats, CountSpanAndSamples) {
  const Workload workload =
      Calls().call("SELECT id FROM p LIMIT 6").loop("SELECT a FROM c WHERE p_id", 6).read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  const RepeatedQuery& repeat = workload.repeats[0];
  EXPECT_EQ(repeat.calls, 6u);
  EXPECT_EQ(repeat.distinct_parameters, 6u);
  EXPECT_EQ(repeat.scope, RepeatedQuery::Scope::session_burst);
  EXPECT_NEAR(repeat.longest_span_ms, 10.5, 0.01);
  EXPECT_NEAR(repeat.total_ms, 3.0, 0.001);
  ASSERT_EQ(repeat.samples.size(), 3u);
  EXPECT_EQ(repeat.samples[0].place.line, 3);
  EXPECT_EQ(repeat.parent_sample.value().place.line, 1);
}

TEST(Repeats, CallTimes) {
  Calls calls;
  calls.call("SELECT id FROM p LIMIT 6");
  for (int i = 1; i <= 6; ++i)
    calls.call(fmt::format("SELECT a FROM c WHERE id = {}", i))
        .call("SELECT v FROM settings WHERE k = 1", 3)
        .call(fmt::format("SELECT b FROM d WHERE id = {}", i), 5);
  const Workload workload = calls.read();
  const auto repeat = std::find_if(workload.repeats.begin(), workload.repeats.end(),
                                   [](const RepeatedQuery& each) { return each.pattern.size() == 2; });
  ASSERT_NE(repeat, workload.repeats.end());
  ASSERT_EQ(repeat->call_times.size(), 13u);
  using CallTime = RepeatedQuery::CallTime;
  EXPECT_EQ(repeat->call_times[0], (CallTime{0, 500, -1}));
  EXPECT_EQ(repeat->call_times[1], (CallTime{2000, 500, 0}));
  EXPECT_EQ(repeat->call_times[2], (CallTime{10000, 500, 1}));
  EXPECT_EQ(repeat->call_times[3], (CallTime{12000, 500, 0}));
}

TEST(Repeats, CallTimesAreBounded) {
  const Workload workload = Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 300).read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_EQ(workload.repeats[0].max_in_one_scope, 300u);
  EXPECT_EQ(workload.repeats[0].call_times.size(), RepeatedQuery::max_call_times + 1);
}

TEST(Repeats, CallTimesOfATransactionStartWithTheEarliest) {
  Calls calls;
  calls.call("BEGIN");
  for (int i = 1; i <= 6; ++i)
    calls.call(fmt::format("SELECT a FROM c WHERE id = {}", i))
        .call(fmt::format("SELECT {} FROM t{}", i, i % 5));
  const Workload workload = calls.call("COMMIT").read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  const auto& times = workload.repeats[0].call_times;
  ASSERT_GE(times.size(), 6u);
  for (const auto& call : times) {
    EXPECT_GE(call.offset_us, 0);
  }
  EXPECT_EQ(std::min_element(times.begin(), times.end(),
                             [](const auto& a, const auto& b) { return a.offset_us < b.offset_us; })
                ->offset_us,
            0);
}

TEST(Repeats, FourAreNone) {
  EXPECT_TRUE(Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 4).read().repeats.empty());
}

TEST(Repeats, PatternOfEight) {
  Calls calls;
  calls.call("SELECT id FROM p");
  for (int round = 1; round <= 5; ++round)
    for (int i = 1; i <= 8; ++i) calls.call(fmt::format("SELECT a FROM t{} WHERE id = {}", i, round));
  const Workload workload = calls.read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_EQ(workload.repeats[0].pattern.size(), 8u);
  EXPECT_EQ(workload.repeats[0].calls, 5u);
  EXPECT_EQ(workload.repeats[0].samples.size() % 8, 0u);
}

TEST(Repeats, StartOfAnUnevenPattern) {
  Calls calls;
  calls.call("SELECT id FROM p");
  for (int round = 1; round <= 6; ++round) {
    calls.call(fmt::format("SELECT a FROM o WHERE id = {}", round));
    for (int i = 1; i <= 3; ++i) calls.call(fmt::format("SELECT b FROM i WHERE id = {}", round * 10 + i));
  }
  const Workload workload = calls.read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_EQ(workload.repeats[0].calls, 6u);
  EXPECT_EQ(workload.query(workload.repeats[0].pattern.at(0))->text, "SELECT a FROM o WHERE id = $1");
  EXPECT_EQ(workload.query(workload.repeats[0].parent)->text, "SELECT id FROM p");
}

TEST(Repeats, StatementsOfTheLoopThatStayTheSameAreLeftOut) {
  Calls calls;
  calls.call("SELECT id FROM p");
  for (int i = 1; i <= 6; ++i)
    calls.call(fmt::format("SELECT a FROM c WHERE id = {}", i)).call("SELECT v FROM settings WHERE k = 1");
  const Workload workload = calls.read();
  ASSERT_EQ(workload.repeats.size(), 2u);
  for (const auto& repeat : workload.repeats) {
    ASSERT_EQ(repeat.pattern.size(), 1u);
    EXPECT_EQ(workload.query(repeat.pattern[0])->text,
              repeat.same_values ? "SELECT v FROM settings WHERE k = $1" : "SELECT a FROM c WHERE id = $1");
  }
}

TEST(Repeats, GapsEndABurst) {
  EXPECT_TRUE(
      Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 9, 160).read().repeats.empty());
  EXPECT_FALSE(
      Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 9, 60).read().repeats.empty());
  EXPECT_FALSE(
      Calls().call("BEGIN").loop("SELECT a FROM c WHERE p_id", 9, 160).call("COMMIT").read().repeats.empty());
  EXPECT_TRUE(Calls()
                  .call("BEGIN")
                  .loop("SELECT a FROM c WHERE p_id", 9, 1100)
                  .call("COMMIT")
                  .read()
                  .repeats.empty());
}

TEST(Repeats, WholeSecondsNeedADenseBurst) {
  std::string dense;
  std::string sparse;
  const auto add = [](std::string& text, int second, const std::string& sql) {
    text += fmt::format("2024-05-01 12:{:02}:{:02} UTC [7]: LOG:  duration: 0.5 ms  statement: {}\n",
                        second / 60, second % 60, sql);
  };
  add(dense, 1, "SELECT id FROM p");
  for (int i = 0; i < 20; ++i) add(dense, 1 + i / 10, fmt::format("SELECT a FROM c WHERE p_id = {}", i));
  for (int i = 0; i < 40; ++i) add(sparse, i, fmt::format("SELECT a FROM c WHERE p_id = {}", i));
  const Workload workload = read_text(dense).workload;
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_TRUE(workload.repeats[0].call_times.empty());
  EXPECT_TRUE(read_text(sparse).workload.repeats.empty());
}

TEST(Repeats, ClockThatGoesBackEndsABurst) {
  const Workload workload = Calls()
                                .call("SELECT id FROM p")
                                .loop("SELECT a FROM c WHERE p_id", 4)
                                .call("SELECT a FROM c WHERE p_id = 9", -3'000)
                                .call("SELECT a FROM c WHERE p_id = 10")
                                .read();
  EXPECT_TRUE(workload.repeats.empty());
}

TEST(Repeats, SteadyTrafficOfOneConnectionIsNoLoop) {
  EXPECT_TRUE(Calls().loop("SELECT a FROM c WHERE p_id", 1500, 1).read().repeats.empty());
  EXPECT_FALSE(
      Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 1500, 1).read().repeats.empty());
}

TEST(Repeats, ParametersThatWereNotLogged) {
  std::string text = at(1, 7, "LOG:  duration: 0.1 ms  execute <unnamed>: SELECT id FROM p");
  for (int i = 0; i < 6; ++i)
    text +=
        at(1.01 + i * 0.002, 7, "LOG:  duration: 0.1 ms  execute <unnamed>: SELECT a FROM c WHERE p_id = $1");
  Workload workload = read_text(text).workload;
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_FALSE(workload.repeats[0].parameters_known);
  const auto outcome = run_rules(workload);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::note);
}

TEST(Repeats, EveryScopeThatShowsThemIsCounted) {
  Calls calls;
  for (int i = 3; i < 8; ++i) calls.call("SELECT id FROM p", 500).loop("SELECT a FROM c WHERE p_id", i + 2);
  const Workload workload = calls.read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_EQ(workload.repeats[0].scopes, 5u);
  EXPECT_EQ(workload.repeats[0].calls, 5u + 6 + 7 + 8 + 9);
  EXPECT_EQ(workload.repeats[0].max_in_one_scope, 9u);
}

TEST(Repeats, KnowTheClientsPauses) {
  const Workload even = Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 8, 3).read();
  ASSERT_EQ(even.repeats.size(), 1u);
  EXPECT_NEAR(even.repeats[0].pauses.median_ms, 2.5,
              0.6);  // 3 ms from stamp to stamp, half a millisecond of work
  EXPECT_NEAR(even.repeats[0].pauses.high_ms, 2.5, 0.6);
  EXPECT_LT(even.repeats[0].pauses.within_ms, 0);  // one statement a round
  EXPECT_FALSE(even.repeats[0].elsewhere);

  Calls requests;
  for (int i = 1; i <= 10; ++i)
    requests.call(fmt::format("SELECT a FROM c WHERE p_id = {}", i), 30)
        .call(fmt::format("SELECT b FROM d WHERE id = {}", i), 1);
  const Workload apart = requests.read();
  ASSERT_EQ(apart.repeats.size(), 1u);
  EXPECT_NEAR(apart.repeats[0].pauses.median_ms, 29.5, 6);
  EXPECT_NEAR(apart.repeats[0].pauses.within_ms, 0.5, 0.2);
}

TEST(Repeats, KnowWhetherAnotherSessionRanTheSame) {
  Calls calls;
  for (int i = 1; i <= 12; ++i)
    calls.call(fmt::format("SELECT a FROM c WHERE p_id = {}", i), 2, i == 6 ? 8 : 7);
  const Workload workload = calls.read();
  ASSERT_FALSE(workload.repeats.empty());
  EXPECT_TRUE(workload.repeats[0].elsewhere);
  const Workload before =
      Calls().call("SELECT a FROM c WHERE p_id = 1", 0, 8).loop("SELECT a FROM c WHERE p_id", 6, 2).read();
  ASSERT_FALSE(before.repeats.empty());
  EXPECT_FALSE(before.repeats[0].elsewhere);  // it came before them
}

TEST(Repeats, KnowWhatCameBeforeTheParent) {
  const Workload workload = Calls()
                                .call("SELECT id FROM p WHERE id < 9")
                                .call("SELECT v FROM settings")
                                .loop("SELECT a FROM c WHERE p_id", 6)
                                .read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  ASSERT_EQ(workload.repeats[0].earlier.size(), 1u);
  EXPECT_EQ(workload.repeats[0].earlier[0].sample.place.line, 1);
  EXPECT_EQ(workload.query(workload.repeats[0].parent)->text, "SELECT v FROM settings");
}

struct Shop {
  Catalog catalog;
  Shop() {
    Table parent{.name = {"public", "p"}};
    parent.columns = {{.name = "id", .type = "integer"}};
    Table child{.name = {"public", "c"}};
    child.columns = {{.name = "a", .type = "integer"}, {.name = "p_id", .type = "integer"}};
    child.constraints.push_back({.kind = Constraint::Kind::foreign_key,
                                 .name = "c_p_id_fkey",
                                 .columns = {"p_id"},
                                 .referenced_table = parent.name,
                                 .referenced_columns = {"id"}});
    catalog.tables.emplace(parent.name, parent);
    catalog.tables.emplace(child.name, child);
  }
};

std::string confidence(const Finding& finding) { return finding.evidence.back().text; }

TEST(NPlusOneRule, ForeignKeyMakesItSure) {
  Workload workload =
      Calls().call("SELECT id FROM p WHERE id < 100").loop("SELECT a FROM c WHERE p_id", 6).read();
  const Shop shop;
  const auto outcome = run_rules(workload, &shop.catalog);
  ASSERT_EQ(outcome.findings.size(), 1u);
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.severity, Severity::warning);
  EXPECT_EQ(finding.subject.kind, "query");
  EXPECT_EQ(finding.subject.table, "c");
  EXPECT_EQ(finding.subject.fingerprint, workload.repeats[0].pattern[0]);
  EXPECT_TRUE(confidence(finding).starts_with("confidence high")) << confidence(finding);
  EXPECT_NE(finding.message.find("6 times"), std::string::npos) << finding.message;
  ASSERT_TRUE(finding.fix);
  EXPECT_NE(finding.fix->title.find("WHERE p_id = ANY($1)"), std::string::npos) << finding.fix->title;
  EXPECT_EQ(finding.fix->sql, "SELECT p_id, a FROM c WHERE p_id = ANY($1)");
  EXPECT_EQ(std::count_if(finding.evidence.begin(), finding.evidence.end(),
                          [](const Evidence& e) { return e.text == "logged here"; }),
            3);
}

TEST(NPlusOneRule, LiteralsStandInTheirOwnPlaceOnly) {
  Workload workload = Calls()
                          .call("SELECT id FROM p WHERE name = 'secret'")
                          .loop("SELECT a FROM c WHERE w = 'secret' AND p_id", 6)
                          .read();
  const auto outcome = run_rules(workload);
  ASSERT_EQ(outcome.findings.size(), 1u);
  const Finding& finding = outcome.findings[0];
  bool shown = false;
  EXPECT_EQ(finding.message.find("secret"), std::string::npos);
  for (const auto& evidence : finding.evidence) {
    EXPECT_EQ(evidence.text.find("secret"), std::string::npos) << evidence.text;
    shown |= evidence.literal.find("secret") != std::string::npos;
  }
  EXPECT_TRUE(shown);
}

TEST(NPlusOneRule, WritesAreNotItsBusiness) {
  Workload writes = Calls().call("SELECT id FROM p").loop("UPDATE c SET a = 1 WHERE p_id", 12).read();
  EXPECT_EQ(writes.repeats.size(), 1u);
  EXPECT_TRUE(run_rules(writes).findings.empty());
  Calls calls;
  calls.call("SELECT id FROM p");
  for (int i = 1; i <= 6; ++i)
    calls.call(fmt::format("SELECT a FROM c WHERE p_id = {}", i))
        .call(fmt::format("UPDATE d SET a = 1 WHERE id = {}", i));
  Workload mixed = calls.read();
  EXPECT_EQ(run_rules(mixed).findings.size(), 1u);
}

TEST(NPlusOneRule, RareBurstsOfABusyQueryAreANote) {
  Calls calls;
  calls.call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 5);
  for (int i = 0; i < 60; ++i) calls.call(fmt::format("SELECT a FROM c WHERE p_id = {}", i), 300);
  Workload workload = calls.read();
  const auto outcome = run_rules(workload);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::note);
}

TEST(NPlusOneRule, TheKeysComeFromWhatTheForeignKeyNames) {
  Workload workload = Calls()
                          .call("SELECT id FROM p WHERE id < 9")
                          .call("SELECT v FROM settings")
                          .loop("SELECT a FROM c WHERE p_id", 6)
                          .read();
  const Shop shop;
  const auto outcome = run_rules(workload, &shop.catalog);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_TRUE(confidence(outcome.findings[0]).starts_with("confidence high"))
      << confidence(outcome.findings[0]);
  EXPECT_EQ(outcome.findings[0].evidence[0].text, "the keys come from: SELECT id FROM p WHERE id < $1");
  EXPECT_EQ(outcome.findings[0].evidence[0].place->line, 1);
}

TEST(NPlusOneRule, AnEarlierStatementOfTheRoundGivesTheKey) {
  Calls calls;
  calls.call("SELECT x FROM list WHERE x < 9");
  for (int i = 1; i <= 6; ++i)
    calls.call(fmt::format("SELECT id FROM p WHERE name = 'n{}'", i))
        .call(fmt::format("SELECT a FROM c WHERE p_id = {}", i));
  Workload workload = calls.read();
  const Shop shop;
  const auto outcome = run_rules(workload, &shop.catalog);
  ASSERT_EQ(outcome.findings.size(), 2u);
  for (const auto& finding : outcome.findings)
    EXPECT_EQ(finding.evidence[0].text, finding.subject.table == "c"
                                            ? "the keys come from: SELECT id FROM p WHERE name = $1"
                                            : "the query before it: SELECT x FROM list WHERE x < $1");
}

// Four statements of each request, on a client that is taken from a pool for its length.
TEST(NPlusOneRule, RequestsOfAServiceAreANote) {
  Calls calls;
  const double pauses[] = {3, 41, 12, 8, 70, 22, 5, 33, 18, 60};
  for (int i = 1; i <= 40; ++i) {
    calls.call(fmt::format("SELECT s FROM session WHERE id = {}", i), pauses[i % 10]);
    for (const auto* table : {"person", "basket", "visit"})
      calls.call(fmt::format("SELECT a FROM {} WHERE id = {}", table, i), 1);
  }
  Workload workload = calls.read();
  const auto outcome = run_rules(workload);
  ASSERT_FALSE(outcome.findings.empty());
  for (const auto& finding : outcome.findings) EXPECT_EQ(finding.severity, Severity::note) << finding.message;
}

TEST(NPlusOneRule, AQueryOfOneRowGivesNoKeys) {
  Calls calls;
  calls.call("SELECT 1");
  const double pauses[] = {3, 41, 12, 8, 70, 22, 5, 33, 18, 60};
  for (int i = 1; i <= 20; ++i) calls.call(fmt::format("SELECT a FROM c WHERE p_id = {}", i), pauses[i % 10]);
  Workload workload = calls.read();
  const auto outcome = run_rules(workload);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::note);
  EXPECT_NE(confidence(outcome.findings[0]).find("are as irregular"), std::string::npos)
      << confidence(outcome.findings[0]);
}

// Rows that come one by one with no list before them: evenly and at once they are a loop, else nothing tells.
TEST(NPlusOneWriteRule, IngestIsANoteAndAScriptIsNot) {
  const auto severity = [](const Calls& calls) {
    Workload workload = calls.read();
    sql::resolve(workload, Catalog{});
    const auto outcome = lint::run({nullptr, &workload, nullptr}, {"n-plus-one-write"});
    EXPECT_EQ(outcome.findings.size(), 1u);
    return outcome.findings.empty() ? Severity::error : outcome.findings[0].severity;
  };
  const auto insert = [](int i) { return fmt::format("INSERT INTO t (a, b) VALUES ({}, 'x{}')", i, i); };
  Calls script, ingest, several;
  const double pauses[] = {3, 41, 12, 8, 70, 22, 5, 33, 18, 60};
  for (int i = 1; i <= 700; ++i) script.call(insert(i), 2);
  for (int i = 1; i <= 30; ++i) ingest.call(insert(i), pauses[i % 10]);
  for (int i = 1; i <= 60; ++i)
    several.call(insert(i), 2, i % 20 == 0 ? 8 : 7);  // another connection writes the same
  EXPECT_EQ(severity(script), Severity::warning);
  EXPECT_EQ(severity(ingest), Severity::note);
  EXPECT_EQ(severity(several), Severity::note);
}

// A repository that opens a transaction for each call (Spring Data's do, and what ORMs save).
TEST(NPlusOneRule, RoundsInTransactionsOfTheirOwn) {
  const Shop shop;
  const auto rounds = [](Calls calls, const char* statement, int times) {
    for (int i = 1; i <= times; ++i)
      calls.call("BEGIN").call(fmt::format("{} = {}", statement, i)).call("COMMIT");
    return calls.read();
  };
  Workload loop = rounds(Calls().call("SELECT id FROM p WHERE id < 100"), "SELECT a FROM c WHERE p_id", 6);
  ASSERT_EQ(loop.repeats.size(), 1u);
  EXPECT_TRUE(loop.repeats[0].own_transactions);
  EXPECT_EQ(loop.repeats[0].scope, RepeatedQuery::Scope::session_burst);
  auto outcome = run_rules(loop, &shop.catalog);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::warning);
  Workload requests = rounds(Calls(), "SELECT a FROM c WHERE p_id", 6);
  outcome = run_rules(requests, &shop.catalog);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::note) << "a web framework's transaction is a request";

  Calls saves;
  for (int i = 1; i <= 30; ++i)
    saves.call("BEGIN").call(fmt::format("INSERT INTO c (a) VALUES ({})", i)).call("COMMIT");
  Workload saved = saves.read();
  sql::resolve(saved, Catalog{});
  outcome = lint::run({nullptr, &saved, nullptr}, {"n-plus-one-write"});
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].severity, Severity::warning);
  EXPECT_TRUE(saved.write_pairs.empty());
}

TEST(Repeats, ALongTransactionIsAScopeOfItsOwn) {
  Calls calls;
  calls.call("BEGIN").call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 6).call("COMMIT");
  const Workload workload = calls.read();
  ASSERT_EQ(workload.repeats.size(), 1u);
  EXPECT_EQ(workload.repeats[0].scope, RepeatedQuery::Scope::transaction);
  EXPECT_EQ(workload.repeats[0].calls, 6u);
  EXPECT_FALSE(workload.repeats[0].own_transactions);
  EXPECT_FALSE(workload.repeats[0].parent.empty());
}

// One connection that is never silent for long: a burst that contains many requests.
TEST(WritesOutsideTransaction, ADenseLogIsManyRequests) {
  const Catalog catalog = schema(
      "create table accounts (id int primary key); create table cards (id int primary key, account_id int "
      "references accounts); create table notes (id int primary key, account_id int references accounts, t "
      "text); create table visits (account_id int references accounts, at int);");
  Calls calls;
  for (int round = 0; round < 4; ++round) {
    calls.call(fmt::format("INSERT INTO accounts VALUES ({})", round));
    calls.call(fmt::format("INSERT INTO cards VALUES ({0}, {0})", round));
    for (int i = 0; i < 60; ++i)
      for (int table = 0; table < 6; ++table)
        calls.call(fmt::format("SELECT a FROM t{} WHERE id = {}", table, i));
    calls.call(fmt::format("INSERT INTO notes (id, account_id) VALUES ({0}, {0})", round));
    for (int table = 0; table < 6; ++table) calls.call(fmt::format("SELECT a FROM t{} WHERE b = 1", table));
    calls.call(fmt::format("UPDATE accounts SET id = {0} WHERE id = {0}", round));
    for (int i = 0; i < 9; ++i)
      calls.call(fmt::format("SELECT n FROM n WHERE id = {}", i))
          .call(fmt::format("INSERT INTO visits VALUES ({}, {})", round, i));
  }
  Workload workload = calls.read();
  sql::resolve(workload, catalog);
  std::set<std::string> found;
  for (const auto& finding :
       lint::run({&catalog, &workload, nullptr}, {"writes-outside-transaction"}).findings)
    found.insert(workload.query(finding.subject.entry)->text + "; " +
                 workload.query(finding.subject.fingerprint)->text);
  EXPECT_EQ(found, (std::set<std::string>{
                       "INSERT INTO accounts VALUES ($1); INSERT INTO cards VALUES ($1, $2)",
                       "UPDATE accounts SET id = $1 WHERE id = $2; INSERT INTO visits VALUES ($1, $2)"}));
}

TEST(WritesOutsideTransaction, LoggedValuesOfOtherRowsAreOtherRequests) {
  const Catalog catalog = schema(
      "create table p (id int primary key, n text); create table c (id int primary key, p_id int references "
      "p);");
  const auto found = [&](int shift) {
    std::string log;
    for (int i = 1; i <= 4; ++i) {
      log += at(i, 7, "LOG:  duration: 0.5 ms  execute a: insert into p (id, n) values ($1, $2)");
      log += at(i, 7, fmt::format("DETAIL:  parameters: $1 = '{}', $2 = 'x'", i));
      log += at(i + 0.01, 7, "LOG:  duration: 0.5 ms  execute b: insert into c (id, p_id) values ($1, $2)");
      log += at(i + 0.01, 7, fmt::format("DETAIL:  parameters: $1 = '{}', $2 = '{}'", i, i + shift));
    }
    Workload workload = read_text(log).workload;
    sql::resolve(workload, catalog);
    return lint::run({&catalog, &workload, nullptr}, {"writes-outside-transaction"}).findings.size();
  };
  EXPECT_EQ(found(0), 1u);
  EXPECT_EQ(found(70), 0u);
}

// Drizzle's logger: the order is all there is.
TEST(NPlusOneRule, LinesWithoutATime) {
  const Shop shop;
  const auto log = [](bool list, const char* child) {
    std::string out = list ? "Query: select \"id\" from \"p\" where \"id\" < $1 -- params: [100]\n" : "";
    for (int i = 1; i <= 8; ++i) out += fmt::format("Query: {} -- params: [{}]\n", child, i);
    return read_text(out).workload;
  };
  const auto severity = [&](Workload workload) {
    const auto outcome = run_rules(workload, &shop.catalog);
    return outcome.findings.size() == 1 ? std::optional(outcome.findings[0].severity) : std::nullopt;
  };
  EXPECT_EQ(severity(log(true, "select \"a\" from \"c\" where \"p_id\" = $1")), Severity::warning);
  EXPECT_EQ(severity(log(false, "select \"a\" from \"c\" where \"p_id\" = $1")), Severity::note)
      << "requests look the same";
  const Workload writes = read_text(
                              "Query: insert into \"p\" (\"id\") values ($1) -- params: [1]\n"
                              "Query: insert into \"c\" (\"p_id\") values ($1) -- params: [1]\n")
                              .workload;
  EXPECT_TRUE(writes.write_pairs.empty()) << "nothing tells that the two belong together";
}

TEST(NPlusOneRule, AListOfOneIsALoopAgain) {
  const auto found = [](const char* statement, int to) {
    Calls calls;
    for (int i = 1; i <= 6; ++i) calls.call(fmt::format(fmt::runtime(statement), i, i + to));
    Workload workload = calls.read();
    return run_rules(workload).findings.size();
  };
  EXPECT_EQ(found("SELECT a FROM c WHERE p_id IN ({})", 1), 1u);
  EXPECT_EQ(found("SELECT a FROM c WHERE p_id = ANY(ARRAY[{}])", 1), 1u);
  EXPECT_EQ(found("SELECT a FROM c WHERE p_id IN ({}, {})", 100), 0u);
  EXPECT_EQ(found("SELECT a FROM c WHERE p_id = ANY('{{{},{}}}')", 100), 0u);
}

// Several statements in a message, and slices of a LIMIT, are the cure already.
TEST(NPlusOneWriteRule, BatchesAndSlicesAreNone) {
  const auto found = [](const char* statement) {
    Calls calls;
    for (int i = 1; i <= 20; ++i) calls.call(fmt::format(fmt::runtime(statement), i));
    Workload workload = calls.read();
    sql::resolve(workload, Catalog{});
    return lint::run({nullptr, &workload, nullptr}, {"n-plus-one-write"}).findings.size();
  };
  EXPECT_EQ(found("INSERT INTO c (a) VALUES ({})"), 1u);
  EXPECT_EQ(found("INSERT INTO c (a) VALUES ({0}); INSERT INTO c (a) VALUES ({0})"), 0u);
  EXPECT_EQ(found("DELETE FROM c WHERE a IN (SELECT a FROM c WHERE b = {} LIMIT 10)"), 0u);
  EXPECT_EQ(found("DELETE FROM c WHERE a = {}"), 1u);
}

// On a busy machine, without a schema: the list leads to the loop each time.
TEST(NPlusOneRule, AListThatAlwaysLeadsToItIsItsParent) {
  const double pauses[] = {1, 9, 2, 1, 8, 1, 7, 1, 9, 8};
  const auto severity = [&](int others) {
    Calls calls;
    for (int request = 0; request < 4; ++request) {
      calls.call("SELECT id FROM p WHERE x > 4", 400);
      for (int i = 0; i < 12; ++i)
        calls.call(fmt::format("SELECT a FROM c WHERE p_id = {}", 100 * request + i), 0.5 + pauses[i % 10]);
    }
    for (int i = 0; i < others; ++i) calls.call("SELECT id FROM p WHERE x > 4", 400);
    Workload workload = calls.read();
    const auto outcome = run_rules(workload);
    EXPECT_EQ(outcome.findings.size(), 1u);
    return outcome.findings.at(0).severity;
  };
  EXPECT_EQ(severity(0), Severity::warning);
  EXPECT_EQ(severity(4), Severity::note);  // as often as not it leads to nothing
}

// pgbench -i, where the log has no application's name.
TEST(NPlusOneWriteRule, ABenchmarksTablesAreFilledAsItLikes) {
  const auto findings = [](const std::string& table) {
    Calls calls;
    calls.call("begin");
    for (int i = 1; i <= 20; ++i)
      calls.call(fmt::format("insert into {}(bid,bbalance) values({},0)", table, i));
    Workload workload = calls.call("commit").read();
    sql::resolve(workload, Catalog{});
    return lint::run({nullptr, &workload, nullptr}, {"n-plus-one-write"}).findings.size();
  };
  EXPECT_EQ(findings("pgbench_branches"), 0u);
  EXPECT_EQ(findings("branches"), 1u);
}

TEST(NPlusOneRule, SaysWhatTheRewriteTakesForGranted) {
  std::string text = at(1, 7, "LOG:  duration: 0.1 ms  execute <unnamed>: SELECT id FROM p");
  for (int i = 1; i <= 9; ++i)
    text += at(1 + i * 0.002, 7,
               "LOG:  duration: 0.1 ms  execute <unnamed>: SELECT a FROM c WHERE a = $1 AND p_id = $2") +
            at(1 + i * 0.002, 7, fmt::format("DETAIL:  parameters: $1 = '4', $2 = '{}'", i));
  Workload workload = read_text(text).workload;
  const Shop shop;
  const auto outcome = run_rules(workload, &shop.catalog);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].evidence.back().text,
            "the rewrite assumes that $1 is the same in every call: true for the 3 of the 9 calls that "
            "pgadvise kept");
}

TEST(NPlusOneRule, SpeaksDrizzleWhereTheProjectDoes) {
  Workload workload = Calls().call("SELECT id FROM p").loop("SELECT a FROM c WHERE p_id", 6).read();
  const Shop shop;
  Project project{.drizzle = true};
  project.drizzle_names = {{"public.c", "children"}, {"public.c.a", "a"}, {"public.c.p_id", "parentId"}};
  const auto outcome = run_rules(workload, &shop.catalog, &project);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].fix->drizzle,
            "db.select().from(children).where(inArray(children.parentId, keys))");
}

TEST(NPlusOneRule, NotRunWithoutEvents) {
  const Workload workload;
  const auto outcome = lint::run({nullptr, &workload, nullptr}, {"n-plus-one-query"});
  EXPECT_TRUE(outcome.ran.empty());
  EXPECT_EQ(outcome.skipped.size(), 1u);
}

}  // namespace
}  // namespace pgadvise::log::testing
