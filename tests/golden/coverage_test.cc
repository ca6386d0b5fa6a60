// docs/coverage.md, by a project that violates each statement of its first table and one that follows them
// all (fixtures/coverage). Skipped in a build without the TypeScript grammar.
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "drizzle/schema/source_reader.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::run;

class Coverage : public testing::Test {
 protected:
  void SetUp() override {
    if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  // The findings of a copy outside git, where files are neither tracked nor not.
  static nlohmann::json findings(const std::string& project) {
    const Folder folder;
    std::filesystem::copy(std::string(testing_support::source_dir) + "/fixtures/coverage/" + project,
                          folder.path(), std::filesystem::copy_options::recursive);
    const auto ran = run("check . --log app.log --format json --fail-on never", folder.path());
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return nlohmann::json::parse(ran.out, nullptr, false)["findings"];
  }

  // The rules that the page's section with this heading links.
  static std::set<std::string> rules_of_page(const std::string& heading) {
    const std::string page =
        read_file(std::string(testing_support::source_dir) + "/docs/coverage.md").value_or("");
    const auto begin = page.find("\n## " + heading);
    const std::string section = page.substr(begin, page.find("\n## ", begin + 1) - begin);
    std::set<std::string> out;
    constexpr std::string_view link = "(rules/";
    for (auto at = section.find(link); at != std::string::npos; at = section.find(link, at + 1))
      out.insert(section.substr(at + link.size(), section.find(".md", at) - at - link.size()));
    return out;
  }
};

TEST_F(Coverage, TheBadProjectHasAFindingOfEachRule) {
  std::set<std::string> found;
  for (const auto& finding : findings("bad")) found.insert(finding["rule"]);
  const auto wanted = rules_of_page("Seen in a repository and a log");
  EXPECT_GE(wanted.size(), 40u);
  for (const auto& rule : wanted) EXPECT_EQ(found.count(rule), 1u) << rule;
}

TEST_F(Coverage, TheGoodProjectHasNoFindingAtWarningOrAbove) {
  for (const auto& finding : findings("good")) EXPECT_EQ(finding["severity"], "note") << finding.dump(1);
}

}  // namespace
}  // namespace pgadvise
