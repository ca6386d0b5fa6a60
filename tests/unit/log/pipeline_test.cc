#include <cstdio>
#include <random>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "log/workload/workload_file.h"
#include "unit/log/log_support.h"

namespace pgadvise::log::testing {
namespace {

// Several sessions' loops, transactions, errors, further lines, DETAILs between other sessions' records, a
// changed prefix.
std::string mixed_log(int records) {
  std::mt19937 random(7);
  std::string out;
  double second = 0;
  bool other_prefix = false;
  for (int i = 0; i < records; ++i) {
    second += 0.001 * static_cast<double>(random() % 40);
    if (second >= 3500) second = 0;
    const int process = 100 + static_cast<int>(random() % 12);
    const auto number = std::to_string(random() % 100000);
    if (random() % 5000 == 0) other_prefix = !other_prefix;
    const auto line = [&](const std::string& rest) {
      std::string text = at(second, process, rest);
      if (other_prefix) text.insert(text.find("] ") + 2, "u@d ");
      out += text;
    };
    switch (random() % 9) {
      case 0: line("LOG:  duration: 0.100 ms  statement: BEGIN"); break;
      case 1: line("LOG:  duration: 0.100 ms  statement: COMMIT"); break;
      case 2:
        line(
            "LOG:  duration: 1.250 ms  statement: SELECT *\n\tFROM orders\n\tWHERE note = 'it''s' -- LOG:  "
            "duration: 5 ms\n\t AND id = " +
            number);
        break;
      case 3:
        line(
            "LOG:  duration: 0.500 ms  execute <unnamed>: select \"id\" from \"items\" where \"order_id\" = "
            "$1");
        line("DETAIL:  parameters: $1 = '" + number + "'");
        break;
      case 4: {
        line("LOG:  duration: 0.700 ms  execute q: select * from users where name = $1");
        const auto late = at(second, process, "DETAIL:  parameters: $1 = 'x\n\ty" + number + "'");
        out +=
            at(second, process == 100 ? 101 : 100, "LOG:  duration: 0.200 ms  statement: SELECT " + number);
        out += late;
        break;
      }
      case 5:
        line("ERROR:  relation \"nix\" does not exist at character 15");
        line("STATEMENT:  select * from nix");
        break;
      case 6:
        line("LOG:  statement: UPDATE t SET a = " + number + " WHERE id = " + number);
        line("LOG:  duration: 3.000 ms");
        break;
      case 7: out += "something else entirely " + number + "\n"; break;
      default:
        line("LOG:  duration: 0.300 ms  statement: SELECT a FROM t WHERE id IN (" + number + ", 2, 3)");
        break;
    }
  }
  return out;
}

std::string as_csv(int records) {
  std::mt19937 random(11);
  std::string out;
  for (int i = 0; i < records; ++i) {
    char head[128];
    std::snprintf(
        head, sizeof head,
        "2024-05-01 12:%02d:%02d.%03d UTC,\"u\",\"d\",%d,\"[local]\",66.%x,%d,\"SELECT\",2024-05-01 12:00:00 "
        "UTC,3/4,0,LOG,00000,",
        i / 60000 % 60, i / 1000 % 60, i % 1000, 100 + static_cast<int>(random() % 5),
        100 + static_cast<int>(random() % 5), i);
    const auto number = std::to_string(random() % 1000);
    const std::string message =
        random() % 3 ? "duration: 0.500 ms  statement: select * from t where a = " + number
                     : "duration: 1.500 ms  statement: select \"\"x\"\"\nfrom t\nwhere b = '" + number + "'";
    out += head + ("\"" + message + "\",,,,,,,,,\"app\",\"client backend\",,0\n");
    if (random() % 500 == 0) out += "a \" quote in nothing\n";
  }
  return out;
}

std::string digest(const std::string& path, unsigned threads, Diagnostics& diagnostics) {
  Options options;
  options.threads = threads;
  return to_workload_file(read_each({path}, options, diagnostics), true);
}

void same_with_any_threads(const std::string& text) {
  const auto path = write_log(text);
  Diagnostics diagnostics;
  const auto one = digest(path, 1, diagnostics);
  EXPECT_GT(one.size(), 2000U);
  for (const unsigned threads : {2U, 3U, 8U}) EXPECT_EQ(digest(path, threads, diagnostics), one) << threads;
}

TEST(Pipeline, StderrIsTheSameOnAnyNumberOfThreads) { same_with_any_threads(mixed_log(60'000)); }
TEST(Pipeline, StrangersContainersAndNewPrefixesAreTheSameOnAnyNumberOfThreads) {
  std::mt19937 random(7);
  std::string strangers, containers, prefixes;
  int number = 0;
  const std::string mixed = mixed_log(20'000);  // the lines are views of it
  for (const auto line : split(mixed, '\n')) {
    ++number;
    if (line.find("statement: SELECT *") == std::string_view::npos) strangers.append(line).append("\n");
    if (random() % 50 == 0) strangers += "cp: cannot stat 'x'\n";
    containers.append(random() % 3 ? "db-1  | " : "db-2  | ").append(line).append("\n");
    if (random() % 50 == 0) containers += "web-1  | \tat handler\n";
    const auto level = number / 3000 % 2 ? line.find("LOG:  ") : std::string_view::npos;
    prefixes
        .append(level < 60
                    ? std::string(line.substr(0, level)) + "<x> wsrep_0 " + std::string(line.substr(level))
                    : std::string(line))
        .append("\n");
  }
  for (const auto& text : {strangers, containers, prefixes}) same_with_any_threads(text);
}
TEST(Pipeline, CsvIsTheSameOnAnyNumberOfThreads) { same_with_any_threads(as_csv(20'000)); }

// The beginning of a long log, read as a log of its own, has chunks that end elsewhere.
TEST(Pipeline, RecordsOverTheEndOfAChunkAreWhole) {
  const std::string text = mixed_log(30'000);
  Diagnostics diagnostics;
  const auto whole = read_text(text).workload;
  std::uint64_t calls = 0;
  for (std::size_t from = 0; from < text.size();) {
    // A part ends before a line that begins a record of the statement kind.
    auto to = text.find("LOG:  duration: 1.250 ms", std::min(text.size(), from + 60'000));
    to = to == std::string::npos ? text.size() : text.rfind('\n', to) + 1;
    for (const auto& query : read_text(std::string_view(text).substr(from, to - from)).workload.queries)
      calls += query.calls;
    from = to;
  }
  std::uint64_t all = 0;
  for (const auto& query : whole.queries) all += query.calls;
  EXPECT_NEAR(static_cast<double>(calls), static_cast<double>(all), 20);  // what was open where a part ends
}

TEST(Pipeline, ALineLongerThanSeveralChunksIsCutAndTheNextIsRead) {
  const auto read = read_text(
      at(1, 7, "LOG:  duration: 1.000 ms  statement: SELECT '" + std::string(3'000'000, 'x') + "'") +
      at(2, 7, "LOG:  duration: 2.000 ms  statement: SELECT 1 FROM t"));
  EXPECT_EQ(read.source().lines, 2U);
  EXPECT_EQ(read.source().statements, 2U);
}

TEST(Pipeline, ARecordLargerThanWhatIsLookedAtFirstTellsTheFormat) {
  const std::string front =
      R"({"timestamp":"2024-05-01 12:00:01.000 UTC","user":"u","dbname":"d","pid":7,"error_severity":"LOG","message":"duration: 1.000 ms  statement: SELECT )";
  const auto read = read_text(front + "'" + std::string(900'000, 'x') + "'\"}\n" + front + "1 FROM t\"}\n");
  EXPECT_EQ(read.source().format, "jsonlog");
  EXPECT_EQ(read.source().statements, 2U);
}

// Digits in a table's name make no other fingerprint.
std::string table(int number) {
  return {'t', static_cast<char>('a' + number / 26), static_cast<char>('a' + number % 26)};
}

TEST(Folding, TheLeastValuableTemplatesBecomeOtherStatements) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += at(i, 7, "LOG:  duration: 0.100 ms  statement: SELECT a FROM " + table(i));
    text +=
        at(i, 7, "LOG:  duration: 9.000 ms  statement: SELECT b FROM hot WHERE id = " + std::to_string(i));
  }
  Options options;
  options.limits.templates = 100;
  Diagnostics diagnostics;
  const auto path = write_log(text);
  const auto workload = read({path}, options, diagnostics);
  EXPECT_LE(workload.queries.size(), 102U);
  std::uint64_t calls = 0;
  for (const auto& query : workload.queries) calls += query.calls;
  EXPECT_EQ(calls, 1000U);
  EXPECT_EQ(workload.queries.front().text, "SELECT b FROM hot WHERE id = $1");
  EXPECT_EQ(workload.queries.front().calls, 500U);
  const Query* others = workload.query(other_fingerprint);
  ASSERT_TRUE(others);
  EXPECT_GT(others->calls, 350U);
  EXPECT_EQ(others->calls, others->times.count());
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_NE(diagnostics[0].what.find("as other statements"), std::string::npos);
}

TEST(Folding, AStatementThatWaitsForItsDurationIsKept) {
  std::string text = at(0, 7, "LOG:  statement: SELECT slow FROM t");
  for (int i = 0; i < 300; ++i)
    text += at(1 + i, 8, "LOG:  duration: 0.100 ms  statement: SELECT a FROM " + table(i));
  text += at(400, 7, "LOG:  duration: 400000.000 ms");
  Options options;
  options.limits.templates = 50;
  Diagnostics diagnostics;
  const auto workload = read({write_log(text)}, options, diagnostics);
  EXPECT_EQ(workload.queries.front().text, "SELECT slow FROM t");
  EXPECT_EQ(workload.queries.front().total_ms, 400000);
}

TEST(Folding, WhatWasTooMuchToParseIsParsedInTheEnd) {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text += at(i, 7, "LOG:  duration: 0.100 ms  statement: SELECT a FROM " + table(i));
  for (int i = 0; i < 5; ++i) {
    text += at(400 + i, 7, "LOG:  duration: 5.000 ms  statement: SELECT late FROM t WHERE id = 7");
    text += at(400 + i, 7,
               "LOG:  duration: 5.000 ms  statement: SELECT late FROM public.t AS t WHERE (t.id = 'secret')");
  }
  Options options;
  options.limits.templates = 100;
  Diagnostics diagnostics;
  const auto workload = read({write_log(text)}, options, diagnostics);
  EXPECT_EQ(workload.queries[0].text.find("secret"), std::string::npos);
  EXPECT_EQ(workload.queries[1].text.find("secret"), std::string::npos);
  std::vector<std::string> texts{workload.queries[0].text, workload.queries[1].text};
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(texts, (std::vector<std::string>{"SELECT late FROM public.t AS t WHERE (t.id = $1)",
                                             "SELECT late FROM t WHERE id = $1"}));
}

}  // namespace
}  // namespace pgadvise::log::testing
