// Formats a plan as JSON for programs, with its insights.
#pragma once

#include <string>
#include <vector>

#include "model/finding.h"
#include "model/plan.h"
#include "plan/analysis.h"
#include "report/plan_text.h"

namespace pgadvise::report {

// `in_part`: "complete" is false, as not all of the plan was understood. `findings`: of the statement, with
// their fixes; without any, the member "findings" is missing.
std::string plan_json(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const std::vector<PlanVariant>& variants = {}, bool in_part = false,
                      const std::vector<Finding>& findings = {});

}  // namespace pgadvise::report
