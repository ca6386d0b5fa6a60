// A plan that a report shows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/queries/plan.h"

namespace pgadvise {

// A plan that a server made for this run: of a logged statement, or of one that pgadvise made for a finding.
struct ReportPlan {
  std::string fingerprint;  // "" of a statement that pgadvise made
  std::string origin;       // "EXPLAIN ANALYZE, parameters from the log"
  std::string json;         // EXPLAIN's, with '...' for each constant
  double total_cost = 0;
  double execution_ms = 0;                 // 0: only planned
  std::vector<Insight> insights;           // without nodes
  std::string statement = {};              // that pgadvise made; "" if logged
  std::vector<std::string> findings = {};  // ids: with the plans before and after, of whose indexes
  std::optional<std::size_t> before = {};  // of a plan with an index that the server does not have: that
                                           // without the index, by its place in the list of plans
};

}  // namespace pgadvise
