// Globs over paths.
#include "files/glob.h"

#include <gtest/gtest.h>

namespace pgadvise::files {
namespace {

TEST(Glob, MatchesPaths) {
  EXPECT_TRUE(matches_glob("src/**/*.ts", "src/a/b/c.ts"));
  EXPECT_TRUE(matches_glob("src/**/*.ts", "src/c.ts"));
  EXPECT_TRUE(matches_glob("src/*/schema.{ts,js}", "src/a/schema.js"));
  EXPECT_TRUE(matches_glob("a[0-9]?.ts", "a1x.ts"));
  EXPECT_FALSE(matches_glob("src/*.ts", "src/a/b.ts"));
  EXPECT_TRUE(matches_glob("schema/!(*.test).ts", "schema/users.ts"));
  EXPECT_FALSE(matches_glob("schema/!(*.test).ts", "schema/users.test.ts"));
  EXPECT_FALSE(matches_glob("schema/!(*.test|index).ts", "schema/index.ts"));
  EXPECT_TRUE(matches_glob("@(a|b*)/+(x|yz).ts", "bc/xyzx.ts"));
  EXPECT_FALSE(matches_glob("+(x|yz).ts", "xy.ts"));
  EXPECT_TRUE(matches_glob("a?(-b)*(c).ts", "accc.ts"));
  EXPECT_TRUE(matches_glob("a(b).ts", "a(b).ts")) << "no group without one of !@?+*";
  EXPECT_FALSE(matches_glob("!(a", "b")) << "no end: the characters as they are";
  std::string many;
  for (int i = 0; i < 40; ++i) many += "+(a|*a)";
  EXPECT_FALSE(matches_glob(many + "b", std::string(250, 'a'))) << "takes no longer than others";
  EXPECT_FALSE(matches_glob("src/*.ts", "src/a.tsx"));
  EXPECT_FALSE(matches_glob("src/**", "lib/a.ts"));
}

TEST(Glob, BracesAreBounded) {
  EXPECT_EQ(expand_braces("a/{b,c}/{d,e}").size(), 4u);
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "{a,b}";
  EXPECT_LE(expand_braces(pattern).size(), 100u);
}

}  // namespace
}  // namespace pgadvise::files
