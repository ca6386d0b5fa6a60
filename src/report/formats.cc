#include <algorithm>

#include "report/report.h"

namespace pgadvise::report {

std::span<const Format> formats() {
  static constexpr Format all[] = {
      {"text", "for people", to_text},
      {"json", "the whole report, for dashboards (docs/report.schema.json)",
       [](const Report& report, const Options& options) { return to_json(report, options.show_literals); }},
      {"sarif", "SARIF 2.1.0, for GitHub code scanning and others", to_sarif},
      {"github", "annotations in a GitHub workflow", to_github},
      {"gitlab", "GitLab code quality", to_gitlab},
      {"junit", "JUnit XML: a suite for each rule", to_junit},
      {"markdown", "a comment for a pull request", to_markdown},
      {"rdjson", "reviewdog's diagnostics", to_rdjson},
      {"agent", "counts, then one line per finding, about 2,000 tokens", to_agent},
  };
  return all;
}

const Format* find_format(std::string_view name) {
  const auto known = formats();
  const auto at =
      std::find_if(known.begin(), known.end(), [&](const Format& format) { return format.name == name; });
  return at == known.end() ? nullptr : &*at;
}

}  // namespace pgadvise::report
