#include "files/gitignore.h"

#include <gtest/gtest.h>

#include "support/temp_tree.h"

namespace pgadvise::files {
namespace {

TEST(Gitignore, PatternsMatchAsGitDoes) {
  struct Case {
    const char* pattern;
    const char* path;
    bool folder;
    bool matches;
  };
  for (const Case& one : std::initializer_list<Case>{{"*.sql", "a/b/1.sql", false, true},
                                                     {"/*.sql", "a/1.sql", false, false},
                                                     {"drizzle", "a/drizzle", true, true},
                                                     {"drizzle/", "a/drizzle", false, false},
                                                     {"drizzle/", "a/drizzle", true, true},
                                                     {"a/*.sql", "a/1.sql", false, true},
                                                     {"a/*.sql", "a/b/1.sql", false, false},
                                                     {"a/**/1.sql", "a/b/c/1.sql", false, true},
                                                     {"**/1.sql", "1.sql", false, true},
                                                     {"[0-9]?_*.sql", "01_x.sql", false, true},
                                                     {"[!0-9]*", "01_x.sql", false, false},
                                                     {"\\*.sql", "a.sql", false, false},
                                                     {"**", "a/b", false, true},
                                                     {"[", "[", false, true}}) {
    EXPECT_EQ(ignore_pattern_matches(one.pattern, one.path, one.folder), one.matches)
        << one.pattern << " " << one.path;
  }
}

TEST(Gitignore, TheLastLineThatMatchesDecides) {
  const testing_support::TempTree tree{
      {".git/HEAD", ""}, {".gitignore", "*.sql\n!keep.sql\ngenerated/\n"}, {"db/.gitignore", "!1.sql\n"}};
  EXPECT_EQ(ignoring_line(tree.path("db/0.sql")), tree.path(".gitignore") + ":1: *.sql");
  EXPECT_EQ(ignoring_line(tree.path("db/1.sql")), "");
  EXPECT_EQ(ignoring_line(tree.path("keep.sql")), "");
  EXPECT_EQ(ignoring_line(tree.path("generated/a/b.txt")), tree.path(".gitignore") + ":3: generated/");
  EXPECT_EQ(ignoring_line(tree.path("db/a.txt")), "");
}

}  // namespace
}  // namespace pgadvise::files
