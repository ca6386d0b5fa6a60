// The reports of `pgadvise fleet`: one summary of the checks of many databases.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/results/run_record.h"
#include "report/text/paint.h"

namespace pgadvise::report {

struct FleetDatabase {
  std::string name;
  std::string failure;  // why the database was not checked, or its facts not stored; "": it was
  double seconds = 0;
  RunRecord run;  // empty if the database was not checked
};

// `databases` in any order. Those with the most errors come first, then by the sum of impacts: which one to
// look at first. `top`: number of databases and of rules that are listed; 0: all. Failures are all listed.
std::string fleet_text(const std::vector<FleetDatabase>& databases, const Look& look, std::size_t top);

// All of it, one JSON object.
std::string fleet_json(const std::vector<FleetDatabase>& databases);

}  // namespace pgadvise::report
