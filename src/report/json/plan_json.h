// Formats a plan as JSON for programs, with its insights.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "model/queries/plan.h"
#include "model/results/finding.h"
#include "model/results/report_plan.h"
#include "plan/insights/analysis.h"
#include "report/text/plan_text.h"

namespace pgadvise::report {

std::string_view kind_name(Insight::Kind kind);  // "slow-scan"

// The member "plans" of docs/report.schema.json.
nlohmann::ordered_json plans_json(const std::vector<ReportPlan>& plans);

// `in_part`: "complete" is false, as not all of the plan was understood. `findings`: of the statement, with
// their fixes; without any, the member "findings" is missing. `explain`: EXPLAIN's JSON or text, without
// literals, for programs that draw plans; "": none. `what_if`: without and with the indexes of `findings`.
std::string plan_json(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const std::vector<PlanVariant>& variants = {}, bool in_part = false,
                      const std::vector<Finding>& findings = {}, const std::string& explain = {},
                      const std::vector<ReportPlan>& what_if = {});

}  // namespace pgadvise::report
