// Files of a repository that are broken or hostile.
#include <gtest/gtest.h>

#include "project/dockerfile.h"
#include "project/drizzle_names.h"
#include "project/repository.h"
#include "project_testing.h"

namespace pgadvise::project::testing {
namespace {

TEST(Dockerfile, AnEscapedLineEndAloneIsNoInstruction) {
  for (const char* text : {"\\", "\\\n", " \\\n\n#\n", "FROM a\n\\\nRUN b"}) EXPECT_NO_THROW(parse_dockerfile(text)) << text;
  const auto stages = parse_dockerfile("FROM a\n\\\n\\\nRUN b\n");
  ASSERT_EQ(stages.size(), 1u);
}

TEST(Repository, AWorkflowThatBeginsWithACommaEnds) {
  const TempTree tree({{".github/workflows/a.yml", ",,,"}, {"docker-compose.yml", ","}, {"package.json", "{\"scripts\":{\"start\":\"npx drizzle-kit push\"}}"}});
  Diagnostics diagnostics;
  EXPECT_EQ(read_repository(tree.path(), diagnostics).deploy_commands.size(), 1u);
}

TEST(Repository, AFolderThatMayNotBeReadIsNoCleanBill) {
  const TempTree tree({{"a/package.json", "{}"}});
  std::filesystem::permissions(tree.path("a"), std::filesystem::perms::none);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  Diagnostics whole, inside;
  read_repository(tree.path("a"), whole);
  read_repository(tree.path(), inside);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  std::filesystem::permissions(tree.path("a"), std::filesystem::perms::owner_all);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0].kind, Error::Kind::input);
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_EQ(inside[0].what, "can't be read: Permission denied");
}

TEST(Repository, SchemasThatNobodyClosesAreReadInTime) {
  std::string tables, configs;
  for (int i = 0; i < 10'000; ++i) tables += "const a = pgTable('a', { b: text('b'), ", configs += "dialect: '";
  EXPECT_FALSE(names_in(tables).empty());
  EXPECT_TRUE(read_drizzle_config("drizzle.config.ts", configs).postgresql());
}

}  // namespace
}  // namespace pgadvise::project::testing
