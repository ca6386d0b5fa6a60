// A comment of a pull request: what is new first, index DDL in a fold, whole even where a service takes no
// more than 65,536 characters.
#include <algorithm>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/summary.h"
#include "report/text/markdown_text.h"

namespace pgadvise::report::formats {
namespace {

constexpr std::size_t longest_comment = 64'000;  // GitHub takes 65,536 characters
constexpr std::size_t kept_for_the_end = 3'000;
constexpr std::size_t few = 5;  // findings that need no summary

// Between fences longer than any of its own.
std::string code(const std::string& text, std::string_view language) {
  const std::string safe = printable_block(text);
  std::size_t longest = 2;
  for (std::size_t at = 0; (at = safe.find('`', at)) != std::string::npos;) {
    const std::size_t end = std::min(safe.find_first_not_of('`', at), safe.size());
    longest = std::max(longest, end - at);
    at = end;
  }
  const std::string fence(longest + 1, '`');
  return fmt::format("{}{}\n{}\n{}\n", fence, language, safe, fence);
}

std::string span(const std::string& text) {
  const std::string safe = replace_all(printable(text), "`", "'");
  return safe.empty() ? std::string() : "`" + safe + "`";
}

std::string one(const Finding& finding, const Options& options) {
  constexpr std::size_t longest = 600;
  std::string out =
      fmt::format("- **{}** {}{}: {}", name(finding.severity), span(finding.short_id),
                  verdict_mark(finding.verdict), markdown_text(ellipsis(finding.message, longest)));
  if (!finding.impact.effect.empty()) out += " " + markdown_text(finding.impact.effect) + ".";
  if (finding.in_file()) {
    const SourceLocation place = shown_at(finding, options);
    out += " " + span(fmt::format("{}:{}", place.file, place.line));
  }
  if (finding.fix && finding.fix->sql.empty() && !finding.fix->title.empty())
    out += "<br>" + markdown_text(ellipsis(finding.fix->title, longest));
  return out + "\n";
}

std::string ddl(const std::vector<const Finding*>& findings) {
  std::string sql;
  int fixes = 0;
  for (const auto* finding : findings) {
    if (!finding->fix || finding->fix->sql.empty() || finding->fix->safety == Fix::Safety::manual) continue;
    if (sql.size() + finding->fix->sql.size() > longest_comment / 3) {
      sql += "-- more: pgadvise check\n";
      break;
    }
    ++fixes;
    sql += finding->fix->sql + "\n";
  }
  if (sql.empty()) return {};
  sql.pop_back();
  return fmt::format("\n<details><summary>SQL that fixes {}</summary>\n\n{}\n</details>\n", fixes,
                     code(sql, "sql"));
}

std::string gone(const Baseline& baseline) {
  constexpr std::size_t shown = 20;
  if (baseline.gone.empty()) return {};
  std::string out = fmt::format("\nNo longer found: {}\n\n", baseline.gone.size());
  for (std::size_t at = 0; at < std::min(shown, baseline.gone.size()); ++at)
    out += fmt::format("- {} {}\n", span(baseline.gone[at].rule),
                       markdown_text(ellipsis(baseline.gone[at].what, 60)));
  if (baseline.gone.size() > shown) out += fmt::format("- and {} more\n", baseline.gone.size() - shown);
  return out;
}

std::string comment(const Report& report, const Options& options) {
  const auto findings = standing(report);
  const std::string tail =
      ddl(findings) + (report.baseline ? gone(*report.baseline) : std::string()) +
      fmt::format("\n{} run, {} not run{}\n", counted(report.rules_run.size(), "rule"), report.skipped.size(),
                  report.diagnostics.empty() ? ""
                                             : fmt::format("; {} about the input, see the log",
                                                           counted(report.diagnostics.size(), "warning")));
  std::string out = fmt::format(
      "### pgadvise: {}{}\n\n",
      !report.nothing_checked.empty() ? (report.nothing_to_check ? "" : "nothing was checked, because ") +
                                            markdown_text(report.nothing_checked)
                                      : (findings.empty() ? "nothing found" : in_words(count(findings))) +
                                            markdown_text(not_read(report)),
      report.baseline ? fmt::format(", {} known before", report.baseline->known.size()) : "");
  if (findings.size() > few) {
    out += "The first things to do:\n\n";
    int number = 0;
    for (const FirstThing& thing : first_things(report))
      out += fmt::format("{}. {} {}\n", ++number, span(thing.finding->short_id),
                         markdown_text(in_words(thing, 200)));
    if (const std::string set = index_set_in_words(report); !set.empty())
      out += "\n" + markdown_text(set) + ".\n";
    out += "\nAll, by impact:\n\n";
  }
  const std::size_t room =
      longest_comment - std::min(longest_comment - kept_for_the_end, tail.size()) - kept_for_the_end;
  std::size_t shown = 0;
  for (const auto* finding : findings) {
    const std::string line = one(*finding, options);
    if (out.size() + line.size() > room) break;
    out += line;
    ++shown;
  }
  if (shown < findings.size()) out += fmt::format("- and {} more of less impact\n", findings.size() - shown);
  return out + tail;
}

}  // namespace

const Format markdown_format{"markdown", "a comment for a pull request", comment};

}  // namespace pgadvise::report::formats
