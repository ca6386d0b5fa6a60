// The part of a plan that does not depend on estimates and constants.
#pragma once

#include <string>
#include <vector>

#include "model/queries/plan.h"
#include "model/schema/catalog.h"

namespace pgadvise::plan {

struct PlanStructure {
  std::string text;  // the title of each node on a line of its own, two blanks for each level
  // Without duplicates, sorted. Only from plans with schema names (EXPLAIN (VERBOSE)).
  std::vector<QualifiedName> tables;
  std::vector<QualifiedName> indexes;
};

// Linear in the nodes, which the reader bounds.
PlanStructure structure(const Plan& plan);

}  // namespace pgadvise::plan
