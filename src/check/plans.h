// Which statements of a workload are planned before the rules run, and what the report says about plans.
#pragma once

#include <vector>

#include "base/result.h"
#include "model/workload.h"
#include "pg/connection.h"
#include "plan/planner.h"

namespace pgadvise::check {

// The application's SELECT statements to plan: the first 20 by total time, then 5 each by mean time and by
// calls.
std::vector<const Query*> worth_planning(const Workload& workload);

// A diagnostic when row-level security does not apply to the role that plans are made as.
void report_bypassed_policies(const plan::PlanSource& source, const pg::Connection& connection,
                              Diagnostics& diagnostics);
// Diagnostics for statements that the planner left out: out of time, interrupted, or a connection was lost.
void report_left_out(const plan::Planner& planner, Diagnostics& diagnostics);

}  // namespace pgadvise::check
