#include "log/lines/provenance.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "log/collect/merge.h"
#include "log_support.h"

namespace pgadvise::log::testing {
namespace {

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(size, ' ');
  for (auto& c : out) c = static_cast<char>(random());
  return out;
}

SourceIdentity identify(std::string_view bytes, std::size_t chunk) {
  IdentityBuilder builder;
  for (std::size_t at = 0; at < bytes.size(); at += chunk) builder.add(bytes.substr(at, chunk));
  return builder.identity();
}

TEST(Provenance, IsOfTheBytesHoweverTheyAreRead) {
  const std::string bytes = random_bytes(3'000'017, 1);
  for (const std::size_t size : {1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 65536, 1'000'000, 3'000'017}) {
    const auto part = std::string_view(bytes).substr(0, size);
    const SourceIdentity whole = identify(part, part.size());
    for (const std::size_t chunk : {7, 64, 4096, 262144})
      EXPECT_EQ(identify(part, chunk), whole) << size << " by " << chunk;
    EXPECT_EQ(identify_file(write_log(part)), whole) << size;
    EXPECT_EQ(whole.bytes, size);
  }
  EXPECT_FALSE(identify("", 1).known());
  EXPECT_FALSE(identify_file("/nonexistent").known());
}

TEST(Provenance, AGrownLogHoldsItsBeginning) {
  const std::string bytes = random_bytes(500'000, 2);
  for (std::size_t shorter = 64; shorter < bytes.size(); shorter = shorter * 5 / 3 + 1)
    for (std::size_t longer = shorter; longer < bytes.size(); longer = longer * 3 / 2 + 1) {
      const auto a = identify(std::string_view(bytes).substr(0, shorter), 4096),
                 b = identify(std::string_view(bytes).substr(0, longer), 4096);
      EXPECT_TRUE(holds(b, a)) << shorter << " in " << longer;
      EXPECT_EQ(holds(a, b), shorter == longer);
    }
}

TEST(Provenance, AnotherLogIsNotHeld) {
  const std::string bytes = random_bytes(300'000, 3);
  const SourceIdentity whole = identify(bytes, 4096);
  for (const std::size_t changed : {0, 100, 5'000, 250'000, 299'999}) {
    std::string other = bytes;
    other[changed] = static_cast<char>(other[changed] + 1);
    EXPECT_FALSE(holds(whole, identify(other, 4096))) << "one byte differs at " << changed;
  }
  EXPECT_FALSE(holds(whole, identify(std::string_view(bytes).substr(1000, 5000), 4096)));
  EXPECT_FALSE(holds(whole, {}));
  EXPECT_FALSE(holds(whole, identify("x", 1))) << "too short to tell";
}

std::string drizzle_lines(int from, int count) {
  std::string out;
  for (int i = from; i < from + count; ++i)
    out += "Query: select \"title\" from \"posts\" where \"author_id\" = $1 -- params: [" +
           std::to_string(i) + "]\n";
  return out;
}

// A program without time stamps starts in the same way each time.
TEST(Provenance, LogsThatBeginAlikeAreTwoLogs) {
  const std::string start = drizzle_lines(1000, 40);
  const auto one = write_log(start + drizzle_lines(2000, 1), "one"),
             other = write_log(start + drizzle_lines(3000, 20), "other");
  const Read both = read_paths({one, other});
  EXPECT_TRUE(both.diagnostics.empty());
  EXPECT_EQ(both.workload.queries.at(0).calls, 101u);
  Diagnostics told;
  std::vector<Workload> workloads = read_each({one}, {}, told);
  workloads.push_back(read_each({other}, {}, told).front());
  count_once(workloads, told);
  EXPECT_EQ(workloads.size(), 2u);
  // Nor is one the beginning of the other.
  const auto more = write_log(start + drizzle_lines(2000, 1) + drizzle_lines(4000, 3), "more");
  EXPECT_EQ(read_paths({one, more}).workload.queries.at(0).calls, 85u);
}

TEST(Provenance, TheEndOfALogIsCountedOnce) {
  std::string log;
  for (int i = 0; i < 200; ++i)
    log += at(i, 7, "LOG:  duration: 0.5 ms  statement: SELECT " + std::to_string(i));
  const std::string end = log.substr(log.find('\n', log.size() / 2) + 1);
  ASSERT_GT(end.size(), 4096u);
  for (const bool first : {true, false}) {
    const auto whole = write_log(log, "whole"), half = write_log(end, "half");
    const Read both = read_paths(first ? std::vector{whole, half} : std::vector{half, whole});
    ASSERT_EQ(both.diagnostics.size(), 1u);
    EXPECT_EQ(both.diagnostics[0].what, "is the last part of " + whole + ": counted once");
    EXPECT_EQ(both.workload.queries.at(0).calls, 200u);
  }
}

// log_destination = 'stderr,csvlog,jsonlog': one log in three forms, side by side.
TEST(Provenance, OtherFormsOfOneServersLogAreCountedOnce) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "forms";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto* form : {"log", "csv", "json"})
    std::filesystem::copy_file(fixture(std::string("shop/logs/shop.") + form),
                               folder / (std::string("shop.") + form),
                               std::filesystem::copy_options::overwrite_existing);
  const Read all = read_paths({folder.string()});
  EXPECT_EQ(all.diagnostics.size(), 2u);
  const Read json = read_paths({fixture("shop/logs/shop.json")});
  ASSERT_EQ(all.workload.queries.size(), json.workload.queries.size());
  for (std::size_t i = 0; i < json.workload.queries.size(); ++i)
    EXPECT_EQ(all.workload.queries[i].calls, json.workload.queries[i].calls);
  EXPECT_EQ(all.workload.sessions, json.workload.sessions);
  for (const auto* form : {"log", "csv"})
    std::filesystem::rename(folder / (std::string("shop.") + form), folder / (std::string(form) + ".1"));
  EXPECT_EQ(read_paths({folder.string()}).diagnostics.size(), 2u) << "by what they say, whatever their names";
  Diagnostics told;
  std::vector<Workload> digested;
  for (const auto* name : {"csv.1", "shop.json", "log.1"})
    digested.push_back(read_each({(folder / name).string()}, {}, told).front());
  count_once(digested, told);
  ASSERT_EQ(digested.size(), 1u) << "digested one by one, too";
  EXPECT_EQ(digested[0].sources[0].format, "jsonlog");
}

// The form that was switched on later, or off earlier, tells a part; another server's log tells something
// else.
TEST(Provenance, AFormThatTellsAPartIsLeftOut) {
  const std::string log = read_file(fixture("shop/logs/shop.log")).value(),
                    csv = read_file(fixture("shop/logs/shop.csv")).value();
  const Read whole = read_paths({fixture("shop/logs/shop.log")});
  const auto calls = [](const Read& read) {
    std::uint64_t sum = 0;
    for (const auto& query : read.workload.queries) sum += query.calls;
    return sum;
  };
  const auto early = write_log(csv.substr(0, csv.find("\n2026", csv.size() / 3) + 1), "early"),
             stderr_log = write_log(log, "whole");
  const Read both = read_paths({early, stderr_log});
  EXPECT_EQ(calls(both), calls(whole));
  ASSERT_EQ(both.diagnostics.size(), 1u);
  EXPECT_EQ(both.diagnostics[0].line(), early + ": is " + stderr_log + " in another format: counted once");
  const auto other = write_log(at(0, 7, "LOG:  duration: 0.5 ms  statement: SELECT 1"), "other");
  EXPECT_EQ(calls(read_paths({early, other})), calls(read_paths({early})) + 1);
  // Rotated at other places: neither tells all of the other's.
  const auto late = write_log(log.substr(log.find("\n2026", log.size() / 2) + 1), "late");
  const auto middle = write_log(csv.substr(0, csv.find("\n2026", csv.size() * 3 / 4) + 1), "middle");
  const Read parts = read_paths({late, middle});
  ASSERT_EQ(parts.diagnostics.size(), 1u);
  EXPECT_TRUE(contains(parts.diagnostics[0].what, "seems to contain calls of"))
      << parts.diagnostics[0].line();
}

TEST(Provenance, ReadingsOfStatisticsAndEventsGrowToo) {
  const auto reading = [](const char* marks, std::uint64_t bytes, std::uint64_t calls) {
    Workload out;
    out.queries.push_back({.fingerprint = "1", .text = "SELECT 1", .calls = calls});
    out.sources.push_back({.path = "server", .format = "pg_stat_statements"});
    out.sources[0].identity = {.bytes = bytes, .marks = marks, .tail = {}};
    return out;
  };
  Diagnostics told;
  std::vector<Workload> both = {reading("0123456789abcdef", 625, 625), reading("0123456789abcdef", 635, 635),
                                reading("ffff456789abcdef", 700, 7)};
  count_once(both, told);
  ASSERT_EQ(both.size(), 2u) << "and another server's stays";
  EXPECT_EQ(both[0].queries[0].calls, 635u);
}

}  // namespace
}  // namespace pgadvise::log::testing
