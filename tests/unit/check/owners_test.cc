// Owners of findings: pgadvise.toml before CODEOWNERS.
#include "check/run/owners.h"

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;

class OwnersTest : public testing::Test {
 protected:
  OwnersTest() { settings_.repository = {.root = tree_.path(), .folder = tree_.path()}; }

  void add(const std::string& table, const std::string& file, const std::string& fingerprint = {}) {
    Finding finding;
    finding.subject = {.kind = "table", .schema = "public", .table = table, .fingerprint = fingerprint};
    if (!file.empty()) finding.location = SourceLocation{tree_.path(file), 1, 1};
    report_.findings.push_back(std::move(finding));
  }

  std::vector<std::string> owners() {
    set_owners(report_, inputs_, settings_);
    std::vector<std::string> out;
    for (const auto& finding : report_.findings) out.push_back(join(finding.owners, " "));
    return out;
  }

  TempTree tree_{{"CODEOWNERS", "* @all\n/db/ @dba @joe\n"}};
  Inputs inputs_;
  Settings settings_;
  Report report_;
};

using Lines = std::vector<std::string>;

TEST_F(OwnersTest, TheLastEntryOfTheConfigurationThenCodeowners) {
  inputs_.config.owners = {{.owner = "@orders", .object = "public.order*"},
                           {.owner = "@web", .application = "web-*"},
                           {.owner = "@old", .object = "old_*", .path = "db/*"}};
  Query query;
  query.fingerprint = "00000000000000aa";
  query.applications = {"cron", "web-1"};
  inputs_.workload.queries = {query};
  add("orders", "db/1.sql");
  add("users", "db/1.sql");
  add("users", "src/a.ts");
  add("users", "");
  add("orders", "", "00000000000000aa");
  add("users", "", "00000000000000bb");
  add("old_users", "db/1.sql");
  add("old_users", "src/1.sql");
  EXPECT_EQ(owners(), (Lines{"@orders", "@dba @joe", "@all", "", "@web", "", "@old", "@all"}));
}

TEST_F(OwnersTest, AFindingAnywhereElseHasNoneOfCodeowners) {
  add("users", "../elsewhere.sql");
  EXPECT_EQ(owners(), Lines{""});
  settings_.repository.root.clear();
  add("users", "db/1.sql");
  EXPECT_EQ(owners(), (Lines{"", ""})) << "without a repository";
}

TEST_F(OwnersTest, GithubsFolderComesFirstAndALinkOutOfTheRepositoryIsNotRead) {
  const TempTree other{{"CODEOWNERS", "* @secret\n"}};
  std::filesystem::create_directory(tree_.path(".github"));
  std::filesystem::create_symlink(other.path("CODEOWNERS"), tree_.path(".github/CODEOWNERS"));
  add("users", "db/1.sql");
  EXPECT_EQ(owners(), Lines{"@dba @joe"});
  std::filesystem::remove(tree_.path(".github/CODEOWNERS"));
  tree_.add(".github/CODEOWNERS", "/db/ @github\n");
  EXPECT_EQ(owners(), Lines{"@github"});
}

}  // namespace
}  // namespace pgadvise::check
