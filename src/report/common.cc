#include "report/common.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/mask.h"
#include "base/text.h"
#include "base/utf8.h"

namespace pgadvise::report {

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

static std::string plural(int number, std::string_view word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

std::string in_words(const Counts& counts) {
  return fmt::format("{}, {}, {}; {} confirmed", plural(counts.error, "error"),
                     plural(counts.warning, "warning"), plural(counts.note, "note"), counts.confirmed);
}

SourceLocation shown_at(const Finding& finding, const Options& options) {
  if (finding.location && !finding.location->live())
    return {options.repository.relative(finding.location->file), std::max(1, finding.location->line),
            std::max(1, finding.location->column)};
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

std::string subject(const Finding& finding) {
  const Subject& subject = finding.subject;
  std::string out = display({subject.schema, subject.table});
  if (!subject.columns.empty()) out += " (" + join(subject.columns, ", ") + ")";
  if (!subject.index.empty()) out += (out.empty() ? "" : ", ") + std::string("index ") + subject.index;
  if (!subject.constraint.empty() && subject.columns.empty())
    out += (out.empty() ? "" : ", ") + std::string("constraint ") + subject.constraint;
  if (!subject.fingerprint.empty())
    out += (out.empty() ? "" : " ") + std::string("query ") + subject.fingerprint;
  if (!subject.file.empty()) out += (out.empty() ? "" : " ") + subject.file;
  if (!subject.entry.empty()) out += " " + subject.entry;
  return out;
}

static void mask(std::string& text) { text = mask_secrets(text); }

static void mask(Fix& fix) {
  const std::string sql = fix.sql, down_sql = fix.down_sql, drizzle = fix.drizzle;
  for (auto* text : {&fix.title, &fix.sql, &fix.down_sql, &fix.drizzle}) mask(*text);
  if (fix.sql == sql && fix.down_sql == down_sql && fix.drizzle == drizzle) return;
  if (fix.sql != sql) fix.safety = Fix::Safety::manual;
  fix.title += (fix.title.empty() ? "" : "; ") + std::string("*** replaces a secret");
}

static void mask(Finding& finding) {
  mask(finding.message);
  mask(finding.verdict_reason);
  for (auto& evidence : finding.evidence) {
    mask(evidence.text);
    mask(evidence.literal);
  }
  if (finding.fix) mask(*finding.fix);
}

Finding without_secrets(Finding finding) {
  mask(finding);
  return finding;
}

Report without_secrets(Report report) {
  for (auto& finding : report.findings) mask(finding);
  for (auto& suppressed : report.suppressed) mask(suppressed.finding);
  for (auto& error : report.diagnostics) {
    error.where = mask_credentials(error.where);
    mask(error.what);
    mask(error.hint);
  }
  if (!report.baseline) return report;
  for (auto& finding : report.baseline->known) mask(finding);
  for (auto& entry : report.baseline->gone) mask(entry.what);
  return report;
}

// "a.sql:12:3" -> "a.sql:12"; in the file of the one before: "line 12".
static std::string place_after(const std::string& where, const std::string& before) {
  const auto column = where.rfind(':');
  const auto line = column == std::string::npos || column == 0 ? column : where.rfind(':', column - 1);
  if (line == std::string::npos) return where;
  const bool same = before.compare(0, line + 1, where, 0, line + 1) == 0;
  return same ? "line " + where.substr(line + 1, column - line - 1) : where.substr(0, column);
}

Diagnostics together(const Diagnostics& diagnostics) {
  constexpr std::size_t shown = 2;
  std::map<std::pair<std::string, std::string>, std::vector<const Error*>> alike;
  const auto place = [](const Error& error) {
    return error.kind == Error::Kind::nonfatal &&
           std::count(error.where.begin(), error.where.end(), ':') >= 2;
  };
  for (const auto& error : diagnostics)
    if (place(error)) alike[{error.what, error.hint}].push_back(&error);
  Diagnostics out;
  for (const auto& error : diagnostics) {
    if (!place(error)) {
      out.push_back(error);
      continue;
    }
    const auto& all = alike[{error.what, error.hint}];
    if (all.front() != &error) continue;
    out.push_back(error);
    if (all.size() == 1) continue;
    std::vector<std::string> places;
    for (std::size_t i = 1; i < all.size() && i <= shown; ++i)
      places.push_back(place_after(all[i]->where, all[i - 1]->where));
    out.back().what +=
        fmt::format("; also {}{}", join(places, ", "),
                    all.size() > shown + 1 ? fmt::format(" and {} more", all.size() - 1 - shown) : "");
  }
  return out;
}

std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  return text.substr(0, character_begin(text, bytes)) + "…";
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
