#include "report/pages/page.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/ci_commands.h"
#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "report/json/stored_report.h"
#include "report/text/markdown_text.h"

#ifdef PGADVISE_PAGE_FILE
// The bytes of the page, in read-only data.
__asm__(
    ".pushsection .rodata\n"
    ".global pgadvise_page_begin\n"
    ".global pgadvise_page_end\n"
    "pgadvise_page_begin:\n"
    ".incbin \"" PGADVISE_PAGE_FILE
    "\"\n"
    "pgadvise_page_end:\n"
    ".byte 0\n"
    ".popsection\n");
extern "C" const char pgadvise_page_begin[];
extern "C" const char pgadvise_page_end[];
#endif

namespace pgadvise::report {
namespace {

// Text in an element or in a quoted attribute.
std::string escaped(std::string_view text) { return replace_all(markup_text(text), "'", "&#39;"); }

// A script element ends at the first "</script", and "<!--" changes how it is read: JSON has '<' only in
// strings, where \u003c is the same character.
std::string inert(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 64);
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '<') out += "\\u003c";
    else if (json[at] == '#' && begins_ci_command(json, at)) out += "\\u0023";
    else out += json[at];
  }
  return out;
}

std::string in_html(std::string_view summary) {
  const std::size_t end = std::min(summary.find('\n'), summary.size());
  std::string out = "<h1>" + escaped(summary.substr(0, end)) + "</h1>";
  if (end < summary.size()) out += "<pre>" + escaped(summary.substr(end + 1)) + "</pre>";
  return out;
}

// Which command wrote the report; "": none of them.
std::string_view command_of(const nlohmann::json& report) {
  const auto list = [&](const char* key) { return report.contains(key) && report[key].is_array(); };
  if (!report.is_object()) return {};
  const auto schema = report.value("schema", nlohmann::json());
  if (schema == "pgadvise-report-1") return "check";
  if (schema == "pgadvise-history-1") return "history";
  if (schema == "pgadvise-report-difference-1") return "report";
  if ((list("indexes") || list("candidates")) && report.contains("cost_before")) return "advise";
  if (list("nodes") && list("insights")) return "explain";
  if (list("queries") && list("sources")) return "digest";
  if (list("slower") && report.contains("old")) return "digest --compare";
  return {};
}

// What a build without the page has in its place: the counts, and the report for programs.
constexpr std::string_view plain_page =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
    "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"><title>@@PGADVISE_TITLE@@</title>"
    "</head><body>@@PGADVISE_SUMMARY@@<script type=\"application/json\" "
    "id=\"pgadvise-report\">@@PGADVISE_REPORT@@</script></body></html>\n";

}  // namespace

std::string_view page() {
#ifdef PGADVISE_PAGE_FILE
  return {pgadvise_page_begin, static_cast<std::size_t>(pgadvise_page_end - pgadvise_page_begin)};
#else
  return {};
#endif
}

Result<void> need_page() {
  if (!page().empty()) return {};
  return fail(
      Error::Kind::usage, "--format html", "this program was built without the page",
      "the Debian package and ./scripts/demo have it; a build of CMake needs npm ci --ignore-scripts in "
      "build/web (docs/html.md)");
}

std::string html_page(std::string_view json, std::string_view summary) {
  std::string_view rest = page().empty() ? plain_page : page();
  std::string out;
  out.reserve(rest.size() + json.size() + json.size() / 16);
  const std::string title = escaped(summary.substr(0, std::min(summary.find('\n'), summary.size())));
  for (const auto& [marker, text] : {std::pair<std::string_view, std::string>{"@@PGADVISE_TITLE@@", title},
                                     {"@@PGADVISE_SUMMARY@@", in_html(summary)},
                                     {"@@PGADVISE_REPORT@@", inert(json)}}) {
    const std::size_t at = rest.find(marker);
    if (at == std::string_view::npos) return {};
    out += rest.substr(0, at);
    out += text;
    rest.remove_prefix(at + marker.size());
  }
  out += rest;
  return out;
}

Result<std::string> html_of_stored(const std::string& name, const std::string& json) {
  const auto report = parsed_json(json, deepest_report);
  const std::string_view command = command_of(report);
  if (!command.empty()) return html_page(json, fmt::format("pgadvise {}", command));
  return fail(Error::Kind::input, name,
              report.is_discarded() ? why_no_json(json, "is no JSON", deepest_report)
                                    : "is no report of check, digest, advise, explain, history or report",
              "write it with --format json -o FILE");
}

}  // namespace pgadvise::report
