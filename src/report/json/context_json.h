// The parts of the JSON report that show what findings are about: rules, the workload, plans, tables.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/results/report.h"
#include "report/report.h"

namespace pgadvise::report {

// Adds "rules", "workload", "plans" and "tables", each if there is something, and "truncated" if one of them
// is shown in part. Linear in the sizes of the report, the workload and the catalogs.
void put_context(nlohmann::ordered_json& out, const Report& report, const Options& options);

}  // namespace pgadvise::report
