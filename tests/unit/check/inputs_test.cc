#include "check/load/inputs.h"

#include <gtest/gtest.h>

#include "log/collect/merge.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

// The same files, named in another order: the same workload, down to the samples that are kept of a
// statement.
TEST(Workloads, TheOrderOfTheirFilesDoesNotMatter) {
  const testing_support::TempTree tree({{"b.sql", "SELECT 1 FROM t WHERE id = 2;\nSELECT broken FROM;\n"},
                                        {"a.sql", "SELECT 1 FROM t WHERE id = 1; SELECT 2;\n"}});
  const auto read = [&](std::vector<std::string> names) {
    for (auto& name : names) name = tree.path(name);
    Diagnostics diagnostics;
    const Workload all = log::total(read_workloads(names, diagnostics));
    std::string out;
    for (const auto& source : all.sources) out += source.path.substr(source.path.rfind('/')) + " ";
    for (const auto& query : all.queries) {
      out += query.text + " x" + std::to_string(query.calls) + ":";
      for (const auto& sample : query.samples) out += " " + sample.statement;
      out += "\n";
    }
    for (const auto& error : diagnostics) out += error.what + "\n";
    return out;
  };
  const auto once = read({"a.sql", "b.sql"});
  EXPECT_EQ(once, read({"b.sql", "a.sql"}));
  EXPECT_NE(once.find("x2: SELECT 1 FROM t WHERE id = 1 SELECT 1 FROM t WHERE id = 2"), std::string::npos)
      << once;
}

}  // namespace
}  // namespace pgadvise::check
