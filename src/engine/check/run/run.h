// Runs the rules over every schema and repository of the inputs, confirms findings with plans of a server,
// and proposes indexes.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "advisor/candidates/propose.h"
#include "check/load/load.h"
#include "lint/run/suppress.h"
#include "model/results/advice.h"
#include "model/results/report.h"
#include "plan/run/confirm.h"
#include "plan/run/planner.h"

namespace pgadvise::check {

// What the rules found in one schema, or in a repository that has no schema.
struct Checked {
  const Schema* schema = nullptr;    // part of Inputs, which must outlive this object; null: there is none
  const Project* project = nullptr;  // the same
  std::vector<Finding> findings;  // without the suppressed ones; verdicts as the rules set them, before any
                                  // confirmation; in the order of lint::sort_findings()
  std::vector<plan::Confirmation> confirmations;  // one for each finding; none without a planner
  std::vector<advisor::ProposedFix> proposals;    // fixes for `findings`
  std::vector<SuppressedFinding> suppressed;
  std::vector<LockForecast> lock_forecasts;  // of the schema's migrations
  std::vector<std::string> rules_run;
  std::vector<SkippedRule> skipped;
};

struct Outcome {
  std::vector<Checked> checked;
  Suppressions suppressions;    // from the inputs, then from comments in files that findings point to
  lint::UsedSuppressions used;  // by index in `suppressions.entries`
  // Findings of the log that are one with findings of the code (check/loops_in_code.h): rule and fingerprint.
  std::set<std::string> found_in_code = {};
  // The indexes for the workload, merged with those that findings ask for; nullopt: nothing was searched, as
  // there is no workload, no server, or no HypoPG.
  std::optional<Advice> advice = std::nullopt;
  std::vector<ReportPlan> plans = {};     // that the server made for the first schema
  std::size_t planned = 0, analyzed = 0;  // statements
  double analyze_seconds = 0;
  bool stopped = false;  // a stop request came before everything was checked
  Diagnostics diagnostics;
};

// The repository that the schema with this path lies in; for a server's schema, "", the only one that was
// read. null: none.
const Project* project_of(const Inputs& inputs, const std::string& schema);

// A planner on the inputs' server; null if the inputs have no server, or if the server cannot plan. `inputs`
// must outlive the planner, which opens further connections on first use. One planner serves one run at a
// time.
std::unique_ptr<plan::Planner> make_planner(Inputs& inputs, const Settings& settings);

// If `planner` is null, no finding is confirmed. Statements reach the server for three purposes only:
// - Before the rules run, run() plans and runs the statements that worth_planning() selects (check/plans.h),
//   for the rules that read plans. It leaves a statement out if all these rules are off, or if a suppression
//   covers all that they could report about the statement.
// - Afterwards, run() plans and runs statements to confirm findings. It never confirms suppressed findings.
// - Last, run() plans the statements of the workload with hypothetical indexes, and runs none
//   (check/index_search.h).
// So a statement may be run although findings of other rules about it are suppressed.
// run() also reads the files that findings point to, for comments that suppress findings. It may be called
// repeatedly with the same inputs; concurrent calls need separate inputs.
// A stop request ends planning: findings that are not confirmed by then stay suspected. Without a planner, a
// stop request ends the run before the next schema or repository is checked. The diagnostics name what was
// not checked.
Outcome run(const Inputs& inputs, plan::Planner* planner, const Settings& settings);

}  // namespace pgadvise::check
