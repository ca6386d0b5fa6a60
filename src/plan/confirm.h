// Suspected findings -> confirmed or refuted, by plans; and what the proposed index would cost.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/workload.h"
#include "plan/planner.h"

namespace pgadvise::plan {

struct ConfirmOptions {
  // A sequential scan of a table smaller than this many pages is no fault: the whole table is a few milliseconds.
  std::int64_t small_table_pages = 100;
  // What HypoPG takes for a proposal; src/advisor gives it.
  std::function<std::vector<std::string>(const IndexProposal&)> hypothetical;
};

// Judges each finding with a probe, on all of the planner's sources, with the same outcome as on one. Sets verdict, verdict_reason, evidence, and fix->cost_before/after; a proposal that
// the planner would not use is taken back. A lost server leaves the rest suspected and says so once in `diagnostics`
// (Kind::database).
void confirm(std::vector<Finding>& findings, const Catalog& catalog, const Workload* workload, Planner& planner,
             const ConfirmOptions& options, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
