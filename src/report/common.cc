#include "report/common.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "base/text/utf8.h"

namespace pgadvise::report {

std::string nothing_checked(const Report& report) {
  std::string out = report.nothing_checked;
  if (out.empty()) return out;
  if (!report.nothing_to_check) return "Nothing was checked: " + out;
  return capitalized(std::move(out));
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string not_read(const Report& report) {
  return report.not_read.empty() ? std::string() : "; " + report.not_read;
}

std::vector<const Finding*> standing(const Report& report) {
  std::vector<const Finding*> out;
  for (const auto& finding : report.findings)
    if (finding.verdict != Verdict::refuted) out.push_back(&finding);
  return out;
}

std::vector<std::string> gone_lines(const Report& report) {
  constexpr std::size_t shown = 5, longest = 120;
  std::vector<std::string> out;
  if (!report.baseline) return out;
  const auto& gone = report.baseline->gone;
  for (std::size_t at = 0; at < std::min(shown, gone.size()); ++at)
    out.push_back(printable(gone[at].rule + ": " + ellipsis(gone[at].what, longest)));
  if (gone.size() > shown) out.push_back(fmt::format("… and {} more", gone.size() - shown));
  return out;
}

Counts count(const std::vector<const Finding*>& findings) {
  Counts out;
  for (const auto* finding : findings) {
    (finding->severity == Severity::error     ? out.error
     : finding->severity == Severity::warning ? out.warning
                                              : out.note) += 1;
    (finding->verdict == Verdict::confirmed ? out.confirmed : out.suspected) += 1;
  }
  return out;
}

std::string_view in_words(Verdict verdict) {
  return verdict == Verdict::suspected ? "from the input only" : name(verdict);
}

std::string verdict_mark(Verdict verdict) {
  return verdict == Verdict::suspected ? std::string() : " " + std::string(in_words(verdict));
}

std::string in_words(const Counts& counts) {
  return fmt::format("{}, {}, {}; {} confirmed", counted(static_cast<std::uint64_t>(counts.error), "error"),
                     counted(static_cast<std::uint64_t>(counts.warning), "warning"),
                     counted(static_cast<std::uint64_t>(counts.note), "note"), counts.confirmed);
}

static SourceLocation in_repository(const SourceLocation& place, const Options& options) {
  return {options.repository.relative(place.file), std::max(1, place.line), std::max(1, place.column)};
}

SourceLocation shown_at(const Finding& finding, const Options& options) {
  if (finding.in_file()) return in_repository(*finding.location, options);
  if (!finding.subject.file.empty()) return {options.repository.relative(finding.subject.file), 1, 1};
  const Subject& about = finding.subject;
  const std::string& name = !about.table.empty()   ? about.table
                            : !about.index.empty() ? about.index
                                                   : about.fingerprint;
  std::string path = "database";
  if (!about.schema.empty()) path += "/" + about.schema;
  if (!name.empty()) path += "/" + name;
  return {path, 1, 1};
}

std::vector<SourceLocation> others_shown_at(const Finding& finding, const Options& options) {
  std::vector<SourceLocation> out;
  for (const auto& place : finding.other_locations) out.push_back(in_repository(place, options));
  return out;
}

std::string subject(const Finding& finding) {
  const Subject& subject = finding.subject;
  std::string out =
      subject.kind == "schema" ? "schema " + subject.schema : display({subject.schema, subject.table});
  const auto add = [&](const char* separator, const char* noun, const std::string& name) {
    if (!name.empty()) out += (out.empty() ? "" : separator) + (noun + name);
  };
  if (!subject.columns.empty()) out += " (" + join(subject.columns, ", ") + ")";
  add(", ", "index ", subject.index);
  if (subject.columns.empty()) add(", ", "constraint ", subject.constraint);
  add(" ", "query ", subject.fingerprint);
  add(" ", "", subject.file);
  add(" ", "", subject.entry);
  return out;
}

std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  return text.substr(0, character_begin(text, bytes)) + "…";
}

std::string cost_line(std::string_view indent, const Fix& fix) {
  if (!fix.cost_before || !fix.cost_after) return {};
  return fmt::format("{}planner cost {:.2f} -> {:.2f}\n", indent, *fix.cost_before, *fix.cost_after);
}

std::string explanation(const Finding& finding) {
  std::string out = finding.message;
  if (!finding.verdict_reason.empty()) out += "\n" + finding.verdict_reason;
  if (!finding.fix) return out;
  if (!finding.fix->title.empty()) out += "\nFix: " + finding.fix->title;
  if (!finding.fix->sql.empty()) out += "\n" + finding.fix->sql;
  return out;
}

}  // namespace pgadvise::report
