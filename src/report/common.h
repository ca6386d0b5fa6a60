// What several report formats write: counts, subjects, locations and sentences.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace pgadvise::report {

// One line for each baseline entry that is gone, and "… and 3 more". Empty without a baseline.
std::vector<std::string> gone_lines(const Report& report);

// Report::nothing_checked as a sentence without its end; "" if something was checked.
std::string nothing_checked(const Report& report);
// The text with an ASCII letter at its beginning in upper case.
std::string capitalized(std::string text);
// "; no schema, log or database was read" to follow the counts; "" if one was.
std::string not_read(const Report& report);

// The findings without the refuted ones, by decreasing severity.
std::vector<const Finding*> standing(const Report& report);

struct Counts {
  int error = 0, warning = 0, note = 0;
  int confirmed = 0, suspected = 0;
  int all() const { return error + warning + note; }
};
Counts count(const std::vector<const Finding*>& findings);
// The verdict as people read it: `suspected` is "from the input only".
std::string_view in_words(Verdict verdict);
// " confirmed" or " refuted", to follow a finding's rule or id; "" for `suspected`, which most findings are.
std::string verdict_mark(Verdict verdict);
// "2 errors, 1 warning, 0 notes; 1 confirmed"
std::string in_words(const Counts& counts);

// The file and line at which a service shows a finding. For a service that accepts only files, a finding
// about a database object gets a file name that does not exist; the line is at least 1.
SourceLocation shown_at(const Finding& finding, const Options& options);

// Finding::other_locations in the same form, in order.
std::vector<SourceLocation> others_shown_at(const Finding& finding, const Options& options);

// The subject as text: "public.orders (customer_id)", an index, a query's fingerprint, a file.
std::string subject(const Finding& finding);
// At most `bytes` of the text, without splitting a character; "…" marks a truncated text.
std::string cut(std::string text, std::size_t bytes);
// A line with the planner cost without and with the fix; "" if either is unknown.
std::string cost_line(std::string_view indent, const Fix& fix);
// Message, evidence and fix as plain lines.
std::string explanation(const Finding& finding);

}  // namespace pgadvise::report
