#include "reports/report_difference.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "report/common.h"
#include "report/json/finding_json.h"
#include "report/json/members.h"
#include "report/pages/page.h"
#include "reports/sections.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;
using State = RecordedFinding::State;

bool comes_first(const RecordedFinding& a, const RecordedFinding& b) {
  return std::tuple(b.severity, b.impact.score, std::string_view(a.id)) <
         std::tuple(a.severity, a.impact.score, std::string_view(b.id));
}

std::string_view color_of(Severity severity) {
  return severity == Severity::error ? "31" : severity == Severity::warning ? "33" : "36";
}

const std::string& id_of(const RecordedFinding& finding) {
  return finding.short_id.empty() ? finding.id : finding.short_id;
}

std::string impact_of(const RecordedFinding& finding) {
  return finding.impact.effect.empty() ? fmt::format("{:.3g}", finding.impact.score) : finding.impact.effect;
}

std::string counts(const ReportDifference& difference, std::size_t changed) {
  std::string out = fmt::format("{}, {} fixed, {} recurring", counted(difference.fresh.size(), "new finding"),
                                difference.fixed.size(), difference.recurring.size());
  if (changed > 0) out += fmt::format(" ({} changed)", changed);
  if (!difference.not_checked.empty())
    out += fmt::format(", {} not checked again", difference.not_checked.size());
  return out + ".";
}

std::string run_in_words(const RunRecord& run) {
  return (run.started.empty() ? "unknown time" : run.started) +
         (run.version.empty() ? "" : " (pgadvise " + run.version + ")");
}

std::string change_in_words(const ReportDifference::Recurring& one) {
  std::vector<std::string> parts;
  const auto change = [&](std::string_view what, std::string_view from, std::string_view to) {
    parts.push_back(fmt::format("{}: {} before, {} now", what, from, to));
  };
  if (one.verdict_changed()) change("verdict", in_words(one.before.verdict), in_words(one.after.verdict));
  if (one.severity_changed()) change("severity", name(one.before.severity), name(one.after.severity));
  if (one.state_changed() && !one.verdict_changed())
    change("state", name(one.before.state), name(one.after.state));
  if (one.impact_changed()) change("impact", impact_of(one.before), impact_of(one.after));
  return join(parts, "; ");
}

class DifferenceText : public Sections {
 public:
  using Sections::Sections;

  void finding(const RecordedFinding& finding, const std::string& note) {
    line("  " + paint(look(), color_of(finding.severity), name(finding.severity)) + " " +
         printable(id_of(finding)) +
         (finding.location.live() ? "" : " " + printable(finding.location.str())));
    remark(finding.message);
    if (!note.empty()) remark(note);
  }

  void not_checked(const std::string& why, std::vector<std::string> ids) {
    constexpr std::size_t most = 5;
    const std::size_t all = ids.size();
    ids.resize(std::min(all, most));
    entry(fmt::format("{}, because {}: {}{}", counted(all, "finding"), why, join(ids, ", "),
                      all > most ? fmt::format(" and {} more", all - most) : ""));
  }
};

json impact_json(const Impact& impact) {
  return object("score", impact.score, "effect", given(impact.effect));
}

json entry_json(const RecordedFinding& finding) {
  return object("id", finding.id, "short_id", given(finding.short_id), "rule", finding.rule, "severity",
                name(finding.severity), "verdict", name(finding.verdict), "state", name(finding.state),
                "subject", subject_json(finding.subject), "message", finding.message, "location",
                when(!finding.location.live(), place_json(finding.location)), "impact",
                impact_json(finding.impact));
}

json run_json(const RunRecord& run) {
  return object("started", run.started, "version", run.version, "server_version", given(run.server_version));
}

json recurring_json(const ReportDifference::Recurring& one) {
  json out = entry_json(one.after);
  const json before = object("verdict", when(one.verdict_changed(), name(one.before.verdict)), "severity",
                             when(one.severity_changed(), name(one.before.severity)), "state",
                             when(one.state_changed(), name(one.before.state)), "impact",
                             when(one.impact_changed(), impact_json(one.before.impact)));
  put(out, "before", given(before));
  return out;
}

}  // namespace

bool ReportDifference::Recurring::impact_changed() const {
  const double greater = std::max(before.impact.score, after.impact.score);
  return std::abs(before.impact.score - after.impact.score) > 0.1 * greater;
}

bool ReportDifference::Recurring::changed() const {
  return verdict_changed() || severity_changed() || state_changed() || impact_changed();
}

ReportDifference difference(RunRecord before, RunRecord after) {
  ReportDifference out;
  std::map<std::string_view, const RecordedFinding*> earlier;
  for (const auto& finding : before.findings) earlier.emplace(finding.id, &finding);
  for (const auto& finding : after.findings) {
    const auto found = earlier.find(finding.id);
    if (found == earlier.end()) {
      if (finding.state == State::standing)
        out.fresh.push_back({finding, why_not_checked(finding, after, before, "earlier")});
      continue;
    }
    const RecordedFinding& other = *found->second;
    earlier.erase(found);
    if (finding.state != State::standing && other.state != State::standing) continue;
    // A report contains only the ids of findings that its baseline accepts.
    RecordedFinding first = other, last = finding;
    for (auto [known, unknown] : {std::pair(&finding, &first), std::pair(&other, &last)})
      if (unknown->rule.empty()) {
        const State state = unknown->state;
        *unknown = *known;
        unknown->state = state;
      }
    out.recurring.push_back({std::move(first), std::move(last)});
  }
  for (const auto& [id, finding] : earlier) {
    if (finding->state != State::standing) continue;
    if (std::string why = why_not_checked(*finding, before, after); why.empty())
      out.fixed.push_back(*finding);
    else out.not_checked.push_back({*finding, std::move(why)});
  }
  std::ranges::sort(out.fresh, comes_first, &ReportDifference::New::finding);
  std::ranges::sort(out.fixed, comes_first);
  std::ranges::sort(out.not_checked, comes_first, &ReportDifference::Absent::finding);
  std::ranges::sort(out.recurring, comes_first, &ReportDifference::Recurring::after);
  before.findings.clear();
  after.findings.clear();
  out.before = std::move(before);
  out.after = std::move(after);
  return out;
}

std::string report_difference_text(const ReportDifference& difference, const Look& look) {
  DifferenceText out(look);
  std::vector<const ReportDifference::Recurring*> changed;
  for (const auto& one : difference.recurring)
    if (one.changed()) changed.push_back(&one);
  out.paragraph("", "  ", counts(difference, changed.size()));
  out.paragraph("", "  ",
                "Earlier run: " + run_in_words(difference.before) +
                    "; later run: " + run_in_words(difference.after) + ".");
  if (difference.after.started < difference.before.started)
    out.paragraph("", "  ", "The first report is the later one: name the earlier report first.");
  if (!difference.fresh.empty()) out.title("New");
  for (const auto& one : difference.fresh)
    out.finding(one.finding, one.not_checked_before.empty()
                                 ? ""
                                 : capitalized(one.not_checked_before) + ": the finding may be older.");
  if (!changed.empty()) out.title("Changed");
  for (const auto* one : changed) out.finding(one->after, change_in_words(*one));
  if (!difference.fixed.empty()) out.title("Fixed");
  bool query = false;
  for (const auto& finding : difference.fixed) {
    out.finding(finding, "");
    query |= area_of(finding, difference.before.inputs) == FindingArea::log;
  }
  if (query)
    out.paragraph(
        "", "  ",
        "A finding about a query or an event also counts as fixed if the later log does not contain "
        "the query or the event.");
  std::map<std::string, std::vector<std::string>> reasons;
  for (const auto& one : difference.not_checked) reasons[one.why].push_back(id_of(one.finding));
  if (!reasons.empty()) out.title("Not checked again");
  for (const auto& [why, ids] : reasons) out.not_checked(why, ids);
  return out.text();
}

std::string report_difference_json(const ReportDifference& difference) {
  json out = object("schema", "pgadvise-report-difference-1", "before", run_json(difference.before), "after",
                    run_json(difference.after));
  out["new"] = array_of(difference.fresh, [](const ReportDifference::New& one) {
    json entry = entry_json(one.finding);
    put(entry, "checked_before", when(!one.not_checked_before.empty(), false), "reason",
        given(one.not_checked_before));
    return entry;
  });
  out["fixed"] = array_of(difference.fixed, entry_json);
  out["not_checked"] = array_of(difference.not_checked, [](const ReportDifference::Absent& one) {
    json entry = entry_json(one.finding);
    entry["reason"] = one.why;
    return entry;
  });
  out["recurring"] = array_of(difference.recurring, recurring_json);
  return text_of(out);
}

std::string report_difference_html(const ReportDifference& difference) {
  return html_page(report_difference_json(difference),
                   "pgadvise report\n" +
                       report_difference_text(difference, {.color = false, .unicode = true, .width = 100}));
}

}  // namespace pgadvise::report
