// The plans at hand of the workload's statements: as auto_explain logged them, or asked of a server
// beforehand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/plan.h"
#include "model/source_location.h"

namespace pgadvise {

struct KnownPlan {
  std::shared_ptr<const Plan> plan;  // the insights point into it
  std::vector<Insight> insights;
  std::string origin;  // for evidence: "auto_explain", "EXPLAIN ANALYZE, parameters from the log"
  std::optional<SourceLocation> place;  // of a logged one
};

struct PlanSet {
  // By fingerprint; the logged plan first, then the server's. A statement without any is not in it.
  std::map<std::string, std::vector<KnownPlan>, std::less<>> plans;
  bool server = false;  // one was asked, and answers what rules still suspect

  bool known() const { return server || !plans.empty(); }
};

}  // namespace pgadvise
