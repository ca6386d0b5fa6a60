// The new lines of a log that grows, is rotated and truncated.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/input_file.h"
#include "cli/log_tail.h"
#include "support/run.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using cli::LogTail;

class LogTailTest : public testing::Test {
 protected:
  void append(const std::string& text) const { std::ofstream(log, std::ios::app) << text; }
  // The lines of one next(), taken.
  static std::string taken(LogTail& tail) {
    const auto lines = tail.next();
    EXPECT_TRUE(lines.has_value());
    EXPECT_TRUE(tail.take().has_value());
    return lines ? lines->text : "(error)";
  }
  testing_support::Folder folder;
  std::string log = folder.path("app.log");
  std::string state = folder.path("position.json");
};

TEST_F(LogTailTest, GivesWholeNewLines) {
  append("before\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "") << "it begins at the end";
  append("one\ntwo\nthr");
  EXPECT_EQ(taken(tail), "one\ntwo\n");
  EXPECT_EQ(taken(tail), "");
  append("ee\n");
  EXPECT_EQ(taken(tail), "three\n");
}

TEST_F(LogTailTest, GivesTheSameLinesUntilTheyAreTaken) {
  append("before\n");
  {
    LogTail tail(log, state);
    EXPECT_EQ(taken(tail), "");
    append("one\n");
    EXPECT_EQ(tail.next()->text, "one\n");
    append("two\n");
    EXPECT_EQ(tail.next()->text, "one\n");
  }
  LogTail later(log, state);  // a restart
  EXPECT_EQ(taken(later), "one\n");
  EXPECT_EQ(taken(later), "two\n");
}

// A round stores what was there, not what a busy server writes meanwhile.
TEST_F(LogTailTest, SaysWhetherThereIsMore) {
  append("before\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  append("one\n");
  EXPECT_FALSE(tail.next()->more);
  append("two\n");
  EXPECT_TRUE(tail.next()->more) << "the same lines again, and one behind them";
  EXPECT_TRUE(tail.take().has_value());
  EXPECT_FALSE(tail.next()->more);
  EXPECT_TRUE(tail.take().has_value());
  append("three\n");
  fs::rename(log, log + ".1");
  append("four\n");
  EXPECT_TRUE(tail.next()->more) << "the new file";
  EXPECT_TRUE(tail.take().has_value());
  EXPECT_FALSE(tail.next()->more);
}

TEST_F(LogTailTest, ReadsARenamedFileToItsEnd) {
  append("before\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  append("one\n");
  EXPECT_EQ(taken(tail), "one\n");
  append("two\n");
  fs::rename(log, log + ".1");
  EXPECT_EQ(taken(tail), "two\n") << "between the two steps of the rotation";
  append("three\n");
  EXPECT_EQ(taken(tail), "three\n");
  append("four\n");
  fs::rename(log, log + ".2");
  append("five\n");
  EXPECT_EQ(taken(tail), "four\n");
  EXPECT_EQ(taken(tail), "five\n");
}

TEST_F(LogTailTest, ReadsARenamedFileWhileTheNewOneIsEmpty) {
  append("before\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  fs::rename(log, log + ".1");
  append("");  // as `create` of logrotate does, before the server opens the new file
  EXPECT_EQ(taken(tail), "");
  std::ofstream(log + ".1", std::ios::app) << "one\n";
  EXPECT_EQ(taken(tail), "one\n");
  append("two\n");
  EXPECT_EQ(taken(tail), "two\n");
}

TEST_F(LogTailTest, ReadsACompressedFileThatItStillHasOpen) {
  append("before\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  append("one\n");
  fs::remove(log);  // as gzip does
  append("two, in another file\n");
  EXPECT_EQ(taken(tail), "one\n");
  EXPECT_EQ(taken(tail), "two, in another file\n");
}

TEST_F(LogTailTest, FindsARenamedFileAfterARestart) {
  append("before\n");
  {
    LogTail tail(log, state);
    EXPECT_EQ(taken(tail), "");
  }
  append("one\n");
  fs::rename(log, folder.path("app-2026-11-23.log"));
  append("two\n");
  LogTail later(log, state);
  EXPECT_EQ(taken(later), "one\n");
  EXPECT_EQ(taken(later), "two\n");
}

TEST_F(LogTailTest, SaysThatLinesAreLost) {
  append("before\n");
  {
    LogTail tail(log, state);
    EXPECT_EQ(taken(tail), "");
  }
  append("one\n");
  std::ofstream(log + ".new") << "two\n";
  fs::rename(log + ".new", log);  // the file of the position is gone
  LogTail later(log, state);
  const auto lines = later.next();
  ASSERT_TRUE(lines.has_value());
  EXPECT_EQ(lines->text, "two\n");
  EXPECT_TRUE(lines->lost);
}

TEST_F(LogTailTest, ReadsATruncatedFileFromItsBeginning) {
  append("before\nand more\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  fs::resize_file(log, 0);
  append("one\n");
  EXPECT_EQ(taken(tail), "one\n");
  fs::resize_file(log, 0);
  append("another, and longer than what was there before\n");
  EXPECT_EQ(taken(tail), "another, and longer than what was there before\n");
}

TEST_F(LogTailTest, NoticesATruncationBeforeItsLinesAreTaken) {
  append(std::string(2000, 'a') + "\n");
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  append("one\n");
  EXPECT_EQ(tail.next()->text, "one\n");
  fs::resize_file(log, 0);
  const std::string longer = std::string(4000, 'b') + "\n";
  append(longer);
  EXPECT_TRUE(tail.take().has_value());
  EXPECT_EQ(taken(tail), longer);
}

TEST_F(LogTailTest, WaitsForALogThatIsMissing) {
  LogTail tail(log, state);
  EXPECT_FALSE(tail.next().has_value());
  append("before\n");
  EXPECT_EQ(taken(tail), "");
  append("one\n");
  EXPECT_EQ(taken(tail), "one\n");
}

TEST_F(LogTailTest, BeginsAtTheEndWithADamagedPosition) {
  for (const char* damaged : {"", "{", "[]", "{\"device\": -1}", "{\"inode\": \"x\"}",
                              R"({"device":1,"inode":1,"offset":0,"end":0,"head":"","head_bytes":-1})",
                              R"({"device":1,"inode":1,"offset":0,"end":-1,"head":"","head_bytes":0})"}) {
    std::ofstream(state) << damaged;
    append("before\n");
    LogTail tail(log, state);
    EXPECT_EQ(taken(tail), "") << damaged;
    append("one\n");
    EXPECT_EQ(taken(tail), "one\n") << damaged;
  }
}

// Others may write to the folder of --spool: nothing is written through what they put there.
TEST_F(LogTailTest, ReplacesALinkOrAPipeInThePlaceOfThePosition) {
  const std::string other = folder.path("other");
  std::ofstream(other) << "text";
  append("before\n");
  for (const bool link : {true, false}) {
    fs::remove(state);
    if (link) {
      fs::create_symlink(other, state);
    } else {
      ASSERT_EQ(::mkfifo(state.c_str(), 0600), 0);
    }
    LogTail tail(log, state);
    EXPECT_EQ(taken(tail), "") << link;
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(state))) << link;
    EXPECT_EQ(read_file(other, 100).value_or("(error)"), "text") << link;
  }
}

}  // namespace
}  // namespace pgadvise
