// docs/advisor.md lists the hard cases, each with the test that holds it.
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "base/input_file.h"
#include "base/text.h"
#include "support/paths.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

// "Suite.Name" of each TEST, TEST_F and TEST_P in tests/.
std::set<std::string> tests() {
  std::set<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(testing_support::source_dir) / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string content = read_file(entry.path().string()).value_or("");
    for (const auto line : split(content, '\n')) {
      const auto open = line.find('('), comma = line.find(", "), close = line.find(')');
      if (!line.starts_with("TEST") || open == std::string_view::npos || comma == std::string_view::npos || close == std::string_view::npos || close < comma) continue;
      out.insert(std::string(line.substr(open + 1, comma - open - 1)) + "." + std::string(line.substr(comma + 2, close - comma - 2)));
    }
  }
  return out;
}

TEST(HardCasesInTheDocumentation, AreHeldByTestsThatExist) {
  const std::string page = read_file(std::string(testing_support::source_dir) + "/docs/advisor.md").value_or("");
  const auto begin = page.find("\n## Hard cases\n");
  ASSERT_NE(std::string::npos, begin);
  const std::string section = page.substr(begin + 1, page.find("\n## ", begin + 1) - begin - 1);
  const auto known = tests();
  std::size_t rows = 0;
  for (const auto line : split(section, '\n')) {
    if (!line.starts_with("| ") || line.starts_with("| case ")) continue;
    ++rows;
    const auto last = line.rfind("| ", line.size() - 3);
    std::istringstream names{replace_all(std::string(line.substr(last + 2, line.size() - last - 4)), ",", " ")};
    std::size_t count = 0;
    for (std::string name; names >> name; ++count) EXPECT_TRUE(known.count(name)) << "no test is called " << name << ": " << line;
    EXPECT_GT(count, 0u) << line;
  }
  EXPECT_GT(rows, 20u);
}

}  // namespace
}  // namespace pgadvise
