#include "review/finding_page.h"

#include <algorithm>

#include "base/text/mask.h"
#include "base/text/text.h"
#include "lint/run/rule.h"
#include "report/common.h"

namespace pgadvise::review {
namespace {

using report::add_code;
using report::add_paragraph;
using report::cut_line;
using report::paint;
using Lines = std::vector<std::string>;

void add_source(Lines& out, const Look& look, const Finding& finding,
                const std::optional<report::Source>& source) {
  if (!finding.in_file()) {
    if (const std::string about = report::subject(finding); !about.empty())
      add_paragraph(out, look, "about ", "      ", about);
    return;
  }
  out.emplace_back();
  out.push_back(paint(
      look, "36",
      cut_line(printable(finding.location->str()), static_cast<std::size_t>(std::max(20, look.width)))));
  if (!source) return;
  for (auto& line : report::excerpt(look, *source)) out.push_back(std::move(line));
}

void add_why(Lines& out, const Look& look, const Finding& finding) {
  const auto* registered = lint::find_rule(finding.rule);
  if (!registered) return;
  const std::string_view why = registered->rule->why.substr(0, registered->rule->why.find("\n\n"));
  std::size_t end = why.find(". ");
  while (end != std::string_view::npos && end < 80) end = why.find(". ", end + 1);
  add_title(out, look, "Why");
  add_paragraph(out, look, "", "", end == std::string_view::npos ? why : why.substr(0, end + 1));
}

void add_evidence(Lines& out, const Look& look, const Evidence& evidence) {
  std::string text =
      evidence.kind == Evidence::Kind::statement ? ellipsis(evidence.text, 600) : evidence.text;
  if (evidence.place && !evidence.place->live() && evidence.place->line > 0)
    text += "  (" + evidence.place->str() + ")";
  add_paragraph(out, look, "- ", "  ", text);
}

void add_fix(Lines& out, const Look& look, const FixView& fix, const Finding& finding) {
  add_title(out, look, "Fix");
  if (finding.fix && !finding.fix->title.empty() &&
      (fix.sql.empty() || finding.fix->safety == Fix::Safety::manual))
    add_paragraph(out, look, "", "", finding.fix->title);
  if (!fix.sql.empty()) add_code(out, look, "  ", mask_secrets(fix.sql));
  if (!fix.schema_line.empty()) {
    add_paragraph(out, look, "", "",
                  fix.schema_place.empty() ? "and in schema.ts:" : "and in " + fix.schema_place + ":");
    add_code(out, look, "  ", mask_secrets(fix.schema_line));
  }
  if (!finding.fix) add_paragraph(out, look, "", "", "No SQL statement fixes this: e explains what to do.");
  for (const auto& sentence : fix.lock_impact) add_paragraph(out, look, "- ", "  ", sentence);
  if (!fix.refused.empty() && finding.fix)
    add_paragraph(out, look, "- ", "  ", "can't be accepted here: " + fix.refused);
}

}  // namespace

std::vector<std::string> finding_page(const Finding& unmasked, const FixView& fix,
                                      const std::optional<report::Source>& source,
                                      const std::optional<std::string>& plan, const Look& look) {
  const Finding finding = report::without_secrets(unmasked);  // only the file has them
  Lines out;
  out.emplace_back();
  add_paragraph(out, look, "", "", finding.message);
  add_source(out, look, finding, source);
  if (!finding.evidence.empty() || !finding.verdict_reason.empty() || !finding.impact.effect.empty()) {
    add_title(out, look, "Evidence");
    for (const auto& evidence : finding.evidence) add_evidence(out, look, evidence);
    if (!finding.impact.effect.empty()) add_paragraph(out, look, "- ", "  ", finding.impact.effect);
    if (!finding.verdict_reason.empty()) add_paragraph(out, look, "- ", "  ", finding.verdict_reason);
  }
  add_fix(out, look, fix, finding);
  add_why(out, look, finding);
  if (!plan) return out;
  add_title(out, look, "Plan");
  for (const auto line : split(*plan, '\n')) out.emplace_back(line);
  return out;
}

void add_title(std::vector<std::string>& out, const Look& look, std::string_view text) {
  out.emplace_back();
  out.push_back(paint(look, "1", text));
}

}  // namespace pgadvise::review
