// Which statements of a workload are planned before the rules run, and what the report says about plans.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lint/run/context.h"
#include "model/queries/plan_set.h"
#include "model/queries/workload.h"
#include "model/results/advice.h"
#include "model/results/finding.h"
#include "model/results/report_plan.h"
#include "model/results/suppression.h"
#include "model/schema/catalog.h"
#include "pg/connection/connection.h"
#include "plan/run/planner.h"

namespace pgadvise::check {

// The rules that are on and read plans of statements, which they need before they can report anything. The
// arguments must outlive the object.
class PlanReaders {
 public:
  // `folder`: as in lint::suppress(). `catalog` may be null.
  PlanReaders(const lint::Settings& settings, const std::vector<Suppression>& suppressions,
              const std::string& folder, const Catalog* catalog);
  // False if there is no such rule, or if suppressions cover every finding that such a rule could report from
  // plans of the statement: about the statement as a whole (by its fingerprint, its file, or each of its
  // tables), or about each table that it reads.
  bool want(const Query& query) const;

 private:
  bool suppressed(const lint::Rule& rule, const Query& query) const;
  // Whether a scan of the relation can only be a scan of itself: of no view, partition or child table.
  bool scans_itself(const QualifiedName& relation) const;

  const std::vector<Suppression>& suppressions_;
  const std::string& folder_;
  const Catalog* catalog_;
  std::vector<const lint::Rule*> rules_;
};

// The application's SELECT statements to plan, of those that `wanted` accepts: the first 20 by total time,
// then 5 each by mean time and by calls.
std::vector<const Query*> worth_planning(const Workload& workload,
                                         const std::function<bool(const Query&)>& wanted);

// The server's plans in a set, for the report: with '...' for each constant, at most 200.
std::vector<ReportPlan> plans_for_report(const PlanSet& set, const Catalog* catalog);

// Adds the plans of the findings (Finding::plans) that `plans` lacks, of the first 100 findings that have
// any.
void add_plans_of_findings(const std::vector<Finding>& findings, const Catalog* catalog,
                           std::vector<ReportPlan>& plans);

// Adds the plans of the first 100 queries of the advice that its indexes make cheaper: of the
// first of the query's statements that they make cheaper, without the query's indexes and with them. Leaves
// out queries that the server rejects. `workload`: that of the advice,
// resolved against `catalog`. REQUIRES an empty `planner.what_if_missing()`.
void add_plans_of_advice(const Advice& advice, const Workload& workload, const Catalog& catalog,
                         plan::Planner& planner, std::vector<ReportPlan>& plans);

// A diagnostic when row-level security does not apply to the role that plans are made as.
void report_bypassed_policies(const plan::PlanSource& source, const pg::Connection& connection,
                              Diagnostics& diagnostics);
// Diagnostics for statements that the planner left out: out of time, interrupted, or a connection was lost.
void report_left_out(const plan::Planner& planner, Diagnostics& diagnostics);

}  // namespace pgadvise::check
