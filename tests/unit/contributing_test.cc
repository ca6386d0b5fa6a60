// The example of CONTRIBUTING.md: the build compiles its rule (tests/CMakeLists.txt), and here it runs over
// the page's bad.sql and good.sql.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "lint/run/context.h"
#include "sql/replay/replay.h"
#include "support/paths.h"

namespace pgadvise {
namespace rules::of_contributing {
extern const lint::Rule rule;
}
namespace {

// What stands between two lines of the page; "" if one is missing.
std::string part(const std::string& from, const std::string& to) {
  const std::string page = read_file(std::string(testing_support::source_dir) + "/CONTRIBUTING.md").value();
  const auto begin = page.find(from);
  const auto end = begin == std::string::npos ? begin : page.find(to, begin);
  return end == std::string::npos ? std::string() : page.substr(begin, end - begin);
}

std::vector<std::string> found(const std::string& script) {
  sql::Replayer replayer;
  replayer.run(script, "x.sql");
  EXPECT_TRUE(replayer.diagnostics().empty()) << script;
  const Catalog catalog = replayer.take();
  EXPECT_FALSE(catalog.tables.empty());
  const lint::Rule& rule = rules::of_contributing::rule;
  std::vector<Finding> findings;
  lint::Reporter reporter(rule, findings);
  const lint::Context context({.catalog = &catalog});
  rule.check(context.of(rule), reporter);
  std::vector<std::string> out;
  for (const auto& finding : findings) out.push_back(finding.message);
  return out;
}

TEST(Contributing, TheExampleFindsWhatItsBadSchemaHasAndLeavesTheGoodOneAlone) {
  EXPECT_EQ(rules::of_contributing::rule.id, "fixed-length-column");
  const std::string text = ": values are padded with blanks.";
  EXPECT_EQ(found(part("   -- bad.sql\n", "   -- good.sql\n")),
            (std::vector<std::string>{"Billing.taxRates.countryCode is character(2)" + text,
                                      "countries.code is character(2)" + text,
                                      "payments.currency is character(3)" + text}));
  EXPECT_EQ(found(part("   -- good.sql\n", "   ```\n")), std::vector<std::string>());
}

}  // namespace
}  // namespace pgadvise
