#include "check/load/nothing_checked.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "check/config/config.h"
#include "support/run.h"

namespace pgadvise::check {
namespace {

Inputs with_unreadable_folder() {
  Inputs out;
  out.diagnostics.push_back({Error::Kind::nonfatal, "db", "can't be read: Permission denied", {}});
  return out;
}

TEST(NothingChecked, AFolderThatCannotBeReadIsNoCleanResult) {
  Inputs inputs = with_unreadable_folder();
  explain_nothing_read(inputs, 0, false);
  EXPECT_EQ(inputs.nothing.checked, "no statement or log line of the inputs could be read");
  EXPECT_FALSE(inputs.nothing.to_check);
  EXPECT_EQ(inputs.diagnostics.back().kind, Error::Kind::usage);
  inputs = with_unreadable_folder();
  explain_nothing_read(inputs, 0, true);
  EXPECT_EQ(inputs.diagnostics.back().kind, Error::Kind::nonfatal) << "--allow-empty";
}

TEST(NothingChecked, BesideDeploymentFilesAnUnreadableFolderIsAWarning) {
  Inputs inputs = with_unreadable_folder();
  inputs.diagnostics[0].where = "certificates";
  inputs.projects.emplace_back().files_read.push_back("package.json");
  explain_nothing_read(inputs, 0, false);
  EXPECT_EQ(inputs.nothing.checked, "");
  EXPECT_EQ(inputs.diagnostics.size(), 1u);
}

TEST(NothingChecked, BesideDeploymentFilesAnUnreadSchemaIsNoCleanResult) {
  const Error scripts{
      Error::Kind::nonfatal, ".",
      "pgadvise did not read SQL that creates tables, because it belongs to no known migration "
      "tool: tables (82 scripts)",
      "to read the SQL: pgadvise check tables"};
  const Error other{Error::Kind::nonfatal, "b", "prisma migrations of another database (mysql)", {}};
  const auto last_of = [](Diagnostics diagnostics) {
    Inputs inputs;
    inputs.projects.emplace_back().files_read.push_back("package.json");
    inputs.diagnostics = std::move(diagnostics);
    explain_nothing_read(inputs, 0, false);
    return inputs.diagnostics.back();
  };
  EXPECT_EQ(last_of({scripts}).kind, Error::Kind::usage);
  EXPECT_EQ(last_of({scripts}).hint,
            "to read the SQL: pgadvise check tables; --allow-empty makes this a warning");
  EXPECT_EQ(last_of({other, scripts}).kind, Error::Kind::nonfatal) << "the scripts are MySQL's";
  for (const char* path : {"a/migrations", "drizzle", "db", "schema.sql"})
    EXPECT_EQ(last_of({{Error::Kind::nonfatal, path, "can't be read: Permission denied", {}}}).kind,
              Error::Kind::usage)
        << path;
}

TEST(NothingChecked, ASchemaThatProgramsKeepIsNoCleanResult) {
  for (const bool deploys : {false, true})
    for (const bool allow_empty : {false, true}) {
      Inputs inputs;
      if (deploys) inputs.projects.emplace_back().files_read.push_back("Dockerfile");
      inputs.diagnostics.push_back({Error::Kind::nonfatal, "db/schema.rb",
                                    "Rails keeps its schema in Ruby, which pgadvise does not read",
                                    "use --db"});
      inputs.diagnostics.push_back({Error::Kind::nonfatal, "a.sql", "another warning", {}});
      explain_nothing_read(inputs, 0, allow_empty);
      EXPECT_EQ(inputs.nothing.checked, "Rails keeps its schema in Ruby, which pgadvise does not read");
      ASSERT_EQ(inputs.diagnostics.size(), 2u);
      const Error& last = inputs.diagnostics.back();
      EXPECT_EQ(last.where, "db/schema.rb") << "the last line says what to do";
      EXPECT_EQ(last.kind, allow_empty ? Error::Kind::nonfatal : Error::Kind::usage);
      EXPECT_EQ(last.hint, allow_empty ? "use --db" : "use --db; --allow-empty makes this a warning");
    }
}

TEST(NothingChecked, SqlForOtherDatabasesIsNamedOnce) {
  const auto warning = [](const std::string& what) { return Error{Error::Kind::nonfatal, "db", what, {}}; };
  EXPECT_EQ(for_another_database({warning("can't be read")}), "");
  EXPECT_EQ(for_another_database({warning("a drizzle journal of another database (sqlite)"),
                                  warning("is a Prisma schema of another database (mysql)"),
                                  warning("prisma migrations of another database (mysql)")}),
            "the SQL of the inputs is for another database (mysql, sqlite)");
}

TEST(NothingChecked, NoInputAtAllIsNoFailure) {
  Inputs inputs;
  explain_nothing_read(inputs, 0, false);
  EXPECT_EQ(inputs.nothing.checked, "no input was found");
  EXPECT_TRUE(inputs.diagnostics.empty());
}

TEST(NothingChecked, AFolderThatMayNotBeSearchedHasNoConfiguration) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may search every folder";
  const testing_support::Folder folder;
  const auto closed = folder.path("closed");
  std::filesystem::create_directory(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  EXPECT_FALSE(find_config(closed).starts_with(closed)) << find_config(closed);
  std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace pgadvise::check
