#include "report/text/lock_timeline.h"

#include <string>

#include <gtest/gtest.h>

#include "base/text/text.h"

namespace pgadvise::report {
namespace {

LockForecast forecast() {
  LockForecast out;
  out.migration = "0002_change";
  out.file = "0002_change.sql";
  out.how = "Goose runs each migration in a transaction";
  ForecastStatement add;
  add.place = {"0002_change.sql", 3, 1};
  add.text = "ALTER TABLE users ADD COLUMN a int";
  add.seconds = SecondsRange{};
  ForecastStatement build = add;
  build.place.line = 4;
  build.text = "CREATE INDEX events_kind ON events (kind)";
  build.work = TableLock::Work::build;
  build.work_table = {"public", "events"};
  build.seconds = SecondsRange{2, 15};
  out.statements = {add, build};
  ForecastLock lock;
  lock.table = {"public", "users"};
  lock.until = 1;
  lock.held = SecondsRange{2, 15};
  lock.queued_per_second = 340;
  lock.harmful = true;
  out.locks = {lock};
  return out;
}

TEST(LockTimeline, ALockIsABarOverTheStatementsThatItLasts) {
  const auto lines = lock_timeline({forecast()}, {.width = 100});
  EXPECT_EQ(
      join(lines, "\n"),
      "Locks of 0002_change: Goose runs each migration in a transaction\n"
      "  1. ALTER TABLE users ADD COLUMN a int: short (line 3)\n"
      "  2. CREATE INDEX events_kind ON events (kind): builds an index on events, 2 to 15 s (line 4)\n"
      "  1 2        order of statements\n"
      "  ██████████ users: ACCESS EXCLUSIVE blocks reads and writes for 2 to 15 s; 340/s queue, up to 5.1k");
}

TEST(LockTimeline, LocksOfOneTransactionEndAtTheSameColumn) {
  LockForecast one = forecast();
  for (int i = 0; i < 4; ++i) one.statements.push_back(one.statements[1]);
  ASSERT_EQ(one.statements.size(), 6u);
  one.locks[0].until = 5;
  ForecastLock late = one.locks[0];
  late.table = {"public", "events"};
  late.from = 5;
  one.locks.push_back(late);
  const auto lines = lock_timeline({one}, {.width = 160});
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_EQ(lines[5], "  and 2 more statements");
  EXPECT_TRUE(lines[6].ends_with("+  order of statements")) << lines[6];
  EXPECT_EQ(characters(lines[7].substr(0, lines[7].find(" users:"))),
            characters(lines[8].substr(0, lines[8].find(" events:"))))
      << lines[7] << "\n"
      << lines[8];
}

TEST(LockTimeline, AStrongerLockOfATableIsInTheSameRow) {
  LockForecast one = forecast();
  one.locks[0].mode = LockMode::share;
  ForecastLock stronger = one.locks[0];
  stronger.mode = LockMode::access_exclusive;
  stronger.from = 1;
  one.locks.push_back(stronger);
  const auto lines = lock_timeline({one}, {.width = 160});
  EXPECT_EQ(
      lines.back(),
      "  ██████████ users: SHARE blocks writes, from 2 ACCESS EXCLUSIVE blocks reads and writes for 2 to 15 "
      "s; 340/s queue, up to 5.1k");
}

// "and 1 more" would take the line that the statement needs.
TEST(LockTimeline, TheLastStatementIsShownIfOnlyItIsLeft) {
  LockForecast one = forecast();
  for (int i = 0; i < 3; ++i) one.statements.push_back(one.statements[1]);
  one.statements.back().text = "CREATE INDEX the_last ON events (kind)";
  one.locks[0].until = 4;
  const std::string text = join(lock_timeline({one}, {.width = 160}), "\n");
  EXPECT_TRUE(contains(text, "  5. CREATE INDEX the_last")) << text;
  EXPECT_FALSE(contains(text, "more statement")) << text;
}

TEST(LockTimeline, WhatDoesNotFitBesideTheBarIsBelow) {
  LockForecast one = forecast();
  one.locks[0].longest_ms = 31'000;
  const auto lines = lock_timeline({one}, {.width = 100});
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(
      lines[4],
      "  ██████████ users: ACCESS EXCLUSIVE blocks reads and writes for 2 to 15 s; 340/s queue, up to 16k");
  EXPECT_EQ(lines[5], "               waits for up to 31 s");
}

TEST(LockTimeline, OfAnUnknownTimeOnlyTheWaitIsCounted) {
  LockForecast one = forecast();
  one.statements[1].seconds.reset();
  one.locks[0].held.reset();
  one.locks[0].longest_ms = 31'000;
  EXPECT_TRUE(
      lock_timeline({one}, {.width = 160})
          .back()
          .ends_with("blocks reads and writes, size unknown; 340/s queue; waits for up to 31 s, up to 11k "
                     "queue meanwhile"));
}

TEST(LockTimeline, NamesTheStatementAtWhichTheMigrationStops) {
  LockForecast one = forecast();
  one.statements[1].fails = true;
  one.statements[1].work = TableLock::Work::none;
  const std::string text = join(lock_timeline({one}, {.width = 160}), "\n");
  EXPECT_TRUE(contains(text, "(kind): fails inside a transaction, the migration stops here (line 4)"))
      << text;
}

TEST(LockTimeline, IsBounded) {
  LockForecast large = forecast();
  for (int i = 0; i < 100; ++i) {
    large.statements.push_back(large.statements[1]);
    large.locks.push_back(large.locks[0]);
  }
  for (ForecastLock& lock : large.locks) lock.until = large.statements.size() - 1;
  EXPECT_LE(lock_timeline({large}, {.width = 100}).size(), 12u);
  const auto many = lock_timeline({large, large, large, large, large}, {.width = 60});
  EXPECT_LE(many.size(), 3 * 12u + 1);
  EXPECT_EQ(many.back(), "Locks of 2 more migrations: --format json has all");
  for (const auto& line : many) EXPECT_LE(characters(line), 60u) << line;
}

TEST(LockTimeline, BeginsAtTheFirstHarmfulLockAndIsEmptyWithoutOne) {
  LockForecast one = forecast();
  one.locks[0].harmful = false;
  EXPECT_TRUE(lock_timeline({one}, {}).empty());
  one.locks[0].from = 1;
  one.locks[0].harmful = true;
  one.statements[1].seconds.reset();
  one.locks[0].held.reset();
  const std::string text = join(lock_timeline({one}, {.width = 120}), "\n");
  EXPECT_FALSE(contains(text, "ADD COLUMN")) << text;
  EXPECT_TRUE(
      contains(text, "1. CREATE INDEX events_kind ON events (kind): builds an index on events, size unknown"))
      << text;
}

TEST(LockTimeline, RangesHaveOneUnit) {
  EXPECT_EQ(range_text({0.01, 0.05}), "under 0.1 s");
  EXPECT_EQ(range_text({3, 20}), "3 to 20 s");
  EXPECT_EQ(range_text({0, 40}), "40 s");
  EXPECT_EQ(range_text({90, 900}), "1.5 to 15 min");
  EXPECT_EQ(range_text({3600, 36000}), "1 to 10 h");
}

TEST(LockTimeline, ALineThatIsTooLongEndsInAMark) {
  LockForecast one = forecast();
  one.how = "the tool runs " + std::string(200, 'x');
  const auto lines = lock_timeline({one}, {.width = 100});
  EXPECT_EQ(characters(lines.front()), 100u);
  EXPECT_TRUE(lines.front().ends_with("x…")) << lines.front();
  const auto ascii = lock_timeline({one}, {.unicode = false, .width = 100});
  EXPECT_EQ(characters(ascii.front()), 100u);
  EXPECT_TRUE(ascii.front().ends_with("x...")) << ascii.front();
}

}  // namespace
}  // namespace pgadvise::report
