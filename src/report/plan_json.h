// Formats a plan as JSON for programs, with its insights.
#pragma once

#include <string>
#include <vector>

#include "model/plan.h"
#include "plan/analysis.h"
#include "report/plan_text.h"

namespace pgadvise::report {

// `in_part`: "complete" is false, as not all of the plan was understood.
std::string plan_json(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const std::vector<PlanVariant>& variants = {}, bool in_part = false);

}  // namespace pgadvise::report
