// Messages that an envelope carries in pieces.
#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "log/workload/workload_file.h"
#include "log_support.h"

namespace pgadvise::log::testing {
namespace {

std::string syslog(int process, std::string_view text) {
  return fmt::format("May  1 12:00:00 db1 postgres[{}]: {}\n", process, text);
}

// As elog.c divides a message: at line ends, else at a blank before 900 bytes, else there.
std::vector<std::string> divided(std::string_view message) {
  std::vector<std::string> out;
  while (!message.empty()) {
    if (message.front() == '\n') {
      message.remove_prefix(1);
      continue;
    }
    auto size = std::min({message.find('\n'), message.size(), std::size_t{900}});
    if (size < message.size() && !std::isspace(static_cast<unsigned char>(message[size])))
      if (const auto blank = message.substr(0, size).find_last_of(" \t");
          blank != std::string_view::npos && blank > 0)
        size = blank;
    out.emplace_back(message.substr(0, size));
    message.remove_prefix(size);
  }
  return out;
}

std::string numbered(int process, int message, std::string_view text) {
  std::string out;
  int number = 0;
  for (const auto& piece : divided(text))
    out += syslog(process, fmt::format("[{}-{}] {}", message, ++number, piece));
  return out;
}

std::string list(int first, int count) {
  std::string out = "select id from t where id in (";
  for (int i = 0; i < count; ++i) out += (i ? "," : "") + std::to_string(first + i);
  return out + ")";
}

TEST(Pieces, OfSeveralProcessesMingle) {
  const Read log = read_text(
      syslog(100, "[3-1] 2024-05-01 12:00:00.475 UTC [100] LOG:  duration: 1.000 ms  statement: select a") +
      syslog(200, "[7-1] 2024-05-01 12:00:00.475 UTC [200] LOG:  duration: 1.000 ms  statement: select x") +
      syslog(100, "[3-2] #011from t1") + syslog(200, "[7-2] #011from t2") +
      syslog(100, "[3-3] #011where b = 1") + syslog(200, "[7-3] #011where y = 2"));
  ASSERT_EQ(log.workload.queries.size(), 2u);
  std::set<std::pair<std::string, int>> statements;
  for (const auto& query : log.workload.queries)
    statements.emplace(query.samples.at(0).statement, query.samples.at(0).place.line);
  EXPECT_EQ(statements, (std::set<std::pair<std::string, int>>{{"select a\nfrom t1\nwhere b = 1", 1},
                                                               {"select x\nfrom t2\nwhere y = 2", 2}}));
  EXPECT_EQ(log.source().continuation, 4u);
}

TEST(Pieces, ManyProcessesMingleAndTheResultIsOneForAnyNumberOfThreads) {
  constexpr int processes = 40;
  std::string text;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::vector<std::string>> pieces;
    for (int process = 0; process < processes; ++process)
      pieces.push_back(divided(
          fmt::format("2024-05-01 12:00:{:02}.475 UTC [{}] LOG:  duration: 1.000 ms  execute s: {}\n\tand "
                      "t.a{} = $1\n2024-05-01 12:00:{:02}.475 UTC [{}] DETAIL:  parameters: $1 = '{}'",
                      round, 100 + process, list(process, 400), process, round, 100 + process, round)));
    for (std::size_t number = 0, any = 1; any; ++number) {
      any = 0;
      for (int process = 0; process < processes; ++process)
        if (const auto& own = pieces[static_cast<std::size_t>(process)]; number < own.size())
          text += syslog(100 + process, fmt::format("[{}-{}] {}", round + 1, number + 1, own[number])), ++any;
    }
  }
  const auto path = write_log(text);
  std::string first;
  for (const unsigned threads : {1u, 4u}) {
    Diagnostics diagnostics;
    const Workload workload = read({path}, {.threads = threads}, diagnostics);
    EXPECT_EQ(workload.queries.size(), static_cast<std::size_t>(processes));
    for (const auto& query : workload.queries) {
      EXPECT_EQ(query.calls, 60u);
      ASSERT_TRUE(query.samples.at(0).parameters);
      EXPECT_EQ(query.samples.at(0).parameters->size(), 1u);
    }
    const std::string written = to_json_line(workload);
    if (first.empty()) first = written;
    EXPECT_EQ(written, first);
  }
}

TEST(Pieces, AreJoinedAsTheServerDividedThem) {
  std::string text;
  for (int i = 0; i < 6; ++i)
    text +=
        numbered(100, 3 + i,
                 fmt::format("2024-05-01 12:00:{:02}.475 UTC [100] LOG:  duration: 1.000 ms  statement: {}{}",
                             i, list(10'000 + i, 300 + i), std::string(static_cast<std::size_t>(i), ' ')));
  const Read log = read_text(text);
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().calls, 6u);
  EXPECT_EQ(log.query().samples.at(0).statement.substr(0, 4), "sele");
  for (const auto& sample : log.query().samples)
    EXPECT_NE(list(10'000, 306).find(sample.statement.substr(40, 40).substr(6)), std::string::npos);
}

TEST(Pieces, WithoutNumbersBelongToTheirProcess) {
  std::string text;
  const std::string front = "2024-05-01 12:00:00.475 UTC [100] ",
                    other = "2024-05-01 12:00:00.475 UTC [200] ";
  const auto pieces = divided(front + "LOG:  duration: 1.000 ms  execute s: " + list(10'000, 400) +
                              "\n\tand a = $1\n" + front + "DETAIL:  parameters: $1 = 'x'");
  ASSERT_GT(pieces.size(), 4u);
  for (const auto& piece : pieces)
    text += syslog(100, piece) + syslog(200, other + "LOG:  duration: 1.000 ms  statement: select 1");
  const Read log = read_text(text);
  ASSERT_EQ(log.workload.queries.size(), 2u);
  EXPECT_EQ(log.source().not_understood, 0u);
  bool found = false;
  for (const auto& query : log.workload.queries)
    for (const auto& sample : query.samples)
      found |= sample.statement == list(10'000, 400) + "\nand a = $1" && sample.parameters == Parameters{"x"};
  EXPECT_TRUE(found);
}

TEST(Pieces, WhatHasNoBeginningJoinsNothing) {
  const Read log = read_text(
      numbered(100, 4, "2024-05-01 12:00:00.475 UTC [100] LOG:  duration: 1.000 ms  statement: select 1") +
      syslog(200, "[9-2] #011from secret") + syslog(100, "[3-2] #011from other"));
  EXPECT_EQ(log.query().samples.at(0).statement, "select 1");
  EXPECT_EQ(log.source().continuation, 2u);
}

TEST(Pieces, AStatementOfMegabytesIsCut) {
  const Read log = read_text(
      numbered(100, 4,
               "2024-05-01 12:00:00.475 UTC [100] LOG:  duration: 1.000 ms  statement: " + list(1, 400'000)) +
      numbered(100, 5, "2024-05-01 12:00:01.475 UTC [100] LOG:  duration: 1.000 ms  statement: select 1"));
  EXPECT_EQ(log.source().statements, 2u);
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_NE(log.diagnostics[0].what.find("1 records over 1 MB were truncated"), std::string::npos);
}

TEST(Pieces, OfLongLinesInKubernetes) {
  const std::string stamp = "2024-05-01T12:00:00.101456789Z stderr ";
  const Read log = read_text(stamp + "F " + at(1, 7, "LOG:  duration: 1.000 ms  statement: select a") +
                             stamp + "P \tfrom t\n" + stamp + "F 1 where\n" + stamp + "F \tb = 2\n" + stamp +
                             "F " + at(2, 7, "LOG:  duration: 1.000 ms  statement: select a"));
  EXPECT_EQ(log.source().statements, 2u);
  EXPECT_EQ(log.source().not_understood, 0u);
  EXPECT_EQ(log.query().samples.at(0).statement, "select a\nfrom t1 where\nb = 2");
}

}  // namespace
}  // namespace pgadvise::log::testing
