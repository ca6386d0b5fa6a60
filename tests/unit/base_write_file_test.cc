#include <csignal>
#include <future>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/input_file.h"
#include "base/text.h"
#include "base/write_file.h"
#include "support/temp_tree.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using testing_support::TempTree;

std::size_t files_of(const TempTree& tree) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(tree.path()), fs::directory_iterator()));
}

struct stat status_of(const std::string& path) {
  struct stat out{};
  EXPECT_EQ(::stat(path.c_str(), &out), 0) << path;
  return out;
}

TEST(WriteFile, ReplacesAFileAndKeepsItsPermissions) {
  const TempTree tree{{"old", "before"}};
  fs::permissions(tree.path("old"), fs::perms::owner_read | fs::perms::owner_write | fs::perms::owner_exec);
  ASSERT_TRUE(write_file(tree.path("old"), "after"));
  EXPECT_EQ(read_file(tree.path("old")), "after");
  EXPECT_EQ(status_of(tree.path("old")).st_mode & 07777, 0700u);
  ASSERT_TRUE(write_file(tree.path("new"), ""));
  EXPECT_EQ(status_of(tree.path("new")).st_mode & 07777, mode_of_new_files());
  EXPECT_EQ(files_of(tree), 2u);
}

// A repository may contain a link of the name that the user gives to -o.
TEST(WriteFile, NotThroughALinkOutOfARepository) {
  const TempTree tree{{"outside", "kept"}, {"repo/.git/HEAD", "ref: refs/heads/main\n"}, {"repo/in", "old"}};
  fs::create_symlink("../outside", tree.path("repo/link"));
  fs::create_symlink("../new", tree.path("repo/dangling"));
  fs::create_symlink("..", tree.path("repo/folder"));
  for (const char* path : {"repo/link", "repo/dangling", "repo/folder/outside"}) {
    const auto wrote = write_file(tree.path(path), "changed");
    ASSERT_FALSE(wrote) << path;
    EXPECT_EQ(wrote.error().what,
              "leads out of the repository through a symbolic link: pgadvise writes nothing there");
  }
  EXPECT_EQ(read_file(tree.path("outside")), "kept");
  EXPECT_FALSE(fs::exists(tree.path("new")));
  fs::create_symlink("in", tree.path("repo/inner"));
  ASSERT_TRUE(write_file(tree.path("repo/inner"), "changed"));
  EXPECT_EQ(read_file(tree.path("repo/in")), "changed");
}

TEST(WriteFile, WritesThroughLinks) {
  const TempTree tree{{"old", "a text that is longer"}};
  fs::create_symlink("old", tree.path("link"));
  fs::create_symlink("made", tree.path("dangling"));
  const auto before = status_of(tree.path("old")).st_ino;
  ASSERT_TRUE(write_file(tree.path("link"), "after"));
  EXPECT_TRUE(fs::is_symlink(tree.path("link")));
  EXPECT_EQ(read_file(tree.path("old")), "after");
  EXPECT_EQ(status_of(tree.path("old")).st_ino, before);
  ASSERT_TRUE(write_file(tree.path("dangling"), "x"));
  EXPECT_EQ(read_file(tree.path("made")), "x");
}

TEST(WriteFile, WritesIntoPipesAndDevices) {
  const TempTree tree{};
  ASSERT_EQ(::mkfifo(tree.path("pipe").c_str(), 0600), 0);
  const std::string content(300'000, 'x');
  auto read = std::async(std::launch::async, [&] {
    std::ifstream in(tree.path("pipe"));
    return std::string(std::istreambuf_iterator<char>(in), {});
  });
  EXPECT_TRUE(write_file(tree.path("pipe"), content));
  EXPECT_TRUE(read.get() == content);
  EXPECT_TRUE(fs::is_fifo(tree.path("pipe")));
  EXPECT_TRUE(write_file("/dev/null", content));
  const auto full = write_file("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().line(), "/dev/full: can't be written: No space left on device");
}

TEST(WriteFile, SaysWhatIsInTheWay) {
  const TempTree tree{{"file", "x"}, {"folder/x", ""}};
  const auto error = [&](const std::string& path) {
    const auto wrote = write_file(path, "y");
    return wrote ? std::string() : wrote.error().what;
  };
  EXPECT_EQ(error(tree.path("folder")), "can't be written: Is a directory");
  EXPECT_EQ(error(tree.path("folder/")), "can't be written: Is a directory");
  EXPECT_EQ(error(tree.path("gone/x")), "can't be written: No such file or directory");
  EXPECT_EQ(error(tree.path("file/x")), "can't be written: Not a directory");
  EXPECT_NE(error("/proc/x"), "") << "a folder that nobody may write to";
  EXPECT_EQ(error(tree.path(std::string(250, 'x'))), "can't be written: File name too long");
  EXPECT_EQ(files_of(tree), 2u);
}

// A limit on a file's size stands for a full disk: a part is written, and then no more.
TEST(WriteFile, LeavesTheOldFileWhereTheDiskIsFull) {
  const TempTree tree{{"old", "before"}};
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto replaced = write_file(tree.path("old"), std::string(100'000, 'x'));
  const auto made = write_file(tree.path("new"), std::string(100'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(replaced);
  EXPECT_FALSE(made);
  EXPECT_EQ(read_file(tree.path("old")), "before");
  EXPECT_EQ(files_of(tree), 1u);
}

TEST(WriteFile, OfManyWritersOneWins) {
  const TempTree tree{};
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i)
    writers.emplace_back([&tree, i] {
      for (int round = 0; round < 10; ++round)
        EXPECT_TRUE(write_file(tree.path("report"), std::string(50'000, static_cast<char>('a' + i))));
    });
  for (auto& writer : writers) writer.join();
  const auto content = read_file(tree.path("report")).value_or("");
  EXPECT_EQ(content, std::string(50'000, content.empty() ? '?' : content[0]));
  EXPECT_EQ(files_of(tree), 1u);
}

}  // namespace
}  // namespace pgadvise
