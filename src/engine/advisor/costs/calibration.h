// Scales planner costs by logged times: a query whose calls take longer than its cost suggests counts more.
#pragma once

#include <vector>

#include "advisor/queries/planned_queries.h"

namespace pgadvise::advisor {

// Of each query, the factor that makes its cost proportional to its logged time in this workload: 1 without a
// logged time, between 1/100 and 100 with one. `costs`: the planner cost of one call of each query; 0:
// unknown.
std::vector<double> calibrations(const std::vector<PlannedQuery>& queries, const std::vector<double>& costs);

}  // namespace pgadvise::advisor
