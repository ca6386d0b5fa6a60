// The difference between two reports of check: new, fixed and recurring findings.
#pragma once

#include <string>
#include <vector>

#include "model/results/run_record.h"
#include "report/text/paint.h"

namespace pgadvise::report {

struct ReportDifference {
  struct New {
    RecordedFinding finding;
    std::string not_checked_before;  // why the earlier report could not contain it; "": the problem is new
  };
  struct Absent {
    RecordedFinding finding;
    std::string why;  // model/results/run_record.h, why_not_checked()
  };
  struct Recurring {
    RecordedFinding before;
    RecordedFinding after;
    // Impact counts as changed if the scores differ by more than 10 %.
    bool verdict_changed() const { return before.verdict != after.verdict; }
    bool severity_changed() const { return before.severity != after.severity; }
    bool state_changed() const { return before.state != after.state; }
    bool impact_changed() const;
    bool changed() const;
  };
  RunRecord before;  // without findings
  RunRecord after;
  // Each by decreasing severity, then impact, then id.
  std::vector<New> fresh;
  std::vector<RecordedFinding> fixed;
  std::vector<Absent> not_checked;   // only the earlier report has them, and the later run did not look there
  std::vector<Recurring> recurring;  // standing in at least one of the reports
};

// Matches findings by id. A refuted, suppressed or accepted finding is neither new nor fixed. Cost: that of
// sorting the findings.
ReportDifference difference(RunRecord before, RunRecord after);

// Text for people: new, changed and fixed findings in a line or two each; of those that the later run did not
// look for the short ids by reason, and of the other ones their number.
std::string report_difference_text(const ReportDifference& difference, const Look& look);

// All findings of the difference, one JSON object (docs/report-difference.schema.json).
std::string report_difference_json(const ReportDifference& difference);

// That JSON in the page (report/pages/page.h). Where a browser runs no scripts: the text.
std::string report_difference_html(const ReportDifference& difference);

}  // namespace pgadvise::report
