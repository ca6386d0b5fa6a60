// The result of a run: findings in report order, and what the run read, skipped and could not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/queries/activity.h"
#include "model/queries/plan_change.h"
#include "model/results/advice.h"
#include "model/results/finding.h"
#include "model/results/report_plan.h"
#include "model/results/suppression.h"
#include "model/schema/lock_forecast.h"

namespace pgadvise {

// A rule that did not run because an input that it needs is missing.
struct SkippedRule {
  std::string rule;
  std::string reason;  // "needs " and the missing input: "needs a log: --log FILE"
};

struct SuppressedFinding {
  Finding finding;
  Suppression by;
};

struct ReportInput {
  std::string kind;  // "drizzle migrations", "stderr log", "database"
  std::string path;  // or the database's name; never a password
  std::string detail;
};

// The comparison with a baseline file: findings that the file lists are not new.
struct Baseline {
  struct Entry {
    std::string id;
    std::string rule;
    std::string what;  // its message
  };
  std::string path;
  std::vector<Finding> known;  // found again
  std::vector<Entry> gone;     // listed in the file and no longer found, although their rule ran
};

// Where a run looked: only there does a finding that is absent mean a problem that is gone. All lists are
// empty for a run that was interrupted, or that reported only chosen findings (--only).
struct CheckedScope {
  std::vector<std::string> rules;            // checked all inputs
  std::vector<std::string> migration_rules;  // checked only the files of `migrations`
  std::vector<std::string> migrations;       // as locations of findings name them
};

struct Report {
  std::vector<Finding> findings;              // by decreasing impact (check/impact.h)
  std::vector<SuppressedFinding> suppressed;  // not among `findings`
  std::optional<Baseline> baseline;
  std::vector<SkippedRule> skipped;
  std::vector<std::string> rules_run;
  CheckedScope scope;
  std::shared_ptr<const PlanComparison> comparison;  // null without --against
  std::vector<ReportInput> inputs;
  std::vector<ReportPlan> plans;  // of statements of the log, by fingerprint, at most 200; then of findings
  std::optional<Activity> activity;          // of the database of --db; nullopt: none was read
  std::vector<LockForecast> lock_forecasts;  // of the migrations under review, in the order in which they run
  // Indexes for the whole workload that no finding asks for, as `pgadvise advise` proposes them.
  std::vector<AdvisedIndex> further_indexes;
  double workload_cost = 0;  // planner cost without new indexes; 0: no search for indexes was made
  // Why, if there are no findings because the inputs gave the rules nothing to look at: no clean result.
  std::string nothing_checked;
  // `nothing_checked` is as it should be: no change, or no input for PostgreSQL. No failure for a pipeline.
  bool nothing_to_check = false;
  // What else no rule looked at: "no schema, log or database was read" if only the repository's deployment
  // was read, "--app web selects no record of the log"; "": nothing else.
  std::string not_read;
  // All indexes that pgadvise advise would propose: those of findings and `further_indexes`, as a set.
  struct IndexSet {
    std::size_t count = 0;
    std::int64_t bytes = 0;
    double share_saved = 0;  // of the workload's planner cost: 0 to 1
    struct Step {
      std::string index;  // "orders (customer_id)"
      std::int64_t bytes = 0;
      double share_saved = 0;  // compared with only the indexes before it
    };
    std::vector<Step> steps = {};  // in the order in which they pay
  };
  IndexSet index_set;
  // Indexes that pgadvise advise lists as not costed (GIN, GiST), and that no finding proposes.
  std::size_t not_costed = 0;
  Diagnostics diagnostics;
  // Members of this run alone: a byte-for-byte comparison of two reports leaves them out.
  std::string started;  // ISO 8601, UTC
  double seconds = 0;
  std::string server_version;  // "15.18", "" without a server
  std::string what_if;         // "HypoPG", or why indexes were not costed
  std::size_t planned = 0;     // statements that a server planned
  std::size_t analyzed = 0;    // those of them that it also ran
  double analyze_seconds = 0;  // summed over connections
};

}  // namespace pgadvise
