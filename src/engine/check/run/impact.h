// The impact of a finding: what it costs or risks, in a unit that findings of all rules share. docs/impact.md
// explains the model, and a test compares its numbers with the constants here.
#pragma once

#include <vector>

#include "model/queries/workload.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

struct WorkloadTime {
  double total_ms = 0;  // of all statements
  double hours = 0;     // from the first to the last logged call; 0: not known
};
WorkloadTime time_of(const Workload& workload);

// What the impact depends on besides the finding. Each may be null.
struct ImpactInputs {
  const Catalog* catalog = nullptr;    // of the finding's schema
  const Workload* workload = nullptr;  // with times and calls
  WorkloadTime time;                   // of `workload`
};

// A score is a sum of points: for the severity, for a confirmed verdict, for the rule's harm (half of them
// for a note), and ten points for each power of ten of `cost`: milliseconds of the server's time per hour. A
// cost that was guessed from a table's name counts half, and at most `most_guessed`: less than the step from
// one severity to the next, so that a guess never comes before an error that loses data or fails a
// deployment.
struct ImpactPoints {
  double note = 0, warning = 15, error = 30;
  double confirmed = 10;
  double correctness = 10, deployment = 30, data = 40;
  double per_power_of_ten = 10;
  double guessed_per_power_of_ten = 5, most_guessed = 14;
  // The part of its points that a note has whose time is not measured: fewer than any warning has.
  double of_unmeasured_note = 1.0 / 3;
};
inline constexpr ImpactPoints impact_points;

// Assumptions where nothing was measured.
struct ImpactAssumptions {
  double ms_per_row_scanned = 0.0003;  // 220,000 rows took 65 ms (fixtures/shop, PostgreSQL 15)
  double ms_per_row_locked = 0.001;    // an index build, a validation or a rewrite of 1,000,000 rows: 1 s
  double statements_that_wait = 10;    // behind a lock
  double deletes_per_hour = 1;         // of rows of a parent
  double cascades_per_hour = 10;       // if the key has ON DELETE CASCADE or SET NULL
  double ms_per_megabyte = 1;          // of an index that every write maintains
};
inline constexpr ImpactAssumptions impact_assumptions;

// The finding must have its final severity and verdict, and its fix. Cost: a few look-ups.
Impact impact_of(const Finding& finding, const ImpactInputs& inputs);

// Sorts by decreasing score, then rule, then subject: the order of every report. Refuted findings are last.
void sort_by_impact(std::vector<Finding>& findings);

}  // namespace pgadvise::check
