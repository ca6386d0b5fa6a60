// Each rule against its fixture folder, and the pages made from both. PGADVISE_UPDATE_GOLDEN=1 writes what is expected; the
// difference is then for a person to review.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "lint/context.h"
#include "log/reader.h"
#include "project/repository.h"
#include "project/schema_input.h"
#include "report/report.h"
#include "report/rule_page.h"
#include "sql/facts.h"
#include "sql/replay.h"

namespace pgadvise::lint {
// What GoogleTest names a parameter by.
static void PrintTo(const RegisteredRule& rule, std::ostream* out) { *out << rule.rule->id; }
}  // namespace pgadvise::lint

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

const fs::path source_dir = PGADVISE_SOURCE_DIR;

bool updating() { return std::getenv("PGADVISE_UPDATE_GOLDEN") != nullptr; }

std::string slurp(const fs::path& path) { return read_file(path.string()).value_or(""); }

// What the fixture folder has under one name: bad.sql, bad.log, bad/ (a repository).
struct Inputs {
  std::optional<Catalog> catalog;
  std::optional<Workload> workload;
  std::optional<Project> project;
  std::string sql;

  explicit Inputs(const std::string& name) {
    Diagnostics diagnostics;
    if (fs::exists(name + ".sql")) {
      sql = slurp(name + ".sql");
      catalog = replay(sql, name + ".sql");
    }
    if (fs::exists(name + ".log")) {
      workload = log::read({name + ".log"}, {}, diagnostics);
      sql::resolve(*workload, catalog.value_or(Catalog{}));
    }
    if (fs::is_directory(name)) project = project::read_repository(name, diagnostics);
    for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  }

  static Catalog replay(const std::string& script, const std::string& file) {
    sql::Replayer replayer;
    replayer.run(script, file);
    for (const auto& diagnostic : replayer.diagnostics()) ADD_FAILURE() << diagnostic.line();
    return replayer.take();
  }

  std::vector<Finding> findings(std::string_view rule) const {
    return lint::run({catalog ? &*catalog : nullptr, workload ? &*workload : nullptr, project ? &*project : nullptr},
                     {std::string(rule)})
        .findings;
  }
  bool any() const { return catalog || workload || project; }
};

nlohmann::ordered_json as_json(std::vector<Finding> findings) {
  report::Report report;
  report.findings = std::move(findings);
  return nlohmann::ordered_json::parse(report::to_json(report, false))["findings"];
}

std::string folder_of(const lint::RegisteredRule& rule) { return (source_dir / "fixtures/rules" / rule.rule->id).string(); }

class RuleFixture : public testing::TestWithParam<lint::RegisteredRule> {
 protected:
  // Places in expected.json are relative to the folder.
  void SetUp() override {
    ASSERT_TRUE(fs::is_directory(folder_of(GetParam()))) << "a rule needs a fixture folder: " << folder_of(GetParam());
    fs::current_path(folder_of(GetParam()));
  }
};

TEST_P(RuleFixture, BadYieldsExactlyWhatIsExpected) {
  const Inputs bad("bad");
  ASSERT_TRUE(bad.any()) << "bad.sql, bad.log or bad/ is missing";
  const auto found = as_json(bad.findings(GetParam().rule->id));
  EXPECT_FALSE(found.empty());
  if (updating()) std::ofstream("expected.json") << found.dump(2) << "\n";
  EXPECT_EQ(found.dump(2), nlohmann::ordered_json::parse(slurp("expected.json"), nullptr, false).dump(2));
}

TEST_P(RuleFixture, GoodYieldsNothing) {
  const Inputs good("good");
  ASSERT_TRUE(good.any()) << "good.sql, good.log or good/ is missing";
  EXPECT_EQ(as_json(good.findings(GetParam().rule->id)).dump(2), "[]");
}

TEST_P(RuleFixture, DocumentationIsWhole) {
  const lint::Rule& rule = *GetParam().rule;
  for (const auto part : {rule.summary, rule.why, rule.fix, rule.when_to_ignore}) EXPECT_FALSE(part.empty());
  const fs::path page = source_dir / "docs/rules" / (std::string(rule.id) + ".md");
  if (updating()) {
    fs::create_directories(page.parent_path());
    std::ofstream(page) << report::rule_page(GetParam());
  }
  EXPECT_EQ(slurp(page), report::rule_page(GetParam())) << "stale: run with PGADVISE_UPDATE_GOLDEN=1";
  const auto file = source_dir / "rules" / GetParam().category / (replace_all(std::string(rule.id), "-", "_") + ".cc");
  EXPECT_TRUE(fs::exists(file)) << file;
}

std::string test_name(const testing::TestParamInfo<lint::RegisteredRule>& info) { return replace_all(std::string(info.param.rule->id), "-", "_"); }

INSTANTIATE_TEST_SUITE_P(Rules, RuleFixture, testing::ValuesIn(lint::all_rules().begin(), lint::all_rules().end()), test_name);

TEST(RuleFolders, BelongToARule) {
  for (const auto& entry : fs::directory_iterator(source_dir / "fixtures/rules"))
    EXPECT_TRUE(lint::find_rule(entry.path().filename().string())) << entry.path();
  for (const auto& entry : fs::directory_iterator(source_dir / "docs/rules"))
    EXPECT_TRUE(lint::find_rule(entry.path().stem().string())) << entry.path();
}

TEST(Readme, HasTheTableOfRules) {
  const fs::path path = source_dir / "README.md";
  std::string readme = slurp(path);
  const std::string begin = "<!-- rules -->\n";
  const std::string end = "<!-- /rules -->";
  const auto from = readme.find(begin);
  const auto to = readme.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  if (updating()) {
    readme.replace(from + begin.size(), to - from - begin.size(), report::rule_table());
    std::ofstream(path) << readme;
  }
  EXPECT_NE(readme.find(begin + report::rule_table() + end), std::string::npos) << "stale: run with PGADVISE_UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace pgadvise
