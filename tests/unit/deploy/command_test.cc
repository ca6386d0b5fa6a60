// What a command runs: the program of a migration tool, by whichever name a script calls it.
#include "deploy/shell/command.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "migrations/interface/tools.h"

namespace pgadvise::deploy {
namespace {

std::string program(std::vector<std::string> words) {
  const auto found = invocations(std::move(words));
  return found.size() == 1 && !found[0].words.empty() ? found[0].words[0] : std::string();
}

TEST(Invocations, OfAToolsProgramHaveOneName) {
  EXPECT_EQ(program({"npx", "sequelize-cli", "db:migrate"}), "sequelize");
  EXPECT_EQ(program({"typeorm-ts-node-esm", "schema:sync"}), "typeorm");
  EXPECT_EQ(program({"node", "node_modules/typeorm/cli.js", "schema:sync"}), "typeorm");
  EXPECT_EQ(program({"node", "../node_modules/drizzle-kit/bin.cjs", "push"}), "drizzle-kit");
  EXPECT_EQ(program({"node", "node_modules/prisma/build/index.js", "db", "push"}), "prisma");
  EXPECT_EQ(program({"node", "prisma/seed.js"}), "") << "a file of the application";
  int aliases = 0;
  for (const auto* tool : migrations::migration_tools())
    for (const auto alias : tool->program.aliases) {
      EXPECT_EQ(program({std::string(alias)}), tool->program.name) << alias;
      ++aliases;
    }
  EXPECT_GE(aliases, 4);
}

}  // namespace
}  // namespace pgadvise::deploy
