#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "check/config.h"
#include "check/nothing_checked.h"
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
  EXPECT_EQ(inputs.nothing_checked, "no statement or log line of the inputs could be read");
  EXPECT_FALSE(inputs.nothing_to_check);
  EXPECT_EQ(inputs.diagnostics.back().kind, Error::Kind::usage);
  inputs = with_unreadable_folder();
  explain_nothing_read(inputs, 0, true);
  EXPECT_EQ(inputs.diagnostics.back().kind, Error::Kind::nonfatal) << "--allow-empty";
}

TEST(NothingChecked, BesideDeploymentFilesAnUnreadableFolderIsAWarning) {
  Inputs inputs = with_unreadable_folder();
  inputs.projects.emplace_back().files_read.push_back("package.json");
  explain_nothing_read(inputs, 0, false);
  EXPECT_EQ(inputs.nothing_checked, "");
  EXPECT_EQ(inputs.diagnostics.size(), 1u);
}

TEST(NothingChecked, NoInputAtAllIsNoFailure) {
  Inputs inputs;
  explain_nothing_read(inputs, 0, false);
  EXPECT_EQ(inputs.nothing_checked, "no input was found");
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
