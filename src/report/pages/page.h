// The page of the HTML report: one file that shows any of the JSON reports (web/).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pgadvise::report {

// The page without a report; empty if the program was built without it.
std::string_view page();
// Errors (usage): this build has no page; the hint says how to build one with it.
Result<void> need_page();

// The page with a JSON report, as one HTML file. `json` is inert in the file, whatever its texts contain.
// `summary` is plain text for readers whose browser runs no scripts: its first line becomes the heading. A
// program without the page writes the summary and the report alone.
std::string html_page(std::string_view json, std::string_view summary);

// The page for the text of a stored report, as check, digest, advise, explain, history and report write it
// with --format json. `name` is the file's, for errors. Errors (input): the text is not JSON, or of another
// program.
Result<std::string> html_of_stored(const std::string& name, const std::string& json);

}  // namespace pgadvise::report
