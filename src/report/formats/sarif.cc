// SARIF 2.1.0 (OASIS), and what GitHub's code scanning takes of it: at most 25,000 results of a run and 10 MB
// compressed, at least one location each, paths from the repository's root ("SARIF support for code
// scanning", docs.github.com).
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "lint/run/rule.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/json/members.h"
#include "report/pages/rule_page.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t max_results = 25'000;
constexpr std::size_t max_bytes =
    std::size_t{40} << 20;  // of results: JSON of one shape takes a tenth of it compressed, at most
constexpr std::size_t longest_message = 2'000;

const char* level(Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "note";
}

json text(const std::string& value) { return object("text", value); }

// "UnindexedForeignKey": SARIF wants a name that is not the id, and viewers show it beside it.
std::string in_pascal_case(std::string_view id) {
  std::string out;
  bool begin = true;
  for (const char c : id) {
    if (c != '-') out += begin && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    begin = c == '-';
  }
  return out;
}

json rule_json(const lint::RegisteredRule& registered) {
  const lint::Rule& rule = *registered.rule;
  return object("id", rule.id, "name", in_pascal_case(rule.id), "shortDescription",
                text(std::string(rule.summary)), "fullDescription", text(std::string(rule.why)), "help",
                object("text", rule.fix, "markdown", rule_page(registered)), "defaultConfiguration",
                object("enabled", rule.on_by_default, "level", level(rule.severity)), "properties",
                object("tags", json::array({"postgresql", registered.category})));
}

// Lines only: SARIF counts columns in characters, findings in bytes.
json physical_json(const std::string& file, int line) {
  const bool absolute = file.starts_with('/');
  json artifact =
      object("uri", (absolute ? "file://" : "") + uri_path(file), "uriBaseId", when(!absolute, "%SRCROOT%"));
  return object("physicalLocation",
                object("artifactLocation", std::move(artifact), "region", object("startLine", line)));
}

json location_json(const Finding& finding, const Options& options) {
  const SourceLocation place = shown_at(finding, options);
  json out = physical_json(place.file, place.line);
  if (const std::string about = subject(finding); !about.empty())
    out["logicalLocations"] =
        json::array({object("fullyQualifiedName", about, "kind", finding.subject.kind)});
  return out;
}

json result_json(const Finding& finding, const std::map<std::string, std::size_t>& rules,
                 const Options& options) {
  const auto rule = rules.find(finding.rule);
  const json others = array_of(others_shown_at(finding, options), [](const SourceLocation& place) {
    return physical_json(place.file, place.line);
  });
  return object("ruleId", finding.rule, "ruleIndex", rule == rules.end() ? nullptr : &rule->second, "level",
                level(finding.severity), "message",
                text(cut(printable_block(explanation(finding)), longest_message)), "locations",
                json::array({location_json(finding, options)}), "relatedLocations", given(others),
                "partialFingerprints", object("pgadvise/v1", finding.id), "rank",
                std::clamp(finding.impact.score / 1.5, 0.0, 100.0),  // 3.27.25: from 0 to 100
                "properties", object("verdict", name(finding.verdict), "id", finding.short_id));
}

json suppressed_json(const SuppressedFinding& suppressed, const std::map<std::string, std::size_t>& rules,
                     const Options& options) {
  json out = result_json(suppressed.finding, rules, options);
  out["suppressions"] = json::array({object("kind", suppressed.by.comment() ? "inSource" : "external",
                                            "justification", suppressed.by.reason)});
  return out;
}

json notification(const char* level, const std::string& what) {
  return object("level", level, "message", text(what));
}

std::string sarif_json(const Report& report, const Options& options) {
  std::map<std::string, std::size_t> indexes;
  json rules = json::array();
  for (const auto& registered : lint::all_rules()) {
    indexes.emplace(registered.rule->id, rules.size());
    rules.push_back(rule_json(registered));
  }
  json results = json::array();
  std::size_t bytes = 0;
  std::size_t left_out = 0;
  const auto add = [&](json result) {
    const std::size_t size = result.dump(-1, ' ', false, json::error_handler_t::replace).size();
    if (results.size() >= max_results || bytes + size > max_bytes) {
      ++left_out;
      return;
    }
    bytes += size;
    results.push_back(std::move(result));
  };
  for (const auto* finding : standing(report)) add(result_json(*finding, indexes, options));
  for (const auto& suppressed : report.suppressed) add(suppressed_json(suppressed, indexes, options));
  json notes = json::array();
  if (!report.nothing_checked.empty())
    notes.push_back(notification(report.nothing_to_check ? "note" : "error", nothing_checked(report)));
  if (!report.not_read.empty()) notes.push_back(notification("note", report.not_read));
  if (left_out)
    notes.push_back(notification("warning", fmt::format("left out the {} results of least impact: GitHub "
                                                        "accepts {} per run and 10 MB; --format json has all",
                                                        left_out, max_results)));
  for (const auto& diagnostic : report.diagnostics)
    notes.push_back(
        notification(diagnostic.kind == Error::Kind::nonfatal ? "note" : "error", diagnostic.line()));
  for (const auto& skipped : report.skipped)
    notes.push_back(notification("note", skipped.rule + " was not run: " + skipped.reason));
  json driver = object("name", "pgadvise", "semanticVersion", PGADVISE_VERSION, "rules", std::move(rules));
  json invocation = object("executionSuccessful", report.nothing_checked.empty() || report.nothing_to_check,
                           "toolExecutionNotifications", std::move(notes));
  json root = object("description", text("the root of the repository"));
  json run =
      object("tool", object("driver", std::move(driver)), "invocations", json::array({std::move(invocation)}),
             "originalUriBaseIds", object("%SRCROOT%", std::move(root)), "columnKind", "unicodeCodePoints",
             "results", std::move(results));
  json first = json::array();
  for (const FirstThing& thing : first_things(report))
    first.push_back(thing.finding->short_id + " " + in_words(thing));
  if (!first.empty()) run["properties"]["first"] = std::move(first);
  if (const std::string set = index_set_in_words(report); !set.empty()) run["properties"]["indexes"] = set;
  return text_of(object("$schema", "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
                        "runs", json::array({std::move(run)})),
                 1);
}

}  // namespace

const Format sarif_format{"sarif", "SARIF 2.1.0, for GitHub code scanning and others", sarif_json};

}  // namespace pgadvise::report::formats
