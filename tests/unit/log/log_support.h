// Logs written for a test, and what was read of them.
#pragma once

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "log/reader.h"
#include "support/paths.h"

namespace pgadvise::log::testing {

struct Read {
  Workload workload;
  Diagnostics diagnostics;
  const LogSource& source() const { return workload.sources.at(0); }
  const Query& query() const { return workload.queries.at(0); }
};

inline std::string write_log(std::string_view text, std::string_view name = "log") {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string path =
      ::testing::TempDir() + test->test_suite_name() + "." + test->name() + "." + std::string(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

inline Read read_paths(const std::vector<std::string>& paths, const std::string& prefix = {},
                       const Selection& selection = {}) {
  Read out;
  Options options;
  options.line_prefix = prefix;
  options.selection = selection;
  out.workload = log::read(paths, options, out.diagnostics);
  for (const auto& source : out.workload.sources)
    EXPECT_EQ(source.lines, source.used + source.continuation + source.other + source.not_understood)
        << source.path;
  return out;
}

inline Read read_text(std::string_view text, const std::string& prefix = {},
                      const Selection& selection = {}) {
  return read_paths({write_log(text)}, prefix, selection);
}

// A record of the default prefix: "LOG:  …" at second.millisecond of one hour.
inline std::string at(double second, int process, std::string_view rest) {
  char stamp[64];
  std::snprintf(stamp, sizeof stamp, "2024-05-01 12:%02d:%06.3f UTC [%d] ", static_cast<int>(second) / 60,
                second - static_cast<int>(second) / 60 * 60, process);
  return stamp + std::string(rest) + "\n";
}

inline std::string fixture(std::string_view name) {
  return std::string(testing_support::source_dir) + "/fixtures/" + std::string(name);
}

}  // namespace pgadvise::log::testing
