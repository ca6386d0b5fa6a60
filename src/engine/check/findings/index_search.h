// The search for indexes that check, review and advise share, so that they propose the same set.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "check/load/server.h"
#include "model/project/project.h"
#include "model/queries/workload.h"
#include "model/results/advice.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"
#include "plan/run/planner.h"

namespace pgadvise::check {

// The indexes that findings of all rules about the schema and the workload ask for. Plans statements and runs
// none; what a statement that cannot be planned asks for is left out. `workload` must be resolved against
// `catalog`.
std::vector<IndexProposal> asked_by_findings(const Workload& workload, const Catalog& catalog,
                                             plan::Planner& planner);

// The indexes for `workload` without a budget, merged with `asked`. nullopt: the server has no HypoPG, or the
// connection is lost. Takes at most 20 s; Advice::complete is then false. A connection that is lost meanwhile
// is reported in `diagnostics` (Kind::database), and nothing else. `project`: for AdvisedIndex::drizzle; may
// be null.
std::optional<Advice> search_indexes(const Workload& workload, const Catalog& catalog, Server& server,
                                     std::vector<IndexProposal> asked, const Project* project,
                                     const std::stop_token& stop, Diagnostics& diagnostics);

// Of the advice, the indexes that serve none of `asked`.
std::vector<AdvisedIndex> without_finding(const Advice& advice, const std::vector<IndexProposal>& asked);

// Leaves out those of `indexes` that one of `fixes` creates, too, also by another name.
void leave_out_created(std::vector<AdvisedIndex>& indexes, const std::vector<const Fix*>& fixes,
                       const Catalog& catalog);

// Gives another name to those of `indexes` whose name an earlier one, or an index of `fixes`, has, too.
// `project`: for AdvisedIndex::drizzle; may be null.
void rename_taken(std::vector<AdvisedIndex>& indexes, const std::vector<const Fix*>& fixes,
                  const Catalog& catalog, const Project* project);

// Indexes that no rule's finding asks for, as findings that review can walk through: notes with the rule id
// "advise", which is none of the registered rules. `workload_cost`: without new indexes.
std::vector<Finding> as_findings(const std::vector<AdvisedIndex>& indexes, double workload_cost);

}  // namespace pgadvise::check
