// The new lines of a log that grows, is rotated, compressed and truncated.
#include "watch/log_tail.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files/input_file.h"
#include "support/run.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using watch::LogTail;

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
  // Lines that are long enough to identify a file by its beginning.
  static std::string lines_of(const std::string& day) {
    return "2026-11-" + day +
           " 10:00:00.000 UTC [42] joe@shop LOG:  duration: 2.000 ms  statement: SELECT 1\n";
  }
  // As logrotate does. `hours`: since the first file was written; tests do not wait for the clock.
  void rotate(const std::string& name, int hours) const {
    fs::rename(log, folder.path(name));
    written(name, hours);
  }
  void written(const std::string& name, int hours) const {
    fs::last_write_time(folder.path(name),
                        fs::file_time_type::clock::now() - std::chrono::hours(100 - hours));
  }
  void compress(const std::string& name, const std::string& program = "gzip") const {
    ASSERT_EQ(std::system((program + " -q '" + folder.path(name) + "'").c_str()), 0);
  }
  // A watch that has read the first line of the log, and stopped.
  void read_before() const {
    append(lines_of("20"));
    LogTail tail(log, state);
    EXPECT_EQ(taken(tail), "");
  }
  // All that next() gives until there is nothing more, and whether lines are lost.
  std::string rest(bool* lost = nullptr) const {
    LogTail tail(log, state);
    std::string out;
    for (int i = 0; i < 20; ++i) {
      const auto lines = tail.next();
      EXPECT_TRUE(lines.has_value());
      if (!lines) break;
      if (lost && lines->lost) *lost = true;
      out += lines->text;
      EXPECT_TRUE(tail.take().has_value());
      if (lines->text.empty()) break;
    }
    return out;
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

TEST_F(LogTailTest, FindsACompressedFileAfterARestart) {
  for (const std::string program : {"gzip", "zstd --rm", "xz", "bzip2"}) {
    const std::string name = program.substr(0, program.find(' '));
    if (std::system(("command -v " + name + " >/dev/null").c_str()) != 0) continue;
    for (const auto& file : fs::directory_iterator(folder.path())) fs::remove(file.path());
    read_before();
    append(lines_of("21"));
    rotate("app.log.1", 1);
    compress("app.log.1", program);
    append(lines_of("22"));
    bool lost = false;
    EXPECT_EQ(rest(&lost), lines_of("21") + lines_of("22")) << program;
    EXPECT_FALSE(lost) << program;
    EXPECT_EQ(rest(), "") << program;
  }
}

TEST_F(LogTailTest, ReadsTheRotatedFilesInTheirOrder) {
  for (const bool delay : {false, true}) {
    for (const auto& file : fs::directory_iterator(folder.path())) fs::remove(file.path());
    append(lines_of("18"));
    rotate("app.log.4", -2);
    compress("app.log.4");  // older than all that watch has read
    read_before();
    append(lines_of("21"));
    rotate("app.log.3", 1);
    compress("app.log.3");
    append(lines_of("22"));
    rotate("app.log.2", 2);
    compress("app.log.2");
    append(lines_of("23"));
    rotate("app.log.1", 3);
    if (!delay) compress("app.log.1");
    append(lines_of("24"));
    bool lost = false;
    EXPECT_EQ(rest(&lost), lines_of("21") + lines_of("22") + lines_of("23") + lines_of("24")) << delay;
    EXPECT_FALSE(lost) << delay;
  }
}

TEST_F(LogTailTest, ReadsTwoRotationsBetweenTwoRounds) {
  append(lines_of("20"));
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  append(lines_of("21"));
  rotate("app-20261121.log", 1);
  append(lines_of("22"));
  rotate("app-20261122.log", 2);
  append(lines_of("23"));
  EXPECT_EQ(taken(tail), lines_of("21"));
  EXPECT_EQ(taken(tail), lines_of("22"));
  EXPECT_EQ(taken(tail), lines_of("23"));
}

TEST_F(LogTailTest, GivesTheLinesOfACompressedFileAgainUntilTheyAreTaken) {
  read_before();
  append(lines_of("21"));
  rotate("app.log.1", 1);
  compress("app.log.1");
  append(lines_of("22"));
  for (int i = 0; i < 2; ++i) {
    LogTail tail(log, state);
    EXPECT_EQ(tail.next()->text, lines_of("21"));
    EXPECT_EQ(tail.next()->text, lines_of("21"));
  }
  EXPECT_EQ(rest(), lines_of("21") + lines_of("22"));
}

TEST_F(LogTailTest, ReadsNoOtherFileOfTheFolder) {
  read_before();
  append(lines_of("21"));
  rotate("app.log.1", 1);
  for (const char* name : {"app-14-main.log", "app.log.save", "other.log.1", "app.log.d"}) {
    folder.write(name, lines_of("25"));
    written(name, 2);
  }
  // gzip is at work.
  std::ofstream(folder.path("app.log.1.gz"));
  append(lines_of("22"));
  rotate("app.log.0", 2);
  // A copy of the log that grows.
  append(lines_of("23"));
  fs::copy_file(log, log + ".9");
  append(lines_of("24"));
  EXPECT_EQ(rest(), lines_of("21") + lines_of("22") + lines_of("23") + lines_of("24"));
}

// The compression of a file that was read gave it the time of the compression.
TEST_F(LogTailTest, ReadsNoFileTwice) {
  read_before();
  append(lines_of("21"));
  rotate("app.log.1", 1);
  append(lines_of("22"));
  EXPECT_EQ(rest(), lines_of("21") + lines_of("22"));
  compress("app.log.1");
  written("app.log.1.gz", 50);
  append(lines_of("23"));
  rotate("app.log.0", 3);
  append(lines_of("24"));
  EXPECT_EQ(rest(), lines_of("23") + lines_of("24"));
}

TEST_F(LogTailTest, SaysThatLinesOfADamagedFileAreLost) {
  read_before();
  append(lines_of("21"));
  std::string noise;
  for (unsigned i = 0, value = 1; i < 400'000; ++i) {
    value = value * 1664525 + 1013904223;
    noise += static_cast<char>('a' + (value >> 24) % 26);
    if (i % 100 == 99) noise += '\n';
  }
  append(noise);
  rotate("app.log.1", 1);
  compress("app.log.1");
  fs::resize_file(folder.path("app.log.1.gz"), fs::file_size(folder.path("app.log.1.gz")) / 2);
  append(lines_of("22"));
  bool lost = false;
  const std::string text = rest(&lost);
  EXPECT_TRUE(text.starts_with(lines_of("21"))) << text.substr(0, 200);
  EXPECT_TRUE(text.ends_with("\n" + lines_of("22")));
  EXPECT_LT(text.size(), noise.size());
  EXPECT_TRUE(lost);
}

TEST_F(LogTailTest, SaysThatLinesOfAnUnreadableFileAreLost) {
  read_before();
  append(lines_of("21"));
  rotate("app.log.2", 1);
  fs::create_symlink("/proc/self/status", log + ".1");  // a file that is refused
  append(lines_of("22"));
  bool lost = false;
  EXPECT_EQ(rest(&lost), lines_of("21") + lines_of("22"));
  EXPECT_TRUE(lost);
}

TEST_F(LogTailTest, ReadsTheRestOfATruncatedFileInItsCopy) {
  append(lines_of("20"));
  LogTail tail(log, state);
  EXPECT_EQ(taken(tail), "");
  append(lines_of("21"));
  fs::copy_file(log, log + ".1");
  compress("app.log.1");
  fs::resize_file(log, 0);
  append(lines_of("22"));
  EXPECT_EQ(taken(tail), lines_of("21"));
  EXPECT_EQ(taken(tail), lines_of("22"));
  // Twice while watch is down.
  append(lines_of("23"));
  fs::copy_file(log, log + ".2");
  written("app.log.2", 101);
  fs::resize_file(log, 0);
  append(lines_of("24"));
  fs::copy_file(log, folder.path("app.log.3"));
  written("app.log.3", 102);
  fs::resize_file(log, 0);
  append(lines_of("25"));
  EXPECT_EQ(rest(), lines_of("23") + lines_of("24") + lines_of("25"));
  fs::resize_file(log, 0);
  append("without a copy\n");
  LogTail later(log, state);
  const auto lines = later.next();
  EXPECT_EQ(lines->text, "without a copy\n");
  EXPECT_TRUE(lines->lost);
}

// log_filename = 'app-%Y-%m-%d.log'
TEST_F(LogTailTest, FollowsFilesOfAPattern) {
  const auto write = [&](const std::string& day, const std::string& text) {
    const std::string name = "app-2026-11-" + day + ".log";
    std::ofstream(folder.path(name), std::ios::app) << text;
    written(name, std::atoi(day.c_str()));
  };
  log = folder.path("app-*.log");
  {
    LogTail tail(log, state);
    EXPECT_FALSE(tail.next().has_value()) << "no file";
  }
  write("19", lines_of("19"));
  write("20", lines_of("20"));
  EXPECT_EQ(rest(), "") << "it begins at the end";
  write("20", lines_of("20"));
  EXPECT_EQ(rest(), lines_of("20"));
  write("20", lines_of("20"));
  write("21", lines_of("21"));
  write("22", lines_of("22"));
  compress("app-2026-11-20.log");
  EXPECT_EQ(rest(), lines_of("20") + lines_of("21") + lines_of("22"));
  write("22", lines_of("22"));
  EXPECT_EQ(rest(), lines_of("22"));
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
