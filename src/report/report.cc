#include "report/report.h"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/text/ci_commands.h"
#include "base/text/mask.h"
#include "base/text/text.h"

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
  mask(finding.statement);
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
  for (auto& forecast : report.lock_forecasts)
    for (auto& statement : forecast.statements) mask(statement.text);
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
  std::map<std::array<std::string, 3>, std::vector<const Error*>> alike;
  const auto place = [](const Error& error) { return std::ranges::count(error.where, ':') >= 2; };
  const auto folder_of = [](const std::string& path) {
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos ? std::string(".") : path.substr(0, std::max<std::size_t>(slash, 1));
  };
  const auto key = [&](const Error& error) {
    return std::array{place(error) ? std::string() : folder_of(error.where), error.what, error.hint};
  };
  const auto grouped = [&](const Error& error) {
    const bool file = contains(error.where, "/") && error.where.find_first_of("=:") == std::string::npos;
    return error.kind == Error::Kind::nonfatal && (place(error) || file);
  };
  for (const auto& error : diagnostics)
    if (grouped(error)) alike[key(error)].push_back(&error);
  Diagnostics out;
  for (const auto& error : diagnostics) {
    if (!grouped(error)) {
      out.push_back(error);
      continue;
    }
    const auto& all = alike[key(error)];
    if (all.front() != &error) continue;
    out.push_back(error);
    if (all.size() == 1) continue;
    const bool lines = place(error);
    std::vector<std::string> places;
    for (std::size_t i = lines; i < all.size() && places.size() < shown; ++i)
      places.push_back(lines ? place_after(all[i]->where, all[i - 1]->where)
                             : all[i]->where.substr(all[i]->where.find_last_of('/') + 1));
    const std::size_t left = all.size() - lines - places.size();
    const std::string more = left ? fmt::format(" and {} more", left) : "";
    Error& one = out.back();
    if (lines) {
      one.what += fmt::format("; also {}{}", join(places, ", "), more);
    } else {
      one.where = folder_of(error.where);
      one.what +=
          fmt::format("; {} of them: {}{}", all.size(), join(places, more.empty() ? " and " : ", "), more);
    }
  }
  return out;
}

const Format* find_format(std::string_view name) {
  const auto known = all_formats();
  const auto at = std::ranges::find_if(known, [&](const Format* format) { return format->name == name; });
  return at == known.end() ? nullptr : *at;
}

std::string render(std::string_view format, const Report& report, const Options& options) {
  const Format* found = find_format(format);
  if (!found) throw std::logic_error("no format " + std::string(format));
  std::string out = found->render(report, options);
  return found->has_ci_commands ? out : without_ci_commands(std::move(out));
}

}  // namespace pgadvise::report
