// Which kinds of files are read, whoever names them, and their limits.
#include "base/files/input_file.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text/line_ends.h"
#include "base/text/text.h"
#include "support/temp_tree.h"

namespace pgadvise {
namespace {

using testing_support::TempTree;

std::string why(const std::string& path, const UserPaths& user_paths = {}) {
  const auto text = read_file(path, file_limit, user_paths);
  return text ? "" : text.error().what;
}

TEST(InputFile, OfARepositoryIsARegularFile) {
  const TempTree tree{{"a", "text"}};
  ASSERT_EQ(::mkfifo(tree.path("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", tree.path("link"));
  EXPECT_EQ(read_file(tree.path("a")).value(), "text");
  EXPECT_NE(why(tree.path("pipe")).find("is a pipe"), std::string::npos);
  EXPECT_NE(why(tree.path("link")).find("is a pipe"), std::string::npos);
  EXPECT_NE(why("/dev/zero").find("is a device"), std::string::npos);
  EXPECT_NE(why("/dev/null").find("is a device"), std::string::npos);
  EXPECT_NE(why("/proc/self/status").find("file system of the kernel"), std::string::npos);
  EXPECT_NE(why("/sys/kernel/mm/transparent_hugepage/enabled")
                .find(std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")
                          ? "file system of the kernel"
                          : "can't be read"),
            std::string::npos);
}

TEST(InputFile, OfTheCommandLineMayBeAPipe) {
  const TempTree tree{{"a", "text"}};
  const std::string pipe = tree.path("pipe"), once = tree.path("once");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo(once.c_str(), 0600), 0);
  const UserPaths user({"check", pipe, "--log=" + once, "/dev/null", "/dev/zero", "/proc/self/status"});
  std::thread writer([&] { std::ofstream(pipe) << "from a pipe"; });
  EXPECT_EQ(read_file(pipe, file_limit, user).value(), "from a pipe");
  writer.join();
  EXPECT_EQ(read_file(pipe, file_limit, UserPaths(user)).value(), "from a pipe")
      << "asked for again, by a copy";
  EXPECT_EQ(read_head(pipe, 4, user), "from");
  EXPECT_NE(why(pipe).find("is a pipe"), std::string::npos) << "what one caller names, no other reads";
  EXPECT_EQ(UserPaths({pipe}).named_by("./" + pipe), NamedBy::repository);
  EXPECT_EQ(UserPaths({"--log=./a//b"}).named_by("a/b"), NamedBy::command_line);
  std::thread other([&] { std::ofstream(once) << "log"; });
  {
    const auto open = InputFile::open(once, user);  // until the writer is done, whom a closed pipe would kill
    EXPECT_TRUE(open);
    other.join();
  }
  EXPECT_NE(why(once, user).find("only once"), std::string::npos);
  EXPECT_EQ(read_file("/dev/null", file_limit, user).value(), "");
  EXPECT_NE(why("/dev/zero", user).find("is a device"), std::string::npos);
  EXPECT_NE(why("/proc/self/status", user).find("file system of the kernel"), std::string::npos);
}

TEST(InputFile, OverItsLimitIsNamedWithTheLimit) {
  const TempTree tree{{"a", std::string(4097, 'x')}};
  const auto text = read_file(tree.path("a"), 4096);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().line(),
            tree.path("a") + ": is larger than 4 KiB, the limit of such a file: nothing of it was read");
  EXPECT_EQ(read_file(tree.path("a"), 4097).value().size(), 4097u);
  // As large as the disk would have to be: its size is looked at first.
  std::filesystem::resize_file(tree.path("a"), std::uintmax_t{1} << 36);
  EXPECT_NE(why(tree.path("a")).find("larger than 1 GiB"), std::string::npos);
}

TEST(SpecialFiles, AreNamedInOneWarningWithABound) {
  const TempTree tree{{"a.sql", ""}};
  SpecialFiles special;
  special.add_if_special(tree.path("a.sql"), "a.sql");
  special.add_if_special(tree.path("missing"), "missing");
  EXPECT_FALSE(special.warning("x"));
  special.add_if_special("/dev/null", "null");
  for (int i = 10; i < 25; ++i) {
    const std::string name = "p" + std::to_string(i);
    ASSERT_EQ(0, ::mkfifo(tree.path(name).c_str(), 0600));
    special.add_if_special(tree.path(name), name);
  }
  const auto warning = special.warning("x");
  ASSERT_TRUE(warning);
  EXPECT_EQ(warning->what,
            "contains 16 files that pgadvise did not read, as they are not regular files: null (device), p10 "
            "(pipe), p11 (pipe), "
            "p12 (pipe), p13 (pipe), p14 (pipe), p15 (pipe), p16 (pipe), p17 (pipe), p18 (pipe) and 6 more");
  EXPECT_EQ(warning->kind, Error::Kind::nonfatal);
}

TEST(InputFile, InUtf16IsNamed) {
  const TempTree tree{{"a", std::string("\xff\xfe"
                                        "a\0b\0",
                                        6)}};
  EXPECT_NE(why(tree.path("a")).find("UTF-16"), std::string::npos);
}

TEST(LineEnds, StayThoseOfMostLines) {
  EXPECT_EQ(with_line_ends_of("a\r\nb\r\n", "a\r\nb\r\n\nc\n"), "a\r\nb\r\n\r\nc\r\n");
  EXPECT_EQ(with_line_ends_of("{\r\n  1\r\n}\r\n", "{\n  1,\n  2\n}\n"), "{\r\n  1,\r\n  2\r\n}\r\n");
  EXPECT_EQ(with_line_ends_of("a\r\nb\nc\r\n", "a\r\nb\nc\r\nd\n"), "a\r\nb\nc\r\nd\r\n")
      << "mixed: the lines that were there keep theirs";
  EXPECT_EQ(with_line_ends_of("a\nb\r\nc\n", "a\nb\r\nc\nd\n"), "a\nb\r\nc\nd\n");
  EXPECT_EQ(with_line_ends_of("a\rb\r", "a\rb\rc\n"), "a\rb\rc\r");
  EXPECT_EQ(with_line_ends_of("\xef\xbb\xbf{\r\n}", "{\n1}"), "\xef\xbb\xbf{\r\n1}");
  EXPECT_EQ(with_line_ends_of("", "a\n"), "a\n");
  // What a program writes anew with "\n" alone: lines that are the same keep theirs.
  EXPECT_EQ(with_line_ends_of("{\r\n 1\n}\r\n", "{\n 1\n 2\n}\n"), "{\r\n 1\n 2\r\n}\r\n");
  EXPECT_EQ(with_line_ends_of("{\n 1\r\n}\n", "{\n 1\n 2\n}\n"), "{\n 1\r\n 2\n}\n");
  EXPECT_EQ(with_line_ends_of("a\r\nb", "a\nb\nc\n"), "a\r\nb\r\nc\r\n");
  EXPECT_EQ(with_line_ends_of("\xef\xbb\xbf"
                              "a\n",
                              "\xef\xbb\xbf"
                              "b\n"),
            "\xef\xbb\xbf"
            "b\n");
}

}  // namespace
}  // namespace pgadvise
