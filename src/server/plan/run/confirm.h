// Confirms or refutes suspected findings by plans, and computes the cost with the proposed index.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"
#include "plan/run/planner.h"

namespace pgadvise::plan {

// Indexes that a statement would need together.
struct IndexSetProposal {
  std::vector<IndexProposal> indexes;  // at least one
  std::string note;                    // evidence: under which condition they can be built; "" if always
};

struct ConfirmOptions {
  // A sequential scan of a table with fewer pages is not a problem.
  std::int64_t small_table_pages = pgadvise::small_table_pages;
  // Returns the statements that HypoPG needs for a proposal; src/engine/advisor provides the function.
  std::function<std::vector<std::string>(const IndexProposal&)> hypothetical;
  // Other indexes that may serve a statement, for probes with search_index; may be empty. Called on any of
  // the planner's threads.
  std::function<std::vector<IndexSetProposal>(const Query&, const QualifiedName& table)> alternatives;
  // What the index adds to the cost of a statement that writes `rows` rows, in planner cost units; may be
  // empty. Called on any of the planner's threads.
  std::function<double(const IndexProposal&, const QueryFacts&, double rows)> maintenance_cost;
};

// The result of a probe for one finding.
struct Confirmation {
  std::optional<Verdict> verdict;     // nullopt: the verdict does not change
  std::optional<Severity> severity;   // new severity of the finding
  std::optional<std::string> reason;  // the new Finding::verdict_reason
  std::vector<Evidence> evidence;     // in addition to the finding's own
  bool without_gain = false;  // the server rejects the proposed index, the planner would not use it, or its
                              // maintenance costs the statement more than it saves: the proposal is withdrawn
  std::vector<IndexProposal> found;  // indexes that help instead of the finding's own
  std::string no_index;  // title of a manual fix, for a finding without one: no costed index helps
  std::optional<double> cost_before, cost_after;  // planner cost without and with the proposed index,
                                                  // including the statement's upkeep of it
  std::shared_ptr<const WhatIfPlans> plans;       // of these costs
};

// One Confirmation for each finding, in their order; an empty one where a finding has no probe. Asks all of
// the planner's sources; the result is the same as on one. A lost server leaves the remaining findings
// suspected and is reported once in `diagnostics` (Kind::database).
std::vector<Confirmation> confirm(const std::vector<Finding>& findings, const Catalog& catalog,
                                  const Workload* workload, Planner& planner, const ConfirmOptions& options,
                                  Diagnostics& diagnostics);

// "orders (customer_id DESC) and lines USING hash (sku)": the indexes as evidence names them.
std::string index_names(const std::vector<IndexProposal>& indexes);

// Removes the finding's proposed indexes, and its fix if that advises an index on their expression.
void withdraw_proposal(Finding& finding);

// Gives the findings the indexes that confirm() found for them; apply_confirmations() does this, too.
void take_found_indexes(const std::vector<Confirmation>& confirmations, std::vector<Finding>& findings);

// Applies the confirmations to the findings that were passed to confirm().
void apply_confirmations(const std::vector<Confirmation>& confirmations, std::vector<Finding>& findings);

}  // namespace pgadvise::plan
