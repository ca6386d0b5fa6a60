// `pgadvise digest` as a user sees it. PGADVISE_UPDATE_GOLDEN=1 writes fixtures/digest; the difference is for
// a person to review.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "support/paths.h"
#include "support/run.h"
#include "support/schema.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::Ran;
using testing_support::run;

const std::string root = testing_support::source_dir;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void expect_golden(const std::string& name, const std::string& arguments,
                   const std::string& environment = "LC_ALL=C") {
  const Ran ran = run(arguments, root, environment);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  const std::string path = root + "/fixtures/digest/" + name;
  if (std::getenv("PGADVISE_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << ran.out;
  EXPECT_EQ(ran.out, read_file(path).value_or("")) << arguments;
}

std::size_t widest(const std::string& text) {
  std::size_t out = 0;
  for (const auto line : split(text, '\n'))
    out = std::max(out, static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
                     return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
                   })));
  return out;
}

TEST(Digest, Golden) {
  expect_golden("shop.txt", "digest fixtures/shop/logs/shop.log");
  expect_golden("shop-utf8.txt", "digest --top 3 fixtures/shop/logs/shop.csv", "LC_ALL=C.UTF-8");
  expect_golden("literals.txt", "digest --top 3 --show-literals fixtures/shop/logs/shop.csv",
                "LC_ALL=C.UTF-8");
  expect_golden("pgbench.json", "digest --format json fixtures/logs/pgbench.log");
  expect_golden("compare.txt", "digest --compare fixtures/digest/week1.json fixtures/digest/week2.json",
                "LC_ALL=C.UTF-8");
  expect_golden("compare.json",
                "digest --format json --compare fixtures/digest/week1.json fixtures/digest/week2.json");
}

// A column for each bucket, or for several where the terminal is narrow; ASCII without UTF-8.
TEST(Digest, BarsShowWhenTheQueriesRan) {
  const Folder folder;
  std::string log;
  for (int minute = 0; minute < 50; ++minute)
    for (int call = 0; call <= minute % 7; ++call)
      log += "2026-03-01 10:" + std::string(minute < 10 ? "0" : "") + std::to_string(minute) +
             ":00.000 UTC [7] LOG:  duration: 250.000 ms  statement: select 1\n";
  folder.write("pg.log", log);
  const auto lines = [&](const std::string& environment) {
    const Ran ran = run("digest pg.log", folder.path(), environment);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    std::vector<std::string> out;
    for (const auto line : split(ran.out, '\n'))
      if (line.starts_with("over time") || line.starts_with("calls ") || line.starts_with("time "))
        out.emplace_back(line);
    out.resize(3);
    return out;
  };
  const auto wide = lines("LC_ALL=C");
  EXPECT_EQ(wide[0], "over time, 1 min a column, from 2026-03-01 10:00:00:");
  EXPECT_TRUE(has(wide[1], "calls  .::++##.::++##")) << wide[1];
  EXPECT_TRUE(has(wide[1], "  7 at most")) << wide[1];
  EXPECT_TRUE(has(wide[2], "  1.75s at most")) << wide[2];
  EXPECT_TRUE(has(lines("LC_ALL=C.UTF-8")[1], "calls  ▂▃▄▅▆▇█▂▃▄▅▆▇█")) << lines("LC_ALL=C.UTF-8")[1];
  const auto narrow = lines("COLUMNS=40 LC_ALL=C");
  EXPECT_TRUE(narrow[0].starts_with("over time, 4 min a column, from")) << narrow[0];
  for (const auto& line : narrow) EXPECT_LE(widest(line), 40U) << line;
  const json report = json::parse(run("digest --format json pg.log", folder.path()).out);
  EXPECT_EQ(report["timeline"]["bucket_seconds"], 60);
  ASSERT_EQ(report["timeline"]["buckets"].size(), 50U);
  EXPECT_EQ(report["timeline"]["buckets"][6],
            (json{{"start", "2026-03-01T10:06:00.000"}, {"count", 7}, {"time_ms", 1750.0}}));
}

TEST(Digest, WithAFileToWriteTellsOnStderrWhatWasNotUnderstood) {
  Folder folder;
  folder.write(
      "a.log",
      "2024-05-01 12:00:00.000 UTC [7] LOG:  duration: 1.0 ms  statement: SELECT 1\ncp: cannot stat 'x'\n");
  const std::string log = folder.path("a.log");
  for (const std::string& output : {std::string("-o ") + folder.path("w.json"), std::string("--format json"),
                                    std::string("--format text -o ") + folder.path("w.txt")}) {
    const Ran ran = run("digest " + log + " " + output);
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_TRUE(has(ran.err, "1 of 2 lines not recognized, first at line 2")) << output << ran.err;
  }
  const Ran ran = run("digest " + log);
  EXPECT_EQ(ran.err, "");
  EXPECT_TRUE(has(ran.out, "1 of 2 lines not recognized"));
}

TEST(Digest, TakesADashForStandardOutput) {
  const std::string log = root + "/fixtures/logs/paired.log";
  const Ran file = run("digest " + log + " -o -");
  EXPECT_EQ(file.exit_code, 0) << file.err;
  EXPECT_TRUE(file.out.starts_with("{")) << file.out.substr(0, 40);
  EXPECT_EQ(run("digest --format json " + log + " -o -").out, run("digest --format json " + log).out);
  EXPECT_FALSE(read_file("-").has_value());
}

TEST(Digest, IsReadableInEightyColumns) {
  for (const char* environment : {"LC_ALL=C", "LC_ALL=C.UTF-8"}) {
    const Ran ran =
        run("digest fixtures/shop/logs/shop.log fixtures/shop/logs/shop.csv fixtures/logs/loops.log --top 0",
            root, environment);
    EXPECT_LE(widest(ran.out), 80u);
    EXPECT_EQ(std::all_of(ran.out.begin(), ran.out.end(),
                          [](char c) { return static_cast<unsigned char>(c) < 0x80; }),
              std::string(environment) == "LC_ALL=C");
  }
}

TEST(Digest, JsonTellsOfServerEventsWhereThereAreSome) {
  const json report = json::parse(run("digest --format json fixtures/logs/events.log", root).out);
  std::set<std::string> kinds;
  for (const auto& event : report["server_events"]) kinds.insert(event["kind"].get<std::string>());
  EXPECT_EQ(kinds, (std::set<std::string>{"unknown_relation", "cancelled", "lock_wait", "lock_still_waiting",
                                          "deadlock", "temporary_file", "connection", "disconnection",
                                          "refused_connection"}));
}

TEST(Digest, ComparesNothingWithNothing) {
  const std::string log = root + "/fixtures/logs/paired.log";
  for (const auto& sides : {log + " nosuch", "nosuch " + log}) {
    const Ran ran = run("digest --compare " + sides, root);
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_EQ(ran.out, "");
  }
  const Ran empty = run("digest --compare " + log + " /dev/null", root);
  EXPECT_TRUE(has(empty.err, "/dev/null: contains no statement")) << empty.err;
}

// The list of fields is a promise.
TEST(Digest, JsonHasItsFields) {
  const json report = json::parse(run("digest --format json fixtures/shop/logs/shop.log", root).out);
  const auto keys = [](const json& object) {
    std::set<std::string> out;
    for (const auto& [key, value] : object.items()) out.insert(key);
    return out;
  };
  EXPECT_EQ(keys(report),
            (std::set<std::string>{"lines", "statements", "templates", "sessions", "first", "last",
                                   "unparsed_lines", "timeline", "queries", "repeats", "sources"}));
  ASSERT_EQ(report["sources"].size(), 1U);
  for (const auto& source : report["sources"])
    EXPECT_EQ(source["lines"], source["used"].get<int>() + source["continuation"].get<int>() +
                                   source["other"].get<int>() + source["not_understood"].get<int>());
  ASSERT_EQ(report["queries"].size(), report["templates"]);
  ASSERT_FALSE(report["queries"].empty());
  std::uint64_t calls = 0;
  for (const auto& query : report["queries"]) {
    EXPECT_EQ(keys(query), (std::set<std::string>{"fingerprint", "query", "calls", "total_ms", "mean_ms",
                                                  "min_ms", "max_ms", "p50_ms", "p95_ms", "p99_ms", "users",
                                                  "databases", "applications", "samples", "histogram"}));
    EXPECT_LE(query["min_ms"], query["p50_ms"]);
    EXPECT_LE(query["p50_ms"], query["p95_ms"]);
    EXPECT_LE(query["p95_ms"], query["p99_ms"]);
    EXPECT_LE(query["p99_ms"], query["max_ms"]);
    calls += query["calls"].get<std::uint64_t>();
  }
  EXPECT_EQ(calls, report["statements"]);
}

TEST(Digest, OutputAloneIsAWorkloadFile) {
  const Folder folder;
  const std::string log = root + "/fixtures/shop/logs/shop.log", file = folder.path("w.json");
  const Ran wrote = run("digest " + log + " -o " + file);
  EXPECT_EQ(wrote.exit_code, 0);
  EXPECT_EQ(wrote.out, "");
  EXPECT_EQ(wrote.err, "pgadvise: wrote " + file + " (workload file)\n");
  const json workload = json::parse(read_file(file).value());
  EXPECT_EQ(testing_support::violations("workload.schema.json", workload), "");
  EXPECT_EQ(run("digest " + file + " --top 0").out, run("digest " + log + " --top 0").out)
      << "a file tells what its log told";
  EXPECT_EQ(run("digest --format json " + file).out, run("digest --format json " + log).out);
  // With a format it is that report.
  EXPECT_EQ(run("digest " + log + " --format json -o " + folder.path("r.json")).out, "");
  EXPECT_EQ(read_file(folder.path("r.json")).value(), run("digest --format json " + log).out);
  // Merged in any order, with what is in it already.
  const std::string other = root + "/fixtures/logs/loops.log";
  EXPECT_EQ(run("digest " + other + " -o " + folder.path("o.json")).exit_code, 0);
  const Ran merged =
      run("digest " + file + " " + folder.path("o.json") + " " + log + " -o " + folder.path("m1.json"));
  EXPECT_EQ(merged.exit_code, 0);
  EXPECT_TRUE(has(merged.err, "shop.log: is the same log as")) << merged.err;
  EXPECT_EQ(run("digest " + folder.path("o.json") + " " + file + " -o " + folder.path("m2.json")).err,
            "pgadvise: wrote " + folder.path("m2.json") + " (workload file)\n");
  EXPECT_EQ(read_file(folder.path("m1.json")).value(), read_file(folder.path("m2.json")).value());
}

TEST(Digest, CheckReadsWorkloadFilesAsItReadsTheirLogs) {
  const Folder folder;
  const std::string shop = root + "/fixtures/shop", log = shop + "/logs/shop.log",
                    file = folder.path("w.json");
  ASSERT_EQ(run("digest " + log + " -o " + file).exit_code, 0);
  const auto findings = [&](const std::string& arguments) {
    std::set<std::string> out;
    const json report = json::parse(run("check " + shop + " --fail-on never --format json " + arguments).out);
    for (const auto& finding : report["findings"]) out.insert(finding["id"]);
    return out;
  };
  const auto from_log = findings("--log " + log);
  EXPECT_GT(from_log.size(), findings("").size());
  EXPECT_EQ(findings("--workload " + file), from_log);
  EXPECT_EQ(findings("--workload " + file + " --log " + log), from_log);
  EXPECT_EQ(findings("--log " + file), from_log);
}

TEST(Digest, SaysWhyNothingWasFound) {
  const Folder folder;
  const auto log = folder.write("quiet.log",
                                "2026-01-05 10:00:00.000 UTC [1] LOG:  checkpoint starting: time\n2026-01-05 "
                                "10:00:01.000 UTC [1] LOG:  checkpoint complete\n");
  Ran ran = run("digest " + log);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.out, "log_min_duration_statement")) << ran.out;
  ran = run("digest --format json " + log);
  EXPECT_TRUE(has(ran.err, "log_min_duration_statement")) << ran.err;
  EXPECT_EQ(json::parse(ran.out)["statements"], 0);
  ran = run("digest " +
            folder.write("untimed.log", "2026-01-05 10:00:00.000 UTC [1] LOG:  statement: SELECT 1\n"));
  EXPECT_TRUE(has(ran.out, "No durations were logged: ranked by calls")) << ran.out;
  const json untimed =
      json::parse(run("digest --format json " + folder.path("untimed.log")).out)["queries"][0];
  EXPECT_EQ(untimed["mean_ms"], nullptr);
  EXPECT_EQ(untimed["p95_ms"], nullptr);
  ran = run(
      "digest " +
      folder.write("access.log", "127.0.0.1 - - [01/Mar/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 12\n") +
      " -o " + folder.path("w.json"));
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder.path("w.json")))
      << "an empty workload would read as a quiet server";
}

TEST(Digest, WrongUsageAndDamagedFilesAreOneLine) {
  const Folder folder;
  const std::string log = root + "/fixtures/logs/pgbench.log";
  ASSERT_EQ(run("digest " + log + " -o " + folder.path("w.json")).exit_code, 0);
  const std::string good = read_file(folder.path("w.json")).value();
  folder.write("cut.json", good.substr(0, good.size() / 2));
  folder.write("next.json", replace_all(good, "\"pgadvise_workload\": 1", "\"pgadvise_workload\": 2"));
  folder.write("wrong.json", replace_all(good, "\"sessions\": ", "\"sessions\": -"));
  for (const std::string& arguments : std::vector<std::string>{
           "digest", "digest --db ''", "digest --compare " + log, "digest " + log + " --compare a b",
           "digest --format yaml " + log, "digest --top -1 " + log, "digest " + folder.path("gone.log"),
           "digest " + folder.path("cut.json"), "digest " + folder.path("next.json"),
           "digest " + folder.path("wrong.json"), "check --workload " + folder.path("cut.json"),
           "digest --db 'postgresql://joe:secret-password@[::1'",
           "digest postgresql://joe:secret-password@localhost/shop"}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments << "\n" << ran.err;
    const int warnings = has(arguments, "secret-password");  // of a password in the command line
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1 + warnings) << arguments << "\n" << ran.err;
    EXPECT_FALSE(has(ran.err + ran.out, "secret-password")) << ran.err;
  }
  // One that can't be read does not hide the others.
  const Ran ran = run("digest " + folder.path("gone.log") + " " + log);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.out, "pgbench_branches")) << ran.out;
}

TEST(Digest, NothingOfALogReachesTheTerminalRaw) {
  const Folder folder;
  const auto log = folder.write("hostile.log",
                                "2026-01-05 10:00:00.000 UTC [1] u\x1b[2J@d\x9b LOG:  duration: 1.0 ms  "
                                "statement: SELECT \"\x1b]0;x\x07\xc2\x9b\", 'secret' FROM t\n" +
                                    std::string("2026-01-05 10:00:00.000 UTC [1] a@b LOG:  duration: 2.0 ms  "
                                                "statement: SELEC \x1b[31m 'secret'\n"));
  for (const std::string format : {"text", "json"}) {
    const Ran ran = run("digest --log-line-prefix '%m [%p] %q%u@%d ' --format " + format + " " + log);
    EXPECT_FALSE(has(ran.out + ran.err, "\x1b")) << ran.out;
    EXPECT_FALSE(has(ran.out + ran.err, "secret")) << ran.out;
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
}

TEST(Digest, SortsByTheFigureThatItShows) {
  for (const auto& [word, member] : std::vector<std::pair<std::string, std::string>>{{"total", "total_ms"},
                                                                                     {"calls", "calls"},
                                                                                     {"mean", "mean_ms"},
                                                                                     {"p95", "p95_ms"},
                                                                                     {"max", "max_ms"}}) {
    const Ran ran = run("digest fixtures/shop/logs/shop.log --format json --sort " + word, root);
    const json digest = json::parse(ran.out, nullptr, false);
    ASSERT_TRUE(digest.is_object()) << ran.err;
    const json& queries = digest["queries"];
    ASSERT_GT(queries.size(), 20u);
    for (std::size_t at = 1; at < queries.size(); ++at) {
      const auto figure = [&](std::size_t of) {
        return queries[of][member].is_number() ? queries[of][member].get<double>() : 0;
      };
      EXPECT_GE(figure(at - 1), figure(at)) << word << " " << at;
    }
  }
}

TEST(Digest, NoProgressWithoutATerminal) {
  const Folder folder;
  const std::string log = read_file(root + "/fixtures/logs/pgbench.log").value();
  std::string large;
  while (large.size() < (24u << 20)) large += log;
  EXPECT_EQ(run("digest " + folder.write("large.log", large)).err, "");
}

}  // namespace
}  // namespace pgadvise
