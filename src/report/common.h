// What the formats for CI services share.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace pgadvise::report {

// What is gone since the baseline, a line each, and "… and 3 more"; none without a baseline.
std::vector<std::string> gone_lines(const Report& report);

// Without the refuted, the worst first.
std::vector<const Finding*> standing(const Report& report);

struct Counts {
  int error = 0, warning = 0, note = 0;
  int confirmed = 0, suspected = 0;
  int all() const { return error + warning + note; }
};
Counts count(const std::vector<const Finding*>& findings);
// "2 errors, 1 warning, 0 notes; 1 confirmed"
std::string in_words(const Counts& counts);

// Where a finding is shown. A service that takes files alone gets a name for the database's object that no
// file has; line at least 1.
SourceLocation shown_at(const Finding& finding, const Options& options);

// "public.orders (customer_id)", an index, a query's fingerprint, a file: what the finding is about.
std::string subject(const Finding& finding);
// At most `bytes`, no character cut in two, with "…" where something is left out.
std::string cut(std::string text, std::size_t bytes);
// Message, why it is so, and the fix, as plain lines.
std::string explanation(const Finding& finding);

}  // namespace pgadvise::report
