// Metrics of several databases in one text.
#include "report/merged_metrics.h"

#include <string>

#include <gtest/gtest.h>

namespace pgadvise {
namespace {

using report::merged_metrics;

TEST(MergedMetrics, HaveEachFamilyOnceAndTheTargetAsALabel) {
  const std::string text =
      "# HELP pgadvise_a A.\n# TYPE pgadvise_a gauge\npgadvise_a{database=\"app\"} 1\n"
      "# HELP pgadvise_b B.\n# TYPE pgadvise_b gauge\npgadvise_b{database=\"app\",rule=\"{\"} 2\n# EOF\n";
  EXPECT_EQ(merged_metrics({{"eu", text}, {"us", text}}),
            "# HELP pgadvise_a A.\n# TYPE pgadvise_a gauge\n"
            "pgadvise_a{target=\"eu\",database=\"app\"} 1\npgadvise_a{target=\"us\",database=\"app\"} 1\n"
            "# HELP pgadvise_b B.\n# TYPE pgadvise_b gauge\n"
            "pgadvise_b{target=\"eu\",database=\"app\",rule=\"{\"} 2\n"
            "pgadvise_b{target=\"us\",database=\"app\",rule=\"{\"} 2\n# EOF\n");
}

TEST(MergedMetrics, TakeFamiliesThatOnlySomeHave) {
  const std::string a = "# HELP x X.\n# TYPE x gauge\nx{} 1\n# EOF\n";
  const std::string b = "# HELP y Y.\n# TYPE y gauge\ny{} 2\n# EOF\n" + a;
  EXPECT_EQ(merged_metrics({{"one", a}, {"", b}}),
            "# HELP x X.\n# TYPE x gauge\nx{target=\"one\"} 1\nx{} 1\n"
            "# HELP y Y.\n# TYPE y gauge\ny{} 2\n# EOF\n");
  EXPECT_EQ(merged_metrics({}), "# EOF\n");
  EXPECT_EQ(merged_metrics({{"one", "no metrics\nx 1\n"}}), "# EOF\n");
}

TEST(MergedMetrics, QuoteLabels) {
  EXPECT_EQ(report::label_value("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(report::label_value("a\nb").find('\n'), std::string::npos);
}

}  // namespace
}  // namespace pgadvise
