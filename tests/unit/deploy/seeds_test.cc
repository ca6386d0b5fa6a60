// What code that is called a seed does to a database that holds rows.
#include "deploy/commands/seeds.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace pgadvise::deploy {
namespace {

std::string seen(const std::string& code) {
  const auto found = seeds_in_code(code);
  return found.empty()
             ? ""
             : found.front().call.at(1) + "@" +
                   std::to_string(std::count(code.begin(),
                                             code.begin() + static_cast<std::ptrdiff_t>(found.front().offset),
                                             '\n') +
                                  1);
}

TEST(Seeds, AreJudgedCallByCall) {
  EXPECT_EQ(
      seen("await prisma.a.upsert({ where, create: {}, update: {} });\nawait prisma.b.create({ data });\n"),
      "insert@2")
      << "an upsert elsewhere";
  EXPECT_EQ(
      seen("await db.insert(roles).values(x).onConflictDoNothing();\nawait db.insert(users).values(y);\n"),
      "insert@2");
  EXPECT_EQ(seen("await db.insert(roles).values(x)\n  .onConflictDoNothing();\n"), "");
  EXPECT_EQ(seen("await prisma.a.createMany({ data, skipDuplicates: true });\n"), "");
  EXPECT_EQ(seen("async function a() {\n const one = await prisma.a.findFirst();\n if (one) return one;\n "
                 "return prisma.a.create({ data });\n}\n"),
            "");
  EXPECT_EQ(seen("async function a() {\n await prisma.a.findFirst();\n}\nasync function b() {\n await "
                 "prisma.b.create({ data });\n}\n"),
            "insert@5")
      << "another function looks";
  EXPECT_EQ(seen("async function b() {\n if (await done()) return;\n await prisma.b.create({ data });\n}\n"),
            "");
  EXPECT_EQ(seen("const all = await prisma.a.findMany();\nfor (const each of all) {\n await "
                 "prisma.b.create({ data: each });\n}\n"),
            "");
  EXPECT_EQ(seen("async function b() {\n const one = await prisma.a.findFirst();\n if (!one) {\n  await "
                 "prisma.a.create({ data });\n }\n}\n"),
            "");
}

TEST(Seeds, ScriptsAreNamedForWhatTheyEmpty) {
  for (const char* name :
       {"clear-db.ts", "script db:drop", "clearDatabase.ts", "drop_all_tables.js", "purge.ts"})
    EXPECT_TRUE(named_for_emptying(name)) << name;
  for (const char* name :
       {"clear-cache.ts", "script sessions:clear", "dropdown.ts", "nuclear.ts", "clearance.ts"})
    EXPECT_FALSE(named_for_emptying(name)) << name;
  EXPECT_TRUE(named_for_seeding("resetDatabase.ts"));
}

}  // namespace
}  // namespace pgadvise::deploy
