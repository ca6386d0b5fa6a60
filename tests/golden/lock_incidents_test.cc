// The findings on the migrations of fixtures/lock-incidents, each checked with the log of its traffic and
// without it, and docs/lock-forecast.md, which says how many of them are reported. PGADVISE_UPDATE_GOLDEN=1
// writes expected.txt; the difference is for a person to review.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

const fs::path root = testing_support::source_dir;
const fs::path fixtures = root / "fixtures/lock-incidents";

// The rules that bench/run lock-incidents counts.
const std::set<std::string> lock_rules = {"blocking-alter",
                                          "blocking-constraint",
                                          "blocking-index-build",
                                          "concurrent-build-cut-short",
                                          "concurrently-in-transaction",
                                          "lock-held-during-work",
                                          "missing-lock-timeout",
                                          "opposite-lock-order",
                                          "unbatched-backfill"};

std::string content(const fs::path& path) { return read_file(path.string()).value_or(""); }

// Named "change, with the log" in expected.txt.
struct Check {
  const char* migration;
  bool with_log;

  std::string name() const { return std::string(migration) + (with_log ? ", with the log" : ", files only"); }
};
constexpr Check runs[] = {{"change", true}, {"change", false}, {"harmless", true}, {"harmless", false}};

// The findings in the migration under review, sorted: "warning blocking-alter users".
std::vector<std::string> findings(const fs::path& incident, const Check& one) {
  const Folder folder;
  folder.write("migrations/00001_schema.sql", content(incident / "schema.sql"));
  folder.write("migrations/00002_change.sql", content(incident / (std::string(one.migration) + ".sql")));
  const std::string log = one.with_log ? " --log " + quoted((incident / "traffic.log").string()) : "";
  const Ran ran = run("check migrations --fail-on never --format json" + log, folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  const auto report = nlohmann::json::parse(ran.out, nullptr, false);
  std::vector<std::string> out;
  if (!report.is_object()) return out;
  for (const auto& finding : report["findings"])
    if (finding.value("/location/file"_json_pointer, std::string()) == "migrations/00002_change.sql")
      out.push_back(finding["severity"].get<std::string>() + " " + finding["rule"].get<std::string>() + " " +
                    finding.value("/subject/table"_json_pointer, std::string()));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<fs::path> incidents() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(fixtures))
    if (entry.is_directory()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// By the incident's folder and the name of the run, as in expected.txt.
std::map<std::string, std::vector<std::string>> expected() {
  std::map<std::string, std::vector<std::string>> out;
  const std::string text = content(fixtures / "expected.txt");
  std::vector<std::string>* at = nullptr;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    if (line.starts_with("  ")) {
      if (at && line != "  nothing") at->push_back(std::string(line.substr(2)));
    } else {
      at = &out[std::string(line)];
    }
  }
  return out;
}

std::string heading(const fs::path& incident, const Check& one) {
  return incident.filename().string() + ": " + one.name();
}

TEST(LockIncidents, TheFindingsAreThoseOfExpected) {
  std::string found;
  for (const fs::path& incident : incidents())
    for (const Check& one : runs) {
      const auto lines = findings(incident, one);
      found += heading(incident, one) + "\n  " + (lines.empty() ? "nothing" : join(lines, "\n  ")) + "\n";
    }
  if (std::getenv("PGADVISE_UPDATE_GOLDEN"))
    std::ofstream(fixtures / "expected.txt", std::ios::binary) << found;
  EXPECT_EQ(found, content(fixtures / "expected.txt"));
}

// The rules about locks that report the migration, as the table of the page lists them.
std::set<std::string> rules_of(const std::vector<std::string>& lines) {
  std::set<std::string> out;
  for (const std::string& line : lines) {
    const auto begin = line.find(' ') + 1;
    const std::string rule = line.substr(begin, line.find(' ', begin) - begin);
    if (lock_rules.count(rule)) out.insert(rule);
  }
  return out;
}

// The cells of a row of a table, without the blanks around them.
std::vector<std::string> cells(std::string_view row) {
  std::vector<std::string> out;
  for (const auto cell : split(row.substr(1, row.size() - 2), '|')) out.emplace_back(trim(cell));
  return out;
}

TEST(LockIncidents, ThePageHasTheirRulesAndCounts) {
  const std::string page = content(root / "docs/lock-forecast.md");
  const auto begin = page.find("\n## Ten incidents\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string section = page.substr(begin);
  const auto known = expected();
  const auto folders = incidents();
  ASSERT_EQ(folders.size(), 10U);
  std::map<std::string, int> reported;
  for (const fs::path& incident : folders)
    for (const Check& one : runs) {
      const auto found = known.find(heading(incident, one));
      ASSERT_NE(found, known.end()) << heading(incident, one);
      reported[one.name()] += rules_of(found->second).empty() ? 0 : 1;
    }
  const auto counts = [&](const char* what, const char* with) {
    return "| pgadvise, " + std::string(what) + " | " +
           std::to_string(reported["change, " + std::string(with)]) + " | " +
           std::to_string(reported["harmless, " + std::string(with)]) + " |";
  };
  for (const std::string& row :
       {counts("with the log of the traffic", "with the log"), counts("files only", "files only")}) {
    EXPECT_NE(section.find(row), std::string::npos) << row;
  }

  std::size_t at = 0;
  const auto table = section.find("| incident |");
  ASSERT_NE(table, std::string::npos);
  const std::string rows = section.substr(table, section.find("\n\n", table) - table);
  for (const auto row : split(rows, '\n')) {
    if (row.starts_with("| incident |") || row.starts_with("|--")) continue;
    ASSERT_LT(at, folders.size()) << row;
    const auto columns = cells(row);
    ASSERT_EQ(columns.size(), 3U) << row;
    std::set<std::string> rules;
    for (const auto rule : split(columns[2], ',')) rules.emplace(trim(rule));
    EXPECT_EQ(rules, rules_of(known.at(heading(folders[at++], runs[0])))) << row;
  }
  EXPECT_EQ(at, folders.size());
}

TEST(LockIncidents, TheBenchmarkCountsTheSameRules) {
  const std::string bench = content(root / "bench/lock-incidents.sh");
  for (const std::string& rule : lock_rules) {
    EXPECT_NE(bench.find("\"" + rule + "\""), std::string::npos) << rule;
  }
}

}  // namespace
}  // namespace pgadvise
