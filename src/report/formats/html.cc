// The JSON report in a page for people: one file that needs no network.
#include <fmt/format.h>

#include "base/text/text.h"
#include "report/all_formats.h"
#include "report/common.h"
#include "report/pages/page.h"
#include "report/summary.h"

namespace pgadvise::report::formats {
namespace {

std::string summary(const Report& report) {
  const auto findings = standing(report);
  std::string out = "pgadvise: " + (!report.nothing_checked.empty()
                                        ? "nothing was checked, because " + report.nothing_checked
                                    : findings.empty() ? "nothing found"
                                                       : in_words(count(findings)));
  out += "\n";
  int number = 0;
  for (const FirstThing& thing : first_things(report))
    out += fmt::format("{}. {}: {}\n", ++number, thing.finding->short_id, in_words(thing));
  return printable_block(out);
}

std::string report_page(const Report& report, const Options& options) {
  return html_page(json_format.render(report, options), summary(report));
}

}  // namespace

const Format html_format{"html", "a report for a browser, one file that needs no network", report_page};

}  // namespace pgadvise::report::formats
