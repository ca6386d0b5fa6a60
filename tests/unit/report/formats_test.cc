// The formats that CI services read. Their schemas (OASIS' for SARIF, Jenkins' XSD for JUnit, reviewdog's for
// rdjson) are not ours to keep here; docs/ci.md says how the output was held against them. What those
// services ask for beyond a schema is asserted here.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "report/common.h"
#include "report/otlp.h"
#include "support/ci_commands.h"
#include "support/paths.h"

namespace pgadvise::report {
namespace {

using nlohmann::json;

const Options in_repository{.repository = {.root = "/src/shop", .folder = "/src/shop/api"}};

Finding finding(std::string table, Severity severity = Severity::warning) {
  Finding out;
  out.rule = "unindexed-foreign-key";
  out.severity = severity;
  out.subject = {.kind = "foreign-key", .schema = "public", .table = std::move(table), .columns = {"a"}};
  out.id = finding_id(out.rule, out.subject);
  out.location = SourceLocation{"db/0001 a.sql", 3, 7};
  out.message = "No <index> serves \x1b[31m\xc2\x9b\xff, 100% of it | `x` @team #1 ]]> ``` \n::error::";
  out.fix = Fix{.title = "Create an index", .sql = "CREATE INDEX CONCURRENTLY i ON t (a);"};
  return out;
}

Report report_of(std::vector<Finding> findings) {
  Report out;
  out.findings = std::move(findings);
  out.rules_run = {"unindexed-foreign-key", "missing-primary-key"};
  out.skipped = {{"n-plus-one-query", "needs a server's log (--log)"}};
  out.diagnostics = {{Error::Kind::nonfatal, "a.sql:1:1", "syntax error", "fix it"}};
  return out;
}

Finding of_the_server() {
  Finding out = finding("live");
  out.location = SourceLocation{};
  return out;
}

Finding refuted() {
  Finding out = finding("zz_refuted");
  out.verdict = Verdict::refuted;
  return out;
}

TEST(Formats, AllLeaveOutTheRefutedAndControlCharacters) {
  const Report report = report_of({finding("one", Severity::error), refuted(), of_the_server()});
  for (const auto* format : all_formats()) {
    const std::string out = format->render(report, in_repository);
    EXPECT_FALSE(out.empty()) << format->name;
    for (const char c : out)
      EXPECT_FALSE((c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 127) << format->name;
    EXPECT_EQ(out.find("\xc2\x9b"), std::string::npos) << format->name;
    if (format->name != "json" && format->name != "text" && format->name != "html") {
      EXPECT_EQ(out.find("zz_refuted"), std::string::npos) << format->name;
    }
  }
}

// A report in which `name` is every name and text of the input.
Report report_with(const std::string& name) {
  Finding one = finding(name, Severity::error);
  one.subject = {.kind = "index",
                 .schema = name,
                 .table = name,
                 .columns = {name, name},
                 .constraint = name,
                 .index = name,
                 .fingerprint = name,
                 .file = name,
                 .entry = name};
  one.short_id = "unindexed-foreign-key:1b17";
  one.location = SourceLocation{name, 3, 7};
  one.other_locations = {SourceLocation{name, 4, 1}};
  one.message = name;
  one.statement = name;
  one.verdict_reason = name;
  one.impact.effect = name;
  one.evidence = {{Evidence::Kind::catalog, name, SourceLocation{name, 1, 1}, name}};
  one.fix = Fix{.title = name, .sql = name, .down_sql = name, .drizzle = name, .safety = Fix::Safety::safe};
  Finding moved = one;
  moved.location = SourceLocation{};
  moved.fix = Fix{.title = name};
  Report out = report_of({one, moved, finding("plain")});
  for (int i = 0; i < 6; ++i) out.findings.push_back(one);
  for (const auto verdict : {Verdict::confirmed, Verdict::refuted}) {
    out.findings.push_back(one);
    out.findings.back().verdict = verdict;
  }
  out.suppressed = {{one, {}}};
  out.suppressed.back().by.reason = name;
  out.baseline = Baseline{name, {one}, {{"id", name, name}}};
  out.skipped = {{name, name}};
  out.inputs = {{name, name, name}, {"database", name, name}};
  out.diagnostics = {{Error::Kind::nonfatal, name, name, name}};
  out.not_read = name;
  out.index_set = {.count = 1, .bytes = 1, .share_saved = 0.5, .steps = {{name, 1, 0.5}}};
  out.server_version = out.what_if = name;
  return out;
}

// Formats that join the registry are tested, too. GitHub's own commands stay.
TEST(Formats, HaveNoCommandOfACiServiceFromTheInput) {
  using testing_support::ci_commands;
  for (const auto& name : testing_support::hostile_names) {
    const Report all = report_with(name);
    Report nothing;
    nothing.nothing_checked = name;
    for (const auto* format : all_formats())
      for (const int width : {40, 100})
        for (const Report* report : std::initializer_list<const Report*>{&all, &nothing}) {
          Options options = in_repository;
          options.width = width;
          options.all = width == 40;
          options.show_literals = true;
          const std::string text = render(format->name, *report, options);
          for (const auto& line : ci_commands(text, format->has_ci_commands ? "::" : ""))
            ADD_FAILURE() << format->name << ": " << line;
          if (format->name != "github") continue;
          std::istringstream lines(text);
          for (std::string line; std::getline(lines, line);)
            EXPECT_TRUE(line.starts_with("::error ") || line.starts_with("::warning ") ||
                        line.starts_with("::notice ") || line.starts_with("pgadvise: "))
                << line;
        }
  }
}

TEST(Formats, JsonKeepsTheNamesThatSpellACommand) {
  for (const auto& name : testing_support::hostile_names) {
    const json out = json::parse(render("json", report_with(name), in_repository));
    EXPECT_EQ(out["findings"][0]["subject"]["table"], name);
  }
}

TEST(Formats, OpenMetricsCountsAndHasNoTextOfTheUser) {
  Report report = report_of({finding("one", Severity::error), refuted(), of_the_server()});
  report.started = "2023-11-20T00:00:00Z";
  report.inputs = {{"database", "sh\"op\n", ""}};
  const std::string out = render("openmetrics", report, in_repository);
  const auto has = [&](const std::string& line) { return out.find(line + "\n") != std::string::npos; };
  EXPECT_TRUE(has("pgadvise_findings{database=\"sh\\\"op \",severity=\"error\",verdict=\"suspected\"} 1"))
      << out;
  EXPECT_TRUE(has("pgadvise_findings{database=\"sh\\\"op \",severity=\"note\",verdict=\"confirmed\"} 0"))
      << out;
  EXPECT_TRUE(has("pgadvise_rule_findings{database=\"sh\\\"op \",rule=\"missing-primary-key\"} 0")) << out;
  EXPECT_TRUE(has("pgadvise_last_run_timestamp_seconds{database=\"sh\\\"op \"} 1700438400")) << out;
  EXPECT_TRUE(has("pgadvise_last_run_checked{database=\"sh\\\"op \"} 1")) << out;
  EXPECT_TRUE(out.ends_with("# EOF\n"));
  EXPECT_EQ(out.find("n-plus-one-query"), std::string::npos) << "a rule that did not run has no series";
  EXPECT_EQ(out.find("No <index>"), std::string::npos) << "no message is a label";
  report.nothing_checked = "no input";
  EXPECT_NE(render("openmetrics", report, in_repository)
                .find("pgadvise_last_run_checked{database=\"sh\\\"op \"} 0\n"),
            std::string::npos);
}

TEST(Formats, OpenMetricsHaveTheSessionsOfTheDatabaseOnly) {
  const auto session = [](int pid, std::string state, std::string wait) {
    Session out;
    out.pid = pid;
    out.database = "shop";
    out.application = "secret-" + std::to_string(pid);
    out.state = std::move(state);
    out.wait_event_type = std::move(wait);
    return out;
  };
  Catalog catalog;
  catalog.database = "shop";
  catalog.sessions = {session(1, "idle in transaction", "Client"),
                      session(2, "active", "Lock"),
                      session(3, "active", "Lock"),
                      session(4, "", ""),
                      session(5, "x\"y", "z"),
                      session(6, "active", "")};
  catalog.sessions[0].transaction_seconds = 40;
  catalog.sessions[1].transaction_seconds = 20;
  catalog.sessions[1].lock_wait_seconds = 18;
  catalog.sessions[2].lock_wait_seconds = 17;
  catalog.sessions[1].blocked_by = 1;
  catalog.sessions[2].blocked_by = 2;
  catalog.sessions[5].database = "other";
  catalog.sessions[5].transaction_seconds = 9000;
  Report report = report_of({});
  EXPECT_EQ(render("openmetrics", report, in_repository).find("pgadvise_sessions"), std::string::npos);
  report.activity = activity_of(catalog);
  const std::string out = render("openmetrics", report, in_repository);
  for (const char* line :
       {"pgadvise_sessions{database=\"\",state=\"active\",wait_event_type=\"Lock\"} 2\n",
        "pgadvise_sessions{database=\"\",state=\"active\",wait_event_type=\"none\"} 0\n",
        "pgadvise_sessions{database=\"\",state=\"idle in transaction\",wait_event_type=\"Client\"} 1\n",
        "pgadvise_sessions{database=\"\",state=\"hidden\",wait_event_type=\"none\"} 1\n",
        "pgadvise_sessions{database=\"\",state=\"other\",wait_event_type=\"other\"} 1\n",
        "pgadvise_longest_transaction_seconds{database=\"\"} 40\n",
        "pgadvise_longest_lock_wait_seconds{database=\"\"} 18\n",
        "pgadvise_lock_holder_transaction_seconds{database=\"\"} 40\n"})
    EXPECT_NE(out.find(line), std::string::npos) << line << out;
  EXPECT_EQ(out.find("secret"), std::string::npos) << "the name of an application is a label: " << out;
  // A deadlock that the server has not ended yet.
  catalog.sessions[0].blocked_by = 3;
  EXPECT_NE(lock_holder(catalog.sessions, catalog.sessions[1]), nullptr);
  catalog.sessions[0].blocked_by = 0;
  EXPECT_EQ(lock_holder(catalog.sessions, catalog.sessions[1]), nullptr) << "a prepared transaction";
}

// The members of OTLP's JSON encoding (opentelemetry-proto, with lowerCamelCase names) that pgadvise writes.
// 64-bit integers are strings, enumerations are numbers, and there is no null.
void expect_otlp(const json& value, const std::string& key = {}) {
  static const std::set<std::string> members = {
      "resourceLogs",   "resourceMetrics", "resource",     "attributes",
      "scopeLogs",      "scopeMetrics",    "scope",        "name",
      "version",        "logRecords",      "timeUnixNano", "observedTimeUnixNano",
      "severityNumber", "severityText",    "eventName",    "body",
      "stringValue",    "intValue",        "doubleValue",  "key",
      "value",          "metrics",         "description",  "unit",
      "gauge",          "dataPoints",      "asDouble"};
  EXPECT_FALSE(value.is_null()) << key;
  if (key.ends_with("UnixNano") || key == "intValue") {
    EXPECT_TRUE(value.is_string() && !value.get<std::string>().empty() &&
                value.get<std::string>().find_first_not_of("0123456789") == std::string::npos)
        << key << value.dump();
  } else if (key == "severityNumber") {
    EXPECT_TRUE(value.is_number_integer() && value >= 1 && value <= 24) << value.dump();
  } else if (key == "doubleValue" || key == "asDouble") {
    EXPECT_TRUE(value.is_number()) << value.dump();
  } else if (key == "attributes") {
    for (const auto& one : value) EXPECT_EQ(one["value"].size(), 1u) << one.dump();
  }
  if (!value.is_structured()) return;
  for (const auto& [name, part] : value.items()) {
    if (value.is_object()) {
      EXPECT_TRUE(members.contains(name)) << name;
    }
    expect_otlp(part, value.is_object() ? name : std::string());
  }
}

json attributes_of(const json& list) {
  json out;
  for (const auto& one : list) out[one["key"].get<std::string>()] = *one["value"].begin();
  return out;
}

TEST(Formats, OtlpLogsAreFindings) {
  Report report = report_of({finding("one", Severity::error), refuted(), of_the_server()});
  report.started = "2023-11-20T00:00:00Z";
  report.inputs = {{"database", "shop", ""}};
  const json out = json::parse(render("otlp-logs", report, in_repository));
  expect_otlp(out);
  ASSERT_EQ(out["resourceLogs"].size(), 1u);
  const json resource = attributes_of(out["resourceLogs"][0]["resource"]["attributes"]);
  EXPECT_EQ(resource["db.system.name"], "postgresql");
  EXPECT_EQ(resource["db.namespace"], "shop");
  EXPECT_EQ(resource["service.name"], "pgadvise");
  const json& records = out["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
  ASSERT_EQ(records.size(), 2u) << "no refuted finding";
  EXPECT_EQ(records[0]["timeUnixNano"], "1700438400000000000");
  EXPECT_EQ(records[0]["severityNumber"], 17);
  EXPECT_EQ(records[0]["severityText"], "ERROR");
  const json attributes = attributes_of(records[0]["attributes"]);
  EXPECT_EQ(attributes["pgadvise.finding.rule"], report.findings.front().rule);
  EXPECT_TRUE(attributes["code.line.number"].is_string()) << attributes.dump();
  EXPECT_FALSE(attributes_of(records[1]["attributes"]).contains("code.file.path")) << "an object of a server";
}

TEST(Formats, OtlpMetricsAreTheNumbersOfOpenMetrics) {
  Report report = report_of({finding("one", Severity::error), refuted(), of_the_server()});
  report.started = "2023-11-20T00:00:00Z";
  const json out = json::parse(render("otlp-metrics", report, in_repository));
  expect_otlp(out);
  EXPECT_FALSE(attributes_of(out["resourceMetrics"][0]["resource"]["attributes"]).contains("db.namespace"));
  std::map<std::string, double> sums;
  for (const auto& metric : out["resourceMetrics"][0]["scopeMetrics"][0]["metrics"])
    for (const auto& point : metric["gauge"]["dataPoints"]) {
      EXPECT_EQ(point["timeUnixNano"], "1700438400000000000");
      sums[metric["name"].get<std::string>()] += point["asDouble"].get<double>();
    }
  EXPECT_EQ(sums["pgadvise.findings"], 2);
  EXPECT_EQ(sums["pgadvise.last_run.timestamp"], 1'700'438'400);
  EXPECT_TRUE(sums.contains("pgadvise.rule.findings"));
  const std::string text = render("openmetrics", report, in_repository);
  std::size_t families = 0;
  for (auto at = text.find("# TYPE"); at != std::string::npos; at = text.find("# TYPE", at + 1)) ++families;
  EXPECT_EQ(sums.size() + 1, families) << "the version is an attribute of the resource";
}

TEST(Formats, OtlpRequestsCanNameTheDatabaseOfWatch) {
  Report report = report_of({finding("one")});
  for (const char* format : {"otlp-logs", "otlp-metrics"}) {
    const std::string before = render(format, report, in_repository);
    const std::string after = otlp::with_target(before, "shop \"eu\"");
    const json out = json::parse(after);
    expect_otlp(out);
    const auto attributes = attributes_of((*out.begin())[0]["resource"]["attributes"]);
    EXPECT_EQ(attributes.at("pgadvise.target"), "shop \"eu\"") << after;
    EXPECT_TRUE(after.ends_with("}\n") && after.find('\n') + 1 == after.size()) << "one line";
    EXPECT_EQ(otlp::with_target("", "shop"), "");
    EXPECT_EQ(otlp::with_target(before.substr(1), "shop"), before.substr(1)) << "no request";
  }
}

// A format is one file and its row in docs/ci.md: no other source file lists the formats.
TEST(Formats, EachIsAFileOfItsNameAndARowOfTheDocumentation) {
  std::ifstream file(std::string(testing_support::source_dir) + "/docs/ci.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  std::set<std::string> files, names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(testing_support::source_dir) + "/src/report/formats"))
    if (entry.path().extension() == ".cc") files.insert(entry.path().stem().string());
  for (const auto* format : all_formats()) {
    names.insert(replace_all(std::string(format->name), "-", "_"));
    EXPECT_NE(page.find("\n| `" + std::string(format->name) + "` |"), std::string::npos) << format->name;
  }
  EXPECT_EQ(names, files);
}

TEST(Formats, PathsAreTheRepositorys) {
  EXPECT_EQ(in_repository.repository.relative("db/x.sql"), "api/db/x.sql");
  EXPECT_EQ(in_repository.repository.relative("./../db/x.sql"), "db/x.sql");
  EXPECT_EQ(in_repository.repository.relative("/src/shop/x.sql"), "x.sql");
  EXPECT_EQ(in_repository.repository.relative("/elsewhere/x.sql"), "/elsewhere/x.sql");
  EXPECT_EQ((RepositoryPaths{{}, "/anywhere"}.relative("db/x.sql")), "db/x.sql");
  EXPECT_EQ(shown_at(of_the_server(), in_repository).str(), "database/public/live:1:1");
}

TEST(Sarif, HasWhatCodeScanningAsksFor) {
  Report report = report_of({finding("one", Severity::error), of_the_server()});
  report.suppressed.push_back({finding("known"), Suppression{.rules = {"unindexed-foreign-key"},
                                                             .reason = "small",
                                                             .place = {"a.sql", 1, 1},
                                                             .first_line = 1,
                                                             .last_line = 2}});
  const json run = json::parse(render("sarif", report, in_repository))["runs"][0];
  const json& rules = run["tool"]["driver"]["rules"];
  ASSERT_EQ(run["results"].size(), 3u);
  for (const auto& result : run["results"]) {
    EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
    const json& place = result["locations"][0]["physicalLocation"];
    EXPECT_GE(place["region"]["startLine"].get<int>(), 1);
    EXPECT_EQ(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    EXPECT_FALSE(result["partialFingerprints"]["pgadvise/v1"].get<std::string>().empty());
  }
  EXPECT_EQ(run["results"][0]["level"], "error");
  EXPECT_EQ(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "api/db/0001%20a.sql");
  EXPECT_EQ(run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "database/public/live");
  EXPECT_EQ(run["results"][2]["suppressions"][0]["kind"], "inSource");
  EXPECT_EQ(run["results"][2]["suppressions"][0]["justification"], "small");
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"].size(), 2u)
      << "the remark, and the rule that was not run";
}

TEST(Sarif, KeepsTheWorstWhereThereAreTooMany) {
  std::vector<Finding> many(25'010, finding("t"));
  for (std::size_t i = 0; i < 10; ++i) many[i].severity = Severity::error;
  const json run = json::parse(render("sarif", report_of(std::move(many)), in_repository))["runs"][0];
  EXPECT_EQ(run["results"].size(), 25'000u);
  EXPECT_EQ(run["results"][9]["level"], "error");
  EXPECT_TRUE(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
                  .get<std::string>()
                  .starts_with("left out the 10 results"));
}

TEST(Github, OneLineEachAndNoCommandOfTheInput) {
  const std::string out =
      render("github", report_of({finding("one", Severity::error), of_the_server()}), in_repository);
  const auto lines = split(trim(out), '\n');
  ASSERT_EQ(lines.size(), 3u) << out;
  EXPECT_TRUE(lines[0].starts_with(
      "::error file=api/db/0001 a.sql,line=3,title=pgadvise%3A unindexed-foreign-key::No <index>"))
      << lines[0];
  EXPECT_NE(lines[0].find("100%25 of it"), std::string_view::npos);
  EXPECT_TRUE(lines[1].starts_with("::warning title=")) << lines[1];
  EXPECT_EQ(lines[2], "pgadvise: 1 error, 1 warning, 0 notes; 0 confirmed");
}

TEST(Gitlab, LinesBeginAtOneAndFingerprintsAreTheFindings) {
  const json out = json::parse(
      render("gitlab", report_of({finding("one", Severity::error), of_the_server()}), in_repository));
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0]["location"], (json{{"path", "api/db/0001 a.sql"}, {"lines", {{"begin", 3}}}}));
  EXPECT_EQ(out[0]["severity"], "major");
  EXPECT_EQ(out[1]["location"]["lines"]["begin"], 1);
  EXPECT_NE(out[0]["fingerprint"], out[1]["fingerprint"]);
}

TEST(Rdjson, TellsWhatHasAFile) {
  const json out = json::parse(
      render("rdjson", report_of({finding("one", Severity::error), of_the_server()}), in_repository));
  ASSERT_EQ(out["diagnostics"].size(), 1u);
  EXPECT_EQ(out["diagnostics"][0]["severity"], "ERROR");
  EXPECT_EQ(out["diagnostics"][0]["location"],
            (json{{"path", "api/db/0001 a.sql"}, {"range", {{"start", {{"line", 3}, {"column", 7}}}}}}));
}

TEST(Junit, CountsAddUp) {
  const std::string out =
      render("junit", report_of({finding("one", Severity::error), of_the_server()}), in_repository);
  EXPECT_NE(out.find("<testsuites name=\"pgadvise\" tests=\"4\" failures=\"2\" errors=\"0\">"),
            std::string::npos)
      << out;
  EXPECT_NE(out.find("<testsuite name=\"unindexed-foreign-key\" tests=\"2\" failures=\"2\""),
            std::string::npos)
      << out;
  EXPECT_NE(out.find("<testsuite name=\"missing-primary-key\" tests=\"1\" failures=\"0\""), std::string::npos)
      << out;
  EXPECT_NE(out.find("<skipped message=\"needs a server's log (--log)\"/>"), std::string::npos) << out;
  EXPECT_NE(out.find("No &lt;index&gt;"), std::string::npos) << out;
}

TEST(Markdown, StaysTextAndWithinAComment) {
  const std::string one = render("markdown", report_of({finding("one")}), in_repository);
  EXPECT_NE(one.find("No &lt;index>"), std::string::npos) << one;
  EXPECT_NE(one.find("@\u200bteam #\u200b1"), std::string::npos) << one;
  EXPECT_NE(one.find("<details><summary>SQL that fixes 1</summary>\n\n```sql\nCREATE INDEX"),
            std::string::npos)
      << one;
  std::vector<Finding> many(5'000, finding("t"));
  for (auto& each : many) each.fix->sql += std::string(5'000, '`');
  Report report = report_of(std::move(many));
  report.baseline.emplace();
  report.baseline->gone.assign(3'000, {"id", "unindexed-foreign-key", std::string(500, '@')});
  const std::string all = render("markdown", report, in_repository);
  EXPECT_LT(all.size(), 65'000u);
  EXPECT_NE(all.find("No longer found: 3000"), std::string::npos);
  EXPECT_NE(all.find("more of less impact"), std::string::npos);
}

// A line of Markdown without its code spans, which services leave alone.
std::string without_code_spans(const std::string& line) {
  std::string out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size()) {
      out += line[at++];
    } else if (line[at] == '`') {
      at = line.find('`', at + 1);
      if (at == std::string::npos) return out + "an open code span";
      continue;
    }
    out += line[at];
  }
  return out;
}

// What a reader sees of it.
std::string rendered(const std::string& line) {
  std::string out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\' && at + 1 < line.size() && std::ispunct(static_cast<unsigned char>(line[at + 1])))
      ++at;
    out += line[at];
  }
  return replace_all(replace_all(out, "&lt;", "<"), "&amp;", "&");
}

// As html-pipeline's MentionFilter (GitHub), the reference patterns and autolinks of GitLab and cmark-gfm
// have it.
TEST(Markdown, NamesBecomeNoMentionAndNoLink) {
  const std::vector<std::string> names = {"@team",
                                          "@org/team",
                                          "x@y.example",
                                          "#1",
                                          "user/repo#1",
                                          "GH-1",
                                          "gh-12",
                                          "JIRA_2-34",
                                          "group/p!7",
                                          "&5",
                                          "~bug",
                                          "~\"to do\"",
                                          "%3",
                                          "%\"v 1\"",
                                          "^alert#2",
                                          "[vulnerability:9",
                                          "*iteration:1",
                                          "0a1b2c3",
                                          "user/repo@0a1b2c3d",
                                          "https://e.example",
                                          "HTTP://e.example",
                                          "irc://e.example/x",
                                          "www.e.example",
                                          "WWW.e.example",
                                          "mailto:a@b.example",
                                          "xmpp:a@b",
                                          "[a](https://e.example)",
                                          "![a](//e.example)",
                                          "<https://e.example>",
                                          "&commat;team",
                                          "&#64;team",
                                          "&#x40;team",
                                          "\\@team",
                                          "`@team",
                                          "<b>x",
                                          "**a**",
                                          "~~a~~",
                                          "$a$"};
  const std::regex wrong(
      R"(@[A-Za-z0-9_]|#\d|gh-\d|[A-Z][A-Z_0-9]+-\d|!\d|&[\da-z]|~["a-z]|%["\d]|\^alert|\[vuln|\*iter)"
      R"(|(^|[^A-Za-z0-9])[0-9a-f]{6,40}($|[^A-Za-z0-9])|[A-Za-z0-9]://|www\.|mailto:|xmpp:)",
      std::regex::icase);
  for (const auto& name : names) {
    EXPECT_TRUE(std::regex_search(name, wrong) || name.find_first_of("<*~$`[&") != std::string::npos) << name;
    Report report = report_with(name);
    report.findings.front().rule = "unindexed-foreign-key";
    const std::string text = render("markdown", report, in_repository);
    Report nothing;
    nothing.nothing_checked = name;
    std::istringstream lines(text + render("markdown", nothing, in_repository));
    bool fence = false;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("```")) fence = !fence;
      if (fence) continue;
      const std::string markdown = replace_all(without_code_spans(line), "<br>", "");
      const std::string shown = rendered(markdown);
      EXPECT_FALSE(std::regex_search(shown, wrong)) << name << "\n" << line;
      if (!line.starts_with("<details>") && !line.starts_with("</details>")) {
        EXPECT_EQ(markdown.find('<'), std::string::npos) << line;
      }
    }
    EXPECT_NE(replace_all(rendered(without_code_spans(text)), "\u200b", "").find(name), std::string::npos)
        << "nothing else changes: " << text;
  }
}

TEST(Markdown, CodeSpansKeepNamesAsTheyAre) {
  Report report = report_of({finding("t")});
  report.findings.front().location->file = "db/@scope/0001 a#1.sql";
  EXPECT_NE(render("markdown", report, in_repository).find("`api/db/@scope/0001 a#1.sql:3`"),
            std::string::npos);
}

// reviewdog writes the message into a comment as it is.
TEST(Rdjson, MessagesMentionNobody) {
  Report report = report_of({finding("t")});
  report.findings.front().message = "The table @team has https://e.example and 100 % of $1::text[1]";
  const json out = json::parse(render("rdjson", report, in_repository));
  const auto message = out["diagnostics"][0]["message"].get<std::string>();
  EXPECT_TRUE(
      message.starts_with("The table @\u200bteam has https\u200b://e.example and 100 % of $1::text[1]"))
      << message;
}

TEST(Agent, CountsFirstAndFewWords) {
  const Report report = report_of(std::vector<Finding>(500, finding("t")));
  const std::string out = render("agent", report, in_repository);
  EXPECT_TRUE(
      out.starts_with("pgadvise: 0 errors, 500 warnings, 0 notes; 0 confirmed; 2 rules run, 1 not run, 1 "
                      "warning about the input\nunindexed-foreign-key 500\n"))
      << out.substr(0, 300);
  EXPECT_LT(out.size(), 8'200u);
  EXPECT_NE(out.find("more of less impact: --top 500"), std::string::npos);
  Options all = in_repository;
  all.top = 500;
  const std::string whole = render("agent", report, all);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 503);  // counts, rules, first, findings
}

}  // namespace
}  // namespace pgadvise::report
