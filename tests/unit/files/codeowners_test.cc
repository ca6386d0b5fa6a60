// CODEOWNERS as GitHub and GitLab document it.
#include "files/codeowners.h"

#include <gtest/gtest.h>

#include "base/text/text.h"

namespace pgadvise::files {
namespace {

std::string owners(std::string_view text, std::string_view path) {
  return join(CodeOwners(text).of(path), " ");
}

TEST(CodeOwners, TheLastMatchingEntryCounts) {
  constexpr std::string_view text =
      "# all\n*       @global @dba # who else\n*.js    @js\n/build/logs/ @logs\r\ndocs/*  docs@example.com\n"
      "apps/ @apps\n/apps/github\n/db/**/users.sql @users\n/my\\ folder/ @blank\n!/x.js @nobody\n";
  EXPECT_EQ(owners(text, "db/1.sql"), "@global @dba");
  EXPECT_EQ(owners(text, "x.js"), "@js");
  EXPECT_EQ(owners(text, "build/logs/a/b.js"), "@logs");
  EXPECT_EQ(owners(text, "sub/build/logs/a.sql"), "@global @dba");
  EXPECT_EQ(owners(text, "docs/a.md"), "docs@example.com");
  EXPECT_EQ(owners(text, "docs/sub/a.md"), "@global @dba") << "only the files right below";
  EXPECT_EQ(owners(text, "sub/apps/a/b.sql"), "@apps");
  EXPECT_EQ(owners(text, "apps/github/a.sql"), "") << "an entry without owners";
  EXPECT_EQ(owners(text, "db/a/b/users.sql"), "@users");
  EXPECT_EQ(owners(text, "my folder/a.sql"), "@blank");
  EXPECT_TRUE(CodeOwners("\n# none\n").empty());
}

TEST(CodeOwners, SectionsOfGitLabAddUp) {
  constexpr std::string_view text =
      "* @all\n[Database] @dba\n/db/\n/db/seeds/ @seeds\n^[Documentation][2]\n*.md @docs\n[broken\n*.x\n";
  EXPECT_EQ(owners(text, "db/1.sql"), "@all @dba");
  EXPECT_EQ(owners(text, "db/seeds/a.md"), "@all @seeds @docs");
  EXPECT_EQ(owners(text, "a.x"), "@all");
}

TEST(CodeOwners, ManyEntriesAreCutOff) {
  std::string text;
  for (std::size_t i = 0; i < CodeOwners::max_entries; ++i) text += "/never @a\n";
  EXPECT_EQ(owners(text + "* @b\n", "a.sql"), "");
  EXPECT_EQ(owners("* @b\n" + text, "a.sql"), "@b");
}

}  // namespace
}  // namespace pgadvise::files
