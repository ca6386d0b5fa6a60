#include "report/report.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "report/summary.h"
#include "report/text/paint.h"
#include "support/schema.h"

namespace pgadvise::report {
namespace {

using nlohmann::json;

std::string violations(const json& document) {
  return testing_support::violations("report.schema.json", document);
}

Report full_report() {
  Finding key;
  key.rule = "unindexed-foreign-key";
  key.verdict = Verdict::confirmed;
  key.subject = {.kind = "foreign-key",
                 .schema = "public",
                 .table = "auditLog",
                 .columns = {"userId"},
                 .constraint = "auditLog_userId_fkey"};
  key.id = finding_id(key.rule, key.subject);
  key.location = SourceLocation{"drizzle/0001.sql", 3, 1};
  key.message = "No index \x1b[31mserves\xff it";
  key.evidence.push_back({Evidence::Kind::plan, "EXPLAIN ANALYZE: Seq Scan", std::nullopt, {}});
  key.evidence.push_back(
      {Evidence::Kind::statement, "SELECT $1", SourceLocation{"shop.log", 9, 0}, "SELECT 'secret'"});
  key.fix = Fix{.title = "Create an index",
                .sql = "CREATE INDEX CONCURRENTLY i ON t (a);",
                .down_sql = "DROP INDEX CONCURRENTLY i;",
                .drizzle = "index('i').on(table.a)",
                .safety = Fix::Safety::safe,
                .cost_before = 100.5,
                .cost_after = 8.5};
  Finding query;
  query.rule = "sequential-scan";
  query.severity = Severity::note;
  query.verdict = Verdict::refuted;
  query.verdict_reason = "the table is small";
  query.subject = {.kind = "query", .fingerprint = "0123456789abcdef"};
  query.id = finding_id(query.rule, query.subject);
  query.message = "A statement";
  Report report;
  report.findings = {key, query};
  report.skipped = {{"n-plus-one-query", "needs a server's log (--log)"}};
  report.rules_run = {"unindexed-foreign-key"};
  report.inputs = {{"stderr log", "shop.log", "3 statements"}};
  report.diagnostics = {{Error::Kind::nonfatal, "a.sql:1:1", "syntax error", "fix it"}};
  report.started = "2026-01-31T12:00:00Z";
  report.server_version = "15.1";
  report.what_if = "HypoPG";
  report.planned = 30;
  report.analyzed = 12;
  report.analyze_seconds = 0.84;
  return report;
}

TEST(JsonReport, IsValidAgainstThePublishedSchema) {
  EXPECT_EQ(violations(json::parse(render("json", full_report(), {}))), "");
  EXPECT_EQ(violations(json::parse(render("json", full_report(), {.show_literals = true}))), "");
  Report empty;
  empty.started = "2026-01-31T12:00:00Z";
  EXPECT_EQ(violations(json::parse(render("json", empty, {}))), "");
}

TEST(JsonReport, SchemaRefusesWhatIsNotAReport) {
  json broken = json::parse(render("json", full_report(), {}));
  broken["findings"][0].erase("id");
  EXPECT_NE(violations(broken), "");
  broken = json::parse(render("json", full_report(), {}));
  broken["findings"][0]["surprise"] = 1;
  EXPECT_NE(violations(broken), "");
}

TEST(JsonReport, CountsWithoutTheRefuted) {
  const json summary = json::parse(render("json", full_report(), {}))["summary"];
  EXPECT_EQ(summary["findings"], 2);
  EXPECT_EQ(summary["severities"]["warning"], 1);
  EXPECT_EQ(summary["severities"]["note"], 0);
  EXPECT_EQ(summary["verdicts"]["refuted"], 1);
}

TEST(Reports, ShowLiteralsOnlyWhenAsked) {
  const Report report = full_report();
  EXPECT_EQ(render("json", report, {}).find("secret"), std::string::npos);
  EXPECT_NE(render("json", report, {.show_literals = true}).find("secret"), std::string::npos);
  EXPECT_EQ(render("text", report, {}).find("secret"), std::string::npos);
  EXPECT_NE(render("text", report, {.show_literals = true}).find("secret"), std::string::npos);
}

TEST(Reports, NoFormatShowsASecret) {
  Report report = full_report();
  Finding& finding = report.findings.front();
  finding.message += R"( Its default is '{"password":"hunter2"}'.)";
  finding.evidence.push_back({Evidence::Kind::project, "PASSWORD=hunter2 npx drizzle-kit push", std::nullopt,
                              "api_key = 'hunter2'"});
  finding.fix = Fix{.title = "t",
                    .sql = "ALTER ROLE a PASSWORD 'hunter2';",
                    .down_sql = "ALTER TABLE t ALTER u SET DEFAULT 'postgres://joe:hunter2@h/x';",
                    .drizzle = "text('token').default('hunter2')",
                    .safety = Fix::Safety::safe};
  report.suppressed.push_back({finding, {}});
  report.baseline = Baseline{"b.json", {finding}, {{"id", "rule", "secret = 'hunter2'"}}};
  report.diagnostics.push_back({Error::Kind::nonfatal, "a.sql:1:1", "near PASSWORD 'hunter2'", {}});
  const Report shown = without_secrets(report);
  for (const auto* format : all_formats()) {
    const std::string text = format->render(shown, {.show_literals = true});
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << format->name << "\n" << text;
    if (format->name.ends_with("metrics")) continue;  // counts, and no text of findings
    EXPECT_NE(text.find(format->name == std::string_view("markdown") ? R"(\*\*\*)" : "***"),
              std::string::npos)
        << format->name << "\n"
        << text;
  }
  EXPECT_EQ(shown.findings.front().fix->safety, Fix::Safety::manual)
      << "what is masked is not what is to run";
  EXPECT_EQ(report.findings.front().fix->sql, "ALTER ROLE a PASSWORD 'hunter2';")
      << "the migration gets it whole";
}

TEST(TextReport, ManyOfOneKindAreOneInFullAndALineEach) {
  Report report;
  for (int n = 0; n < 8; ++n) {
    Finding finding{
        .rule = "unindexed-foreign-key",
        .subject = {
            .kind = "foreign-key", .schema = "public", .table = "t" + std::to_string(n), .columns = {"k"}}};
    finding.message = "No index serves it.";
    finding.fix = Fix{.sql = "CREATE INDEX ON t" + std::to_string(n)};
    report.findings.push_back(finding);
  }
  const std::string text = render("text", report, {.all = true});
  const auto first = text.find("No index serves it.");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("No index serves it.", first + 1), std::string::npos) << text;
  EXPECT_NE(text.find("7 more of the same kind"), std::string::npos) << text;
  EXPECT_NE(text.find("  - t7 (k)\n    fix: CREATE INDEX ON t7\n"), std::string::npos) << text;
  EXPECT_NE(text.find("8 findings"), std::string::npos) << text;
}

TEST(TextReport, FewOfOneRuleAreInFullWhereNotAllAre) {
  Report report;
  const auto add = [&](const std::string& rule, const std::string& table) {
    report.findings.push_back({.rule = rule,
                               .subject = {.kind = "table", .schema = "public", .table = table},
                               .message = "In full: " + table + ".",
                               .evidence = {{Evidence::Kind::catalog, "because of this"}}});
  };
  for (int n = 0; n < 30; ++n) add("unindexed-foreign-key", "t" + std::to_string(n));
  add("missing-primary-key", "keyless");
  const auto in_full = [&] {
    const std::string text = render("text", report, {});
    std::pair<int, int> out;
    for (auto at = text.find("\n  In full: "); at != std::string::npos;
         at = text.find("\n  In full: ", at + 1))
      ++(text.compare(at, 20, "\n  In full: keyless.") == 0 ? out.second : out.first);
    return out;
  };
  EXPECT_EQ(in_full(), std::pair(3, 1)) << render("text", report, {});
  EXPECT_NE(render("text", report, {}).find("unindexed-foreign-key  t3\n"), std::string::npos)
      << render("text", report, {});
  report.findings.erase(report.findings.begin() + 5, report.findings.end() - 1);
  EXPECT_EQ(in_full(), std::pair(5, 1)) << "all of a short report";
}

TEST(TextReport, NamesTheSchemaOfAFindingInAGroup) {
  Report report;
  for (int n = 0; n < 7; ++n)
    report.findings.push_back({.rule = "json-instead-of-jsonb",
                               .subject = {.kind = "column",
                                           .schema = "public",
                                           .table = "t" + std::to_string(n),
                                           .columns = {"c"}},
                               .message = "It is json."});
  report.findings.push_back({.rule = "json-instead-of-jsonb",
                             .subject = {.kind = "schema", .schema = "public"},
                             .message = "9 columns in schema public are json."});
  const std::string text = render("text", report, {.all = true});
  EXPECT_NE(text.find("  - schema public\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("- ,"), std::string::npos) << text;
}

TEST(TextReport, GroupsWhatIsSaidOfManyFilesAlike) {
  Report report;
  for (int n = 0; n < 8; ++n) {
    const std::string name = "000" + std::to_string(n);
    report.findings.push_back({.rule = "untracked-migration",
                               .subject = {.kind = "file", .file = "drizzle/" + name + ".sql", .entry = name},
                               .message = name + " is not in git."});
  }
  EXPECT_NE(render("text", report, {.all = true}).find("7 more of the same kind"), std::string::npos)
      << render("text", report, {.all = true});
  report.findings[3].message = "0003 runs push.";
  EXPECT_EQ(render("text", report, {.all = true}).find("of the same kind"), std::string::npos)
      << "each says something else";
}

TEST(Reports, NameWhatIsGone) {
  Report report = full_report();
  report.baseline.emplace();
  for (int n = 0; n < 7; ++n)
    report.baseline->gone.push_back({"id", "deep-offset", "query " + std::to_string(n)});
  for (const char* name : {"text", "agent", "github"}) {
    const std::string text = find_format(name)->render(report, {});
    EXPECT_NE(text.find("deep-offset: query 4\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("query 5"), std::string::npos) << text;
    EXPECT_NE(text.find("… and 2 more\n"), std::string::npos) << text;
  }
}

TEST(TextReport, SaysWhatWasFoundAndWhatWasNotLookedAt) {
  const std::string text = render("text", full_report(), {.all = true, .verbose = true});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("warning unindexed-foreign-key confirmed  drizzle/0001.sql:3:1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("No index \\x1b[31mserves\\xff it"), std::string::npos) << text;
  EXPECT_NE(text.find("needs a server's log (--log) (n-plus-one-query)"), std::string::npos) << text;
  EXPECT_NE(text.find("Refuted"), std::string::npos) << text;
  EXPECT_NE(text.find("1 finding: 0 errors, 1 warning, 0 notes; 1 confirmed, 0 from the input only; 1 "
                      "refuted. 1 rule run,\n1 not run."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("30 statements planned, 12 of them run (0.8 s)"), std::string::npos) << text;
}

TEST(TextReport, ColoursOnlyWhenAsked) {
  EXPECT_NE(render("text", full_report(), {.color = true}).find("\x1b[33;1mwarning\x1b[0m"),
            std::string::npos);
}

TEST(Text, GroupedFindingsKeepWhatIsSaidOfEach) {
  Report report;
  for (int i = 0; i < 7; ++i) {
    Finding finding;
    finding.rule = "duplicate-index";
    finding.subject = {.kind = "index", .schema = "public", .table = "t", .index = "i" + std::to_string(i)};
    finding.message = "twice";
    finding.evidence = {{Evidence::Kind::catalog, "said of all", std::nullopt, {}},
                        {Evidence::Kind::catalog,
                         "of i" + std::to_string(i) + " alone" + std::string(i == 6 ? 200 : 0, 'x'),
                         std::nullopt,
                         {}}};
    report.findings.push_back(finding);
  }
  const std::string text = render("text", report, {.all = true});
  EXPECT_NE(text.find("\n    of i3 alone\n"), std::string::npos) << text;
  EXPECT_NE(text.find("xxx…\n"), std::string::npos) << "one line each";
  EXPECT_EQ(text.find("said of all", text.find("said of all") + 1), std::string::npos) << "the first says it";
}

// An editor opens the place by its number.
TEST(Text, ALineThatIsCutKeepsTheNumberOfThePlace) {
  Report report;
  for (int i = 0; i < 60; ++i) {
    Finding finding;
    finding.rule = "unindexed-foreign-key";
    finding.id = finding.short_id = "unindexed-foreign-key:" + std::to_string(1000 + i);
    finding.subject = {.kind = "key",
                       .schema = "public",
                       .table = "t" + std::string(i % 2 == 0 ? 60 : 1, 'x'),
                       .columns = {"c"}};
    finding.message = "slow";
    finding.location = {"packages/" + std::string(i % 3 == 0 ? 90 : 1, 'p') + "/schema.ts", 5000 + i, 17};
    if (i % 5 == 0) finding.verdict = Verdict::confirmed;
    report.findings.push_back(finding);
  }
  const std::string text = render("text", report, {.width = 80});
  int cut = 0;
  for (const std::string_view line : split(text, '\n')) {
    const bool in_full = !contains(line, "  t");
    if (!line.starts_with("warning unindexed-foreign-key:") || in_full) continue;
    EXPECT_TRUE(line.ends_with(":17") && contains(line, ":50")) << line;
    const std::size_t id = std::string_view("warning unindexed-foreign-key:").size();
    EXPECT_EQ(line.substr(id + 4).starts_with(" confirmed  "), line[id + 3] == '0' || line[id + 3] == '5')
        << line;
    EXPECT_LE(characters(line), 80u) << line;
    cut += contains(line, "…");
  }
  EXPECT_GT(cut, 5) << text;
}

TEST(Text, WarningsOfOneFolderAreOneWithTheirNumber) {
  const auto lines = [](std::initializer_list<Error> errors) {
    std::vector<std::string> out;
    for (const auto& error : together(errors)) out.push_back(error.line());
    return out;
  };
  using Lines = std::vector<std::string>;
  const auto warning = [](const char* where, const char* hint = "h") {
    return Error{Error::Kind::nonfatal, where, "is a program", hint};
  };
  EXPECT_EQ(lines({warning("a/1"), warning("b/1"), warning("a/2"), warning("a/3")}),
            (Lines{"a: is a program; 3 of them: 1, 2 and 1 more (h)", "b/1: is a program (h)"}));
  EXPECT_EQ(lines({warning("a/1"), warning("a/2")}), Lines{"a: is a program; 2 of them: 1 and 2 (h)"});
  EXPECT_EQ(lines({warning("a/1"), warning("a/2", "other")}).size(), 2u);
  EXPECT_EQ(
      lines({warning("--db"), warning("--log"), warning("host=/tmp port=1"), warning("host=/tmp port=2")})
          .size(),
      4u)
      << "these are no files";
}

TEST(Text, RemarksOfTheSameKindAreOneWithTheirPlaces) {
  Report report;
  for (const char* where : {"a/b.sql:6:1", "a/b.sql:10:1", "a/c.sql:14:1", "a/c.sql:18:1"})
    report.diagnostics.push_back({Error::Kind::nonfatal, where, "relation \"q\" does not exist", {}});
  report.diagnostics.push_back({Error::Kind::input, "d.sql", "no such file or folder", {}});
  ASSERT_EQ(together(report.diagnostics).size(), 2u);
  EXPECT_EQ(together(report.diagnostics)[0].line(),
            "a/b.sql:6:1: relation \"q\" does not exist; also line 10, a/c.sql:14 and 1 more");
  EXPECT_NE(render("text", report, {}).find("no such file"), std::string::npos);
  EXPECT_EQ(render("text", report, {.warnings_printed = true}).find("no such file"), std::string::npos)
      << "standard error has it";
  EXPECT_NE(render("text", report, {.warnings_printed = true})
                .find("5 warnings about the input: see standard error"),
            std::string::npos);
  EXPECT_EQ(json::parse(render("json", report, {}))["diagnostics"].size(), 5u) << "programs get all";
}

Report with_findings(int number) {
  Report report;
  for (int at = 0; at < number; ++at) {
    Finding finding;
    finding.rule = at % 3 == 0   ? "unindexed-foreign-key"
                   : at % 3 == 1 ? "redundant-index"
                                 : "missing-primary-key";
    finding.subject = {.kind = "table", .schema = "public", .table = "t" + std::to_string(at)};
    finding.id = finding_id(finding.rule, finding.subject);
    finding.short_id = finding.rule + ":" + finding.id.substr(0, 6);
    finding.message =
        "A sentence about the table " + finding.subject.table + ", of some length, and what follows from it.";
    finding.evidence.push_back({Evidence::Kind::catalog, "a fact", std::nullopt, {}});
    finding.fix = Fix{.title = "Create it", .sql = "CREATE INDEX CONCURRENTLY i ON t (a);"};
    report.findings.push_back(std::move(finding));
  }
  for (int at = 0; at < 40; ++at)
    report.skipped.push_back({"rule-" + std::to_string(at), "needs queries (--log or --workload)"});
  report.inputs = {{"migrations", "db", "300 statements"}};
  return report;
}

long lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(TextReport, OfManyFindingsFitsInAHundredAndFiftyLines) {
  const Report report = with_findings(300);
  const std::string text = render("text", report, {});
  EXPECT_LE(lines(text), 150);
  EXPECT_NE(text.find("The first things to do:"), std::string::npos);
  EXPECT_NE(text.find("1. " + report.findings[0].short_id), std::string::npos);
  EXPECT_NE(text.find("more: "), std::string::npos);
  EXPECT_NE(text.find("--only "), std::string::npos);
  EXPECT_NE(text.find("--update-baseline"), std::string::npos);
  EXPECT_NE(replace_all(text, "\n  ", " ")
                .find("\n40 rules did not run: 40 lack --log, 40 lack --workload (some lack several); "
                      "--verbose lists them\n"),
            std::string::npos)
      << text;
  const std::string all = render("text", report, {.all = true});
  for (const Finding& finding : report.findings)
    EXPECT_NE(all.find(finding.subject.table), std::string::npos) << finding.subject.table;
}

TEST(TextReport, PlacesOfTheSameEvidenceAreOnOneLine) {
  Report report = with_findings(1);
  report.findings[0].location.reset();
  for (const int line : {5, 7, 9})
    report.findings[0].evidence.push_back(
        {Evidence::Kind::statement, "logged here", SourceLocation{"app.log", line, 0}, {}});
  const std::string text = render("text", report, {});
  EXPECT_NE(text.find("  - logged here  (app.log:5, 7, 9)\n"), std::string::npos) << text;
  report.findings[0].location = SourceLocation{"app.log", 7, 0};
  const std::string with_its_own = render("text", report, {});
  EXPECT_NE(with_its_own.find("  - logged here  (app.log:5, 7, 9)\n"), std::string::npos) << with_its_own;
}

TEST(TextReport, OfRulesThatDidNotRunNamesWhatALogLacks) {
  Report report = with_findings(1);
  report.inputs = {{"stderr log", "app.log", ""}};
  report.skipped = {
      {"one", "needs a database or a snapshot of one (--db or --schema)"},
      {"two", "needs a database or a snapshot of one (--db or --schema)"},
      {"three", "needs a server's log with log_temp_files (--log)"},
      {"four", "needs plans of logged statements (auto_explain's in --log, or --log with --db)"}};
  const std::string text = render("text", report, {});
  EXPECT_NE(replace_all(text, "\n  ", " ")
                .find("\n4 rules did not run: 3 lack --db, 2 lack --schema, 1 lacks records in the log (some "
                      "lack several); --verbose lists them\n"),
            std::string::npos)
      << text;
}

TEST(TextReport, OfTwoFindingsHasNoSummary) {
  const std::string text = render("text", with_findings(2), {});
  EXPECT_EQ(text.find("The first things"), std::string::npos);
  EXPECT_EQ(text.find("more: "), std::string::npos);
  EXPECT_NE(text.find("2 findings"), std::string::npos);
}

TEST(TextReport, OfNothingCheckedIsOneLine) {
  Report report;
  report.nothing_checked = "an input could not be read";
  for (int at = 0; at < 40; ++at) report.skipped.push_back({"rule-" + std::to_string(at), "needs a schema"});
  report.diagnostics.push_back({Error::Kind::input, "d", "no such file or folder", {}});
  EXPECT_EQ(render("text", report, {.warnings_printed = true}), "") << "standard error has the line";
  EXPECT_EQ(render("text", report, {}),
            "d: no such file or folder\nNothing was checked: an input could not be read.\n");
  report.diagnostics[0].kind = Error::Kind::nonfatal;
  EXPECT_EQ(render("text", report, {.warnings_printed = true}),
            "Nothing was checked: an input could not be read.\n");
}

TEST(Formats, NameThatThereWasNothingToCheckAsNoFailure) {
  Report report;
  report.nothing_checked = "nothing changed since main: no migration or schema file to check";
  report.nothing_to_check = true;
  const std::string sentence = "Nothing changed since main: no migration or schema file to check";
  EXPECT_EQ(render("text", report, {}), sentence + ".\n");
  for (const char* format : {"markdown", "agent", "sarif", "junit", "github", "json"}) {
    const std::string text = render(format, report, {});
    EXPECT_NE(text.find(sentence.substr(1)), std::string::npos) << format << text;
    EXPECT_EQ(text.find("Nothing was checked"), std::string::npos) << format << text;
  }
  EXPECT_NE(render("github", report, {}).find("::notice title=pgadvise::" + sentence), std::string::npos);
  EXPECT_NE(render("junit", report, {}).find("errors=\"0\""), std::string::npos);
  EXPECT_NE(render("junit", report, {}).find("<skipped message=\"" + sentence), std::string::npos);
  EXPECT_NE(render("sarif", report, {}).find("\"executionSuccessful\": true"), std::string::npos);
  report.nothing_to_check = false;
  for (const char* format : {"markdown", "agent", "sarif", "junit", "github", "json"})
    EXPECT_NE(lower(render(format, report, {})).find("nothing"), std::string::npos) << format;
  EXPECT_NE(render("sarif", report, {}).find("\"executionSuccessful\": false"), std::string::npos);
  EXPECT_NE(render("junit", report, {}).find("<error message=\"Nothing was checked: nothing changed"),
            std::string::npos);
}

TEST(TextReport, ListsRefutedFindingsWithAllAndCountsThemOtherwise) {
  Report report = with_findings(2);
  report.findings[1].verdict = Verdict::refuted;
  report.findings[1].verdict_reason = "the table is small";
  EXPECT_EQ(render("text", report, {}).find("the table is small"), std::string::npos);
  EXPECT_NE(render("text", report, {.width = 200}).find("1 refuted (--all lists them)"), std::string::npos);
  EXPECT_NE(render("text", report, {.all = true}).find("the table is small"), std::string::npos);
}

TEST(Summary, NamesEachRuleOnce) {
  const Report report = with_findings(300);
  const auto first = first_things(report);
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].more, 99u);
  EXPECT_EQ(in_words(first[0]),
            "A sentence about the table t0, of some length, and what follows from it (and 99 more findings)");
}

TEST(Summary, BeginsWithTheFaultAndNamesTheObject) {
  Finding finding;
  finding.rule = "unqualified-write";
  finding.message = "UPDATE on orders has no WHERE: it updates every row of the table.";
  finding.subject = {
      .kind = "query", .schema = "public", .table = "orders", .fingerprint = "db209b929e2b3453"};
  finding.statement = "update orders set updated_at = now()";
  finding.impact.effect = "takes 900 ms in 3 min of log";
  EXPECT_EQ(
      in_words({&finding, 0}),
      "UPDATE on orders has no WHERE: update orders set updated_at = now(); takes 900 ms in 3 min of log");
  EXPECT_EQ(in_words({&finding, 2}, 80),
            "UPDATE on orders has no WHERE (and 2 more findings): takes 900 ms in 3 min of log")
      << "no room for the statement";
  finding.statement.clear();
  finding.impact.effect.clear();
  finding.message =
      "The certificate is not verified (rejectUnauthorized: false): an attacker can read all data.";
  finding.subject = {.kind = "file", .file = "src/db.ts"};
  finding.location = SourceLocation{"src/db.ts", 6, 76};
  EXPECT_EQ(in_words({&finding, 0}),
            "The certificate is not verified (rejectUnauthorized: false) (src/db.ts:6:76)");
  finding.message = "One statement holds a lock (SHARE ROW EXCLUSIVE on orders and items) for long";
  finding.location.reset();
  finding.subject = {.kind = "table", .table = "orders"};
  EXPECT_EQ(in_words({&finding, 1}, 70), "One statement holds a lock… (and 1 more finding)");
  finding.message = std::string(500, 'x');
  EXPECT_LE(in_words({&finding, 3}, 120).size(), 123u) << "… has three bytes";
}

TEST(TextReport, OfManyInputsAndFindingsBeginsWithFifteenLines) {
  Report report = with_findings(300);
  for (int at = 0; at < 9; ++at)
    report.inputs.push_back({"drizzle migrations", "packages/" + std::to_string(at),
                             std::string(60, 'a') + " " + std::string(60, 'b') + " " + std::string(60, 'c')});
  report.findings[0].impact.effect = "each DELETE of a parent row scans 220,000 rows";
  for (const int width : {80, 100}) {
    const std::string text = render("text", report, {.width = width});
    const std::string head = text.substr(0, text.find("\n\nwarning "));
    long filled = 0;
    for (const auto line : split(head, '\n')) filled += !line.empty();
    EXPECT_LE(filled, 15) << head;
    EXPECT_NE(head.find("220,000 rows"), std::string::npos) << head;
    EXPECT_NE(head.find("(and 99 more findings)"), std::string::npos) << "on one line\n" << head;
  }
  const std::string verbose = render("text", report, {.verbose = true});
  EXPECT_NE(verbose.find("read drizzle migrations packages/8"), std::string::npos);
}

TEST(TextReport, NamesTheCommandThatMakesABaseline) {
  const std::string text =
      render("text", with_findings(30), {.command = "pgadvise check app --log 'a b.log'"});
  EXPECT_NE(
      text.find(
          "  pgadvise check app --log 'a b.log' --baseline .pgadvise-baseline.json --update-baseline\n"),
      std::string::npos)
      << text;
}

TEST(Reports, SayThatNoSchemaWasRead) {
  Report report;
  report.inputs = {{"repository", ".", "6 files"}};
  report.not_read = "no schema, log or database was read";
  EXPECT_NE(render("text", report, {}).find("No findings; no schema, log or database was read."),
            std::string::npos);
  for (const char* format : {"markdown", "agent", "github"})
    EXPECT_NE(render(format, report, {}).find("; no schema, log or database was read"), std::string::npos)
        << format;
  report = with_findings(1);
  EXPECT_EQ(render("text", report, {}).find("was read."), std::string::npos);
}

// The same numbers and the same first things in every format.
TEST(Reports, HaveOneSummary) {
  Report report = with_findings(7);
  report.started = "2026-01-31T12:00:00Z";
  const std::string first = report.findings[0].short_id, second = report.findings[1].short_id;
  report.index_set = {.count = 3, .bytes = 48'000'000, .share_saved = 0.61};
  for (const char* format : {"text", "markdown", "agent", "sarif"}) {
    const std::string out = render(format, report, {});
    EXPECT_NE(out.find("remove 61 %"), std::string::npos) << format << out;
    EXPECT_LT(out.find(first), out.find(second)) << format;
  }
  EXPECT_NE(render("agent", report, {}).find("\nfirst: " + first + " " + second + " "), std::string::npos);
  report.not_read = "no schema, log or database was read";
  const auto summary = json::parse(render("json", report, {}))["summary"];
  json set{{"count", 3}, {"size_bytes", 48'000'000}, {"share_saved", 0.61}, {"steps", json::array()}};
  EXPECT_EQ(summary["index_set"], set);
  EXPECT_EQ(summary["not_read"], report.not_read);
  report.index_set.steps.push_back({.index = "orders (note)", .bytes = 8192, .share_saved = 0.5});
  set["steps"].push_back({{"index", "orders (note)"}, {"size_bytes", 8192}, {"share_saved", 0.5}});
  const auto with_step = json::parse(render("json", report, {}));
  EXPECT_EQ(with_step["summary"]["index_set"], set);
  EXPECT_EQ(violations(with_step), "");
  report.index_set = {};
  EXPECT_FALSE(json::parse(render("json", report, {}))["summary"].contains("index_set"));
}

TEST(TextReport, CountsTheIndexesThatOnlyAdviseLists) {
  Report report = with_findings(2);
  EXPECT_EQ(render("text", report, {}).find("HypoPG cannot cost"), std::string::npos);
  EXPECT_FALSE(json::parse(render("json", report, {}))["summary"].contains("not_costed"));
  report.not_costed = 1;
  EXPECT_NE(render("text", report, {.width = 120})
                .find("HypoPG cannot cost 1 more index that no finding asks for (GIN, GiST): pgadvise advise "
                      "lists it.\n"),
            std::string::npos);
  report.not_costed = 3;
  EXPECT_NE(
      render("text", report, {.width = 120})
          .find("HypoPG cannot cost 3 more indexes that no finding asks for (GIN, GiST): pgadvise advise "
                "lists them.\n"),
      std::string::npos);
  EXPECT_EQ(json::parse(render("json", report, {}))["summary"]["not_costed"], 3);
}

TEST(TextReport, ListsTheFurtherIndexes) {
  Report report = with_findings(2);
  report.workload_cost = 1000;
  report.further_indexes.resize(1);
  EXPECT_NE(render("text", report, {.width = 120})
                .find("1 more index for the workload has no finding: pgadvise advise lists it.\n"),
            std::string::npos);
  report.further_indexes.resize(2);
  EXPECT_NE(
      render("text", report, {.width = 160})
          .find("2 more indexes for the workload, most of which save under 1 % of its planner cost, have "
                "no finding: pgadvise advise lists them.\n"),
      std::string::npos);
}

TEST(TextReport, SumsUpTheIndexes) {
  Report report = with_findings(30);
  EXPECT_EQ(render("text", report, {}).find("indexes proposed"), std::string::npos);
  report.index_set = {.count = 3, .bytes = 48'000'000, .share_saved = 0.61};
  EXPECT_NE(render("text", report, {.width = 120})
                .find("All 3 indexes proposed here and by advise remove 61 % of the workload's planner cost, "
                      "48 MB\n"),
            std::string::npos);
  report.index_set.count = 1;
  EXPECT_NE(
      render("text", report, {.width = 120}).find("The one index proposed here and by advise removes 61 %"),
      std::string::npos);
  report.index_set.share_saved = 0.001;
  EXPECT_EQ(render("text", report, {}).find("0 % of the workload"), std::string::npos);
}

TEST(TextReport, NoLineOfTheEndIsWiderThanTheTerminal) {
  Report report = with_findings(300);
  report.suppressed.resize(3);
  const std::string text = render("text", report, {.width = 80});
  const std::string end = text.substr(text.find("did not run") - 10);
  for (const auto line : split(end, '\n')) EXPECT_LE(characters(line), 80u) << line;
}

}  // namespace
}  // namespace pgadvise::report
