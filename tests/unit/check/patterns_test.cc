// Patterns in a configuration's paths: what they match, and their bounds.
#include "check/config/patterns.h"

#include <gtest/gtest.h>

#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;
using Lines = std::vector<std::string>;

Result<std::vector<std::string>> expand_alone(const std::string& path, const PatternBounds& bounds = {}) {
  PatternBounds used = nothing_used;
  return expand_pattern(path, bounds, used);
}

TEST(Patterns, StandForNamesOnTheirLevel) {
  const TempTree tree{
      {"a/x.log", ""}, {"b/x.log", ""}, {"b/c/x.log", ""}, {".hidden/x.log", ""}, {"[slug]/y.log", ""}};
  EXPECT_EQ(expand_alone(tree.path("*/x.log")).value(), (Lines{tree.path("a/x.log"), tree.path("b/x.log")}));
  EXPECT_EQ(expand_alone(tree.path(".*/x.log")).value(), Lines{tree.path(".hidden/x.log")});
  EXPECT_EQ(expand_alone(tree.path("[slug]/?.log")).value(), Lines{tree.path("[slug]/y.log")})
      << "brackets are part of a name";
  EXPECT_EQ(expand_alone(tree.path("a")).value(), Lines{tree.path("a")});
}

TEST(Patterns, ReachABoundInsteadOfAllFiles) {
  const TempTree tree{{"a", ""}, {"b", ""}, {"c", ""}};
  const auto many = expand_alone(tree.path("*"), {.matches = 2});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().kind, Error::Kind::usage);
  EXPECT_NE(many.error().what.find("matches more than 2 files"), std::string::npos) << many.error().what;
  const auto visited = expand_alone(tree.path("x*"), {.entries = 2});
  ASSERT_FALSE(visited);
  EXPECT_NE(visited.error().what.find("more than 2 files and folders"), std::string::npos)
      << visited.error().what;
  const auto late = expand_alone(tree.path("*"), {.time = std::chrono::milliseconds(-1)});
  ASSERT_FALSE(late);
}

TEST(Patterns, OfOneListShareTheirBounds) {
  const TempTree tree{{"a", ""}, {"b", ""}};
  PatternBounds used = nothing_used;
  EXPECT_TRUE(expand_pattern(tree.path("*"), {.matches = 3}, used));
  const auto second = expand_pattern(tree.path("?"), {.matches = 3}, used);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("together with the patterns before it, matches more than 3 files"),
            std::string::npos)
      << second.error().what;
}

// Each star tried at each place would take longer than anybody waits.
TEST(Patterns, OfManyStarsTakeNoTime) {
  const TempTree tree{{std::string(250, 'a'), ""}};
  std::string stars;
  for (int i = 0; i < 60; ++i) stars += "a*";
  EXPECT_EQ(expand_alone(tree.path(stars + "b")).value(), Lines{tree.path(stars + "b")});
}

TEST(Patterns, PassOverFoldersOfTheKernel) {
  EXPECT_EQ(expand_alone("/proc/sel?/environ").value(), Lines{"/proc/sel?/environ"});
}

}  // namespace
}  // namespace pgadvise::check
