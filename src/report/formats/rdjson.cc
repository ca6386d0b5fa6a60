// reviewdog's Reviewdog Diagnostic Format (rdjson; proto/rdf/reviewdog.proto of reviewdog). reviewdog knows
// `related_locations` since 0.18.0 of 2024.
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/json/members.h"
#include "report/text/markdown_text.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

const char* severity(Severity severity) {
  return severity == Severity::error ? "ERROR" : severity == Severity::warning ? "WARNING" : "INFO";
}

json location_json(const SourceLocation& place) {
  json out;
  out["path"] = place.file;
  out["range"]["start"] = {{"line", place.line}, {"column", place.column}};
  return out;
}

std::string render(const Report& report, const Options& options) {
  json out;
  out["source"] = {{"name", "pgadvise"}};
  out["diagnostics"] = json::array();
  for (const auto* finding : standing(report)) {
    if (!finding->in_file()) continue;
    json diagnostic;
    diagnostic["message"] = without_mentions(printable_block(explanation(*finding)));
    diagnostic["location"] = location_json(shown_at(*finding, options));
    diagnostic["severity"] = severity(finding->severity);
    diagnostic["code"] = {{"value", finding->rule}};
    for (const auto& place : others_shown_at(*finding, options))
      diagnostic["related_locations"].push_back({{"location", location_json(place)}});
    out["diagnostics"].push_back(std::move(diagnostic));
  }
  return text_of(out, 1);
}

}  // namespace

const Format rdjson_format{"rdjson", "reviewdog's diagnostics", render};

}  // namespace pgadvise::report::formats
