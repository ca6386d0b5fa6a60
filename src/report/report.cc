#include "report/report.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "base/mask.h"
#include "base/text.h"

namespace pgadvise::report {

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

const Format* find_format(std::string_view name) {
  const auto known = all_formats();
  const auto at =
      std::find_if(known.begin(), known.end(), [&](const Format* format) { return format->name == name; });
  return at == known.end() ? nullptr : *at;
}

std::string render(std::string_view format, const Report& report, const Options& options) {
  const Format* found = find_format(format);
  if (!found) throw std::logic_error("no format " + std::string(format));
  return found->render(report, options);
}

}  // namespace pgadvise::report
