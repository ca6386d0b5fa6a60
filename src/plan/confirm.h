// Suspected findings -> confirmed or refuted, by plans; and what the proposed index would cost.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/workload.h"
#include "plan/planner.h"

namespace pgadvise::plan {

struct ConfirmOptions {
  // A sequential scan of a table smaller than this many pages is no fault: the whole table is a few
  // milliseconds.
  std::int64_t small_table_pages = 100;
  // What HypoPG takes for a proposal; src/advisor gives it.
  std::function<std::vector<std::string>(const IndexProposal&)> hypothetical;
};

// What a server says about one finding.
struct Confirmation {
  std::optional<Verdict> verdict;     // nullopt: the finding keeps its verdict
  std::optional<Severity> severity;   // that the finding rises to
  std::optional<std::string> reason;  // the new Finding::verdict_reason
  std::vector<Evidence> evidence;     // in addition to the finding's own
  bool without_gain = false;  // the planner would not use the proposed index: the proposal is withdrawn
  std::optional<double> cost_before, cost_after;  // planner cost without and with the proposed index
};

// One Confirmation for each finding, in their order; an empty one where a finding has no probe. Asks all of
// the planner's sources; the result is the same as on one. A lost server leaves the remaining findings
// suspected and is reported once in `diagnostics` (Kind::database).
std::vector<Confirmation> confirm(const std::vector<Finding>& findings, const Catalog& catalog,
                                  const Workload* workload, Planner& planner, const ConfirmOptions& options,
                                  Diagnostics& diagnostics);

// Puts the confirmations into the findings that confirm() was called with.
void apply_confirmations(const std::vector<Confirmation>& confirmations, std::vector<Finding>& findings);

}  // namespace pgadvise::plan
