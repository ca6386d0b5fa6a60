// For programs that read text by the word, coding agents above all: counts, then one line per finding.
#include <map>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

constexpr std::size_t longest_text = 8'000;  // about 2,000 tokens
constexpr std::size_t longest_line = 400;

std::string line_of(const Finding& finding, const Options& options) {
  std::string out =
      fmt::format("{} {}{}", name(finding.severity), finding.short_id, verdict_mark(finding.verdict));
  if (finding.in_file()) {
    const SourceLocation place = shown_at(finding, options);
    out += fmt::format(" {}:{}", place.file, place.line);
  }
  if (const std::string about = subject(finding); !about.empty()) out += " " + about;
  if (!finding.impact.effect.empty()) out += ": " + finding.impact.effect;
  if (finding.fix) {
    const Fix& fix = *finding.fix;
    const std::string fix_text = !fix.sql.empty() && fix.safety != Fix::Safety::manual ? fix.sql
                                 : !fix.drizzle.empty()                                ? fix.drizzle
                                                                                       : fix.title;
    if (!fix_text.empty()) out += " | " + fix_text;
  }
  return ellipsis(out, longest_line) + "\n";
}

std::string agent_lines(const Report& report, const Options& options) {
  const auto findings = standing(report);
  std::string out = fmt::format(
      "pgadvise: {}; {} run, {} not run, {} about the input\n",
      report.nothing_checked.empty()
          ? in_words(count(findings)) + not_read(report)
          : (report.nothing_to_check ? "" : "nothing was checked, because ") + report.nothing_checked,
      counted(report.rules_run.size(), "rule"), report.skipped.size(),
      counted(report.diagnostics.size(), "warning"));
  std::map<std::string, int> rules;
  for (const auto* finding : findings) ++rules[finding->rule];
  for (const auto& [rule, times] : rules)
    out += fmt::format("{}{} {}", rule == rules.begin()->first ? "" : ", ", rule, times);
  if (!rules.empty()) out += "\n";
  constexpr std::size_t few = 5;  // findings that need no summary
  if (findings.size() > few) {
    out += "first:";
    for (const FirstThing& thing : first_things(report)) out += " " + thing.finding->short_id;
    out += "\n";
  }
  if (const std::string set = index_set_in_words(report); !set.empty()) out += set + "\n";
  if (report.baseline)
    out += fmt::format("baseline: {} known, {} gone\n", report.baseline->known.size(),
                       report.baseline->gone.size());
  for (const auto& line : gone_lines(report)) out += "gone " + line + "\n";
  std::size_t shown = 0;
  for (const auto* finding : findings) {
    const std::string line = line_of(*finding, options);
    if (options.top ? shown == options.top : out.size() + line.size() > longest_text) break;
    out += line;
    ++shown;
  }
  if (shown < findings.size())
    out += fmt::format("{} more of less impact: --top {}; to describe a rule: pgadvise rules explain RULE\n",
                       findings.size() - shown, findings.size());
  return out;
}

}  // namespace

const Format agent_format{"agent", "counts, then one line per finding, about 2,000 tokens", agent_lines};

}  // namespace pgadvise::report::formats
