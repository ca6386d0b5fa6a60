// N+1 findings of logs and of code that are about the same loop.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/project/project.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"

namespace pgadvise::check {

// A loop in code that makes the statement which a log shows once for each row (lint::makes()) becomes one
// finding with it: the code's, with its id and location, confirmed, with the log's evidence. The log's
// finding leaves `findings`; its id becomes Finding::former_id, for baselines. Where several loops may make
// the statement, all findings stay, and the log's names their lines; where only queries outside of loops may,
// it names these. Counters without an order of statements confirm nothing. Returns the fingerprints of the
// log's findings that left, each behind its rule: "n-plus-one-query 00ab…".
std::set<std::string> unite_loops(std::vector<Finding>& findings, const Workload& workload,
                                  const Project& project);

}  // namespace pgadvise::check
