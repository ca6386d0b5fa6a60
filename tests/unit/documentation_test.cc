// What the pages in docs/ name exists: files of this repository, pages that they link to, and the tests that
// advisor-tests.tsv and security-tests.tsv list beside a case.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "support/paths.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

const fs::path root = testing_support::source_dir;

std::string content(const fs::path& path) { return read_file(path.string()).value_or(""); }

// "Suite.Name" of each TEST, TEST_F and TEST_P in tests/.
std::set<std::string> tests() {
  std::set<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(root / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = content(entry.path());
    for (const auto line : split(text, '\n')) {
      const auto open = line.find('('), comma = line.find(", "), close = line.find(')');
      if (!line.starts_with("TEST") || open == std::string_view::npos || comma == std::string_view::npos)
        continue;
      if (close == std::string_view::npos || close < comma) continue;
      out.insert(std::string(line.substr(open + 1, comma - open - 1)) + "." +
                 std::string(line.substr(comma + 2, close - comma - 2)));
    }
  }
  return out;
}

// The rows of a file in docs without its heading, each with this number of cells.
std::vector<std::vector<std::string>> rows_of(const std::string& file, std::size_t columns) {
  std::vector<std::vector<std::string>> out;
  const std::string text = content(root / "docs" / file);
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto cells = split(line, '\t');
    EXPECT_EQ(cells.size(), columns) << file << ": " << line;
    if (cells.size() == columns) out.emplace_back(cells.begin(), cells.end());
  }
  if (!out.empty()) out.erase(out.begin());
  return out;
}

void expect_tests_exist(const std::string& names, const std::set<std::string>& known) {
  for (const auto name : split(names, ','))
    EXPECT_TRUE(known.count(std::string(trim(name)))) << "no test is called " << name;
}

TEST(Documentation, EachHardCaseOfTheAdvisorHasTests) {
  const auto known = tests();
  const auto rows = rows_of("advisor-tests.tsv", 3);
  EXPECT_GT(rows.size(), 20u);
  for (const auto& row : rows) expect_tests_exist(row[2], known);
}

// Each row of security.md's table has a row with the same input and attack in security-tests.tsv, whose files
// and tests exist.
TEST(Documentation, EachPromiseOfSecurityHasTests) {
  const std::string page = content(root / "docs/security.md");
  const auto known = tests();
  std::set<std::string> rows;
  for (const auto& row : rows_of("security-tests.tsv", 5)) {
    rows.insert("| " + row[0] + " | " + row[1] + " | ");
    for (const auto file : split(row[2], ','))
      EXPECT_TRUE(fs::exists(root / std::string(trim(file)))) << file << ": " << row[1];
    expect_tests_exist(row[3], known);
  }
  const auto begin = page.find("\n## What each input may cause\n");
  ASSERT_NE(begin, std::string::npos);
  std::size_t count = 0;
  const std::string section = page.substr(begin + 1, page.find("\n##", begin + 1) - begin - 1);
  for (const auto line : split(section, '\n')) {
    if (!line.starts_with("| ") || line.starts_with("| input | ")) continue;
    const auto end = line.find(" | ", line.find(" | ") + 1);
    EXPECT_TRUE(end != std::string_view::npos && rows.count(std::string(line.substr(0, end + 3)))) << line;
    ++count;
  }
  EXPECT_GT(count, 20u);
}

std::vector<fs::path> pages() {
  std::vector<fs::path> out = {root / "README.md", root / "CONTRIBUTING.md"};
  for (const char* folder : {"docs", "docs/decisions"})
    for (const auto& entry : fs::directory_iterator(root / folder))
      if (entry.path().extension() == ".md") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

bool part_of_path(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("/._-").find(c) != std::string_view::npos;
}

// Words such as src/server/pg/connection/connection.h outside of code blocks. What a "*" or "<id>" goes on is
// left out.
std::vector<std::string> paths_in(std::string_view line) {
  std::vector<std::string> out;
  if (line.starts_with("    ")) return out;
  for (std::size_t at = 0; at < line.size();) {
    auto end = at;
    while (end < line.size() && part_of_path(line[end])) ++end;
    std::string word(line.substr(at, end - at));
    const bool goes_on =
        end < line.size() && std::string_view("*<{&\xe2").find(line[end]) != std::string_view::npos;
    while (word.ends_with(".") || word.ends_with("/")) word.pop_back();
    const std::string folder = word.substr(0, word.find('/'));
    static const std::set<std::string> folders = {"src",   "tests", "fixtures", "bench", "scripts",
                                                  "cmake", "fuzz",  "rules",    "docs"};
    if (!goes_on && folder != word && folders.count(folder)) out.push_back(word);
    at = end + 1;
  }
  return out;
}

// Targets of [text](target) that are files.
std::vector<std::string> links_in(std::string_view line) {
  std::vector<std::string> out;
  for (auto at = line.find("]("); at != std::string_view::npos; at = line.find("](", at + 1)) {
    std::string target(line.substr(at + 2, line.find(')', at) - at - 2));
    target = target.substr(0, target.find('#'));
    if (!target.empty() && target.find(':') == std::string::npos) out.push_back(target);
  }
  return out;
}

// A command line is visible to other users: examples use env, ~/.pgpass and services.
TEST(Documentation, ShowsNoCommandWithAPassword) {
  const std::regex password(R"([a-z]://[^ /@'"`]*:[^ /@'"`]+@|\bpassword=|PGPASSWORD=)");
  EXPECT_TRUE(std::regex_search("pgadvise check --db postgresql://joe:secret@db/shop", password));
  EXPECT_FALSE(std::regex_search("pgadvise check --db postgresql://joe@db:5432/shop", password));
  auto all = pages();
  all.push_back(root / "action.yml");
  for (const auto& page : all) {
    const std::string text = content(page);
    bool code = false;
    for (const auto line : split(text, '\n')) {
      if (trim(line).starts_with("```")) code = !code;
      const bool command = code || line.starts_with("    ") || contains_any(line, {"--db", "--store"});
      EXPECT_FALSE(command && std::regex_search(line.begin(), line.end(), password)) << page << ": " << line;
    }
  }
}

TEST(Documentation, NamesFilesThatExist) {
  std::size_t seen = 0;
  for (const auto& page : pages()) {
    const std::string text = content(page);
    bool code = false;
    for (const auto line : split(text, '\n')) {
      if (trim(line).starts_with("```")) code = !code;
      if (code) continue;
      for (const auto& path : paths_in(line)) {
        ++seen;
        EXPECT_TRUE(fs::exists(root / path) || fs::exists(page.parent_path() / path))
            << page << " names " << path;
      }
      for (const auto& link : links_in(line))
        EXPECT_TRUE(fs::exists(page.parent_path() / link)) << page << " links to " << link;
    }
  }
  EXPECT_GT(seen, 100u);
}

TEST(Documentation, PathsAndLinksAreFound) {
  EXPECT_EQ(paths_in("see `src/server/pg/x.h`, docs/rules/<id>, fixtures/a/*.log and (tests/unit)."),
            (std::vector<std::string>{"src/server/pg/x.h", "tests/unit"}));
  EXPECT_EQ(links_in("[a](b.md#c) [d](https://e/f) [g](#h)"), std::vector<std::string>{"b.md"});
}

// Each page is listed where its reader looks.
TEST(Documentation, IndexesListEveryPage) {
  const std::string index = content(root / "docs/README.md"),
                    decisions = content(root / "docs/decisions/README.md");
  for (const auto& page : pages()) {
    const std::string link = "(" + page.filename().string() + ")";
    if (page.filename() == "README.md") continue;
    if (page.parent_path() == root / "docs") {
      EXPECT_NE(std::string::npos, index.find(link)) << page;
    }
    if (page.parent_path() == root / "docs/decisions") {
      EXPECT_NE(std::string::npos, decisions.find(link)) << page;
    }
  }
}

// What a reader gets through in ten minutes.
TEST(Documentation, TheReadmeIsShort) {
  std::istringstream words(content(root / "README.md"));
  std::size_t count = 0;
  for (std::string word; words >> word;) ++count;
  EXPECT_LE(count, 1400u);
}

}  // namespace
}  // namespace pgadvise
