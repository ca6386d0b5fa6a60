// Check's text in a terminal: tmux for what stands on the screen, script for the bytes that a terminal gets.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "support/paths.h"
#include "terminal/tmux.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::Tmux;

std::string source(const std::string& name) { return std::string(testing_support::source_dir) + "/" + name; }

class CheckTerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"tmux", "script"}) {
      const auto ran = run_program({program, "-V"});
      if (!ran || ran->status != 0)
        GTEST_SKIP() << program << " is not installed: apt-get install tmux bsdutils";
    }
    std::filesystem::copy(source("fixtures/review/project"), folder_.path("project"),
                          std::filesystem::copy_options::recursive);
  }

  // What a terminal of so many columns gets of `pgadvise arguments`, on stdout and stderr.
  std::string bytes(const std::string& arguments, const std::string& environment = "",
                    int columns = 80) const {
    const std::string command = "stty cols " + std::to_string(columns) + "; cd " +
                                quoted(folder_.path("project")) +
                                "; exec env -i PATH=/usr/bin:/bin TERM=xterm-256color LC_ALL=C.UTF-8 " +
                                environment + " " + quoted(testing_support::program) + " " + arguments;
    const auto ran = run_program({"script", "-qec", command, "/dev/null"});
    return ran ? replace_all(ran->out, "\r\n", "\n") : std::string();
  }

  Folder folder_;
};

TEST_F(CheckTerminal, TheSourceIsUnderlinedInEightyColumns) {
  Tmux tmux(folder_, "project", 80, 24, "TERM=tmux-256color");
  tmux.type("clear; " + quoted(testing_support::program) + " check -q | head -20");
  tmux.key("Enter");
  ASSERT_TRUE(tmux.shows("fix:"));
  EXPECT_FALSE(contains(tmux.screen(true), "\x1b[33;1m")) << "no color in a pipe";
  tmux.type("clear; " + quoted(testing_support::program) + " check -q; echo done with $?");
  tmux.key("Enter");
  ASSERT_TRUE(tmux.shows("done with 0"));
  EXPECT_TRUE(contains(tmux.screen(true), "\x1b[1m")) << tmux.screen(true);
  const std::string path = source("fixtures/review/screens/check.txt");
  std::string screen = tmux.screen();
  if (std::getenv("PGADVISE_UPDATE_GOLDEN")) std::ofstream(path, std::ios::binary) << screen;
  EXPECT_EQ(read_file(path).value_or(""), screen);
}

TEST_F(CheckTerminal, ColoursFollowOptionAndEnvironment) {
  EXPECT_TRUE(contains(bytes("check"), "\x1b[33;1mwarning\x1b[0m"));
  for (const char* environment : {"NO_COLOR=1", "NO_COLOR=1 CLICOLOR_FORCE=1", "CLICOLOR=0"})
    EXPECT_FALSE(contains(bytes("check", environment), "\x1b[")) << environment;
  EXPECT_FALSE(contains(bytes("check --color never", "CLICOLOR_FORCE=1"), "\x1b"));
  EXPECT_TRUE(contains(bytes("check --color always", "NO_COLOR=1"), "\x1b["));
}

TEST_F(CheckTerminal, LinksWhereTheTerminalHasThem) {
  for (const char* environment :
       {"TERM_PROGRAM=vscode", "TERM_PROGRAM=iTerm.app", "TERM_PROGRAM=WezTerm", "TERM_PROGRAM=ghostty",
        "VTE_VERSION=6800", "KONSOLE_VERSION=220401", "KITTY_WINDOW_ID=1", "WT_SESSION=x", "DOMTERM=1",
        "FORCE_HYPERLINK=1", "FORCE_HYPERLINK=1 NO_COLOR=1"}) {
    const std::string text = bytes("check", environment);
    EXPECT_TRUE(contains(text, "\x1b]8;;file://")) << environment;
    EXPECT_TRUE(contains(text, "/project/src/schema.ts#18\x1b\\")) << environment;
  }
  for (const char* environment :
       {"", "VTE_VERSION=4999", "TERM_PROGRAM=Apple_Terminal", "KITTY_WINDOW_ID=1 FORCE_HYPERLINK=0",
        "KITTY_WINDOW_ID=1 NO_COLOR=1", "KITTY_WINDOW_ID=1 TERM=dumb"})
    EXPECT_FALSE(contains(bytes("check", environment), "\x1b]8")) << environment;
  EXPECT_FALSE(contains(bytes("check --color never", "FORCE_HYPERLINK=1"), "\x1b"));
  EXPECT_FALSE(contains(bytes("check --format json", "FORCE_HYPERLINK=1"), "\x1b"));
  EXPECT_FALSE(contains(bytes("check | cat", "FORCE_HYPERLINK=1"), "\x1b"));
}

TEST_F(CheckTerminal, TheWidthIsTheTerminals) {
  // Of messages: SQL and the files' names are not broken.
  const auto widest = [](const std::string& text) {
    std::size_t out = 0;
    for (const auto line : split(text, '\n'))
      if (line.starts_with("  ") && line.size() > 2 && line[2] != ' ' && line[2] != '-' &&
          !line.starts_with("  fix:"))
        out = std::max(out, line.size());
    return out;
  };
  EXPECT_LE(widest(bytes("check --color never", "", 60)), 62U);
  EXPECT_GT(widest(bytes("check --color never", "", 120)), 80U);
  EXPECT_LE(widest(bytes("check --color never", "COLUMNS=50", 120)), 62U) << "COLUMNS is nearer";
  const std::string page = bytes("rules explain unindexed-foreign-key --color never");
  for (const auto line : split(page, '\n'))
    EXPECT_LE(line.size(), 82U) << line;  // the dots of the head are two bytes each
}

}  // namespace
}  // namespace pgadvise
