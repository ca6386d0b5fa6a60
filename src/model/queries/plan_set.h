// The plans of a workload's statements, logged by auto_explain or requested from a server in advance.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/queries/plan.h"
#include "model/queries/plan_change.h"
#include "model/source_location.h"

namespace pgadvise {

struct KnownPlan {
  std::shared_ptr<const Plan> plan;  // the insights have pointers into the plan
  std::vector<Insight> insights;
  std::string origin;  // for evidence: "auto_explain", "EXPLAIN ANALYZE, parameters from the log"
  std::optional<SourceLocation> place;  // of a logged plan
};

struct PlanSet {
  // By fingerprint: the logged plan first, then the server's. Has only statements with a plan.
  std::map<std::string, std::vector<KnownPlan>, std::less<>> plans;
  bool server = false;                                    // a server made plans, and can confirm findings
  std::shared_ptr<const PlanComparison> comparison = {};  // with another version of the schema; may be null

  bool known() const { return server || !plans.empty(); }
};

}  // namespace pgadvise
