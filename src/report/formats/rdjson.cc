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

json range_json(const SourceLocation& place) {
  return object("path", place.file, "range",
                object("start", object("line", place.line, "column", place.column)));
}

std::string diagnostics_json(const Report& report, const Options& options) {
  json out = object("source", object("name", "pgadvise"), "diagnostics", json::array());
  for (const auto* finding : standing(report)) {
    if (!finding->in_file()) continue;
    json others = array_of(others_shown_at(*finding, options),
                           [](const SourceLocation& place) { return object("location", range_json(place)); });
    out["diagnostics"].push_back(object("message", without_mentions(printable_block(explanation(*finding))),
                                        "location", range_json(shown_at(*finding, options)), "severity",
                                        severity(finding->severity), "code", object("value", finding->rule),
                                        "related_locations", given(others)));
  }
  return text_of(out, 1);
}

}  // namespace

const Format rdjson_format{"rdjson", "reviewdog's diagnostics", diagnostics_json};

}  // namespace pgadvise::report::formats
