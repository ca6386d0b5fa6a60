// sqitch.plan: the changes in the order of the plan, and the deploy script of each.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::migrations {

struct SqitchChange {
  std::string name;
  std::string deploy_file;
  int line = 0;  // of the plan
};

// Of the folder that holds sqitch.plan. A change that was reworked has its earlier script under the name of the first tag
// after it for which there is one: deploy/name@tag.sql. A script that is missing is named in the diagnostics.
std::vector<SqitchChange> read_sqitch_plan(const std::string& folder, Diagnostics& diagnostics);

// The engine of sqitch.conf, in the folder or above it by at most two: "pg", "mysql" …; "" when none is named.
std::string sqitch_engine(const std::string& folder);

}  // namespace pgadvise::migrations
