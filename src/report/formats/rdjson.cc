// reviewdog's Reviewdog Diagnostic Format (rdjson; proto/rdf/reviewdog.proto of reviewdog).
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/text.h"
#include "report/all_formats.h"
#include "report/common.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

const char* severity(Severity severity) {
  return severity == Severity::error ? "ERROR" : severity == Severity::warning ? "WARNING" : "INFO";
}

std::string render(const Report& report, const Options& options) {
  json out;
  out["source"] = {{"name", "pgadvise"}};
  out["diagnostics"] = json::array();
  for (const auto* finding : standing(report)) {
    if (!finding->location || finding->location->live()) continue;
    const SourceLocation place = shown_at(*finding, options);
    json diagnostic;
    diagnostic["message"] = printable_block(explanation(*finding));
    diagnostic["location"]["path"] = place.file;
    diagnostic["location"]["range"]["start"] = {{"line", place.line}, {"column", place.column}};
    diagnostic["severity"] = severity(finding->severity);
    diagnostic["code"] = {{"value", finding->rule}};
    out["diagnostics"].push_back(std::move(diagnostic));
  }
  return escape_controls(out.dump(1, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace

const Format rdjson_format{"rdjson", "reviewdog's diagnostics", render};

}  // namespace pgadvise::report::formats
