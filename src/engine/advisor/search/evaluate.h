// Evaluates indexes that somebody else proposes to create or to drop. docs/advisor.md describes the verdicts.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "advisor/ddl/buildable.h"
#include "base/result.h"
#include "model/queries/workload.h"
#include "model/results/evaluation.h"
#include "model/schema/catalog.h"
#include "plan/run/source.h"
#include "plan/run/what_if.h"
#include "sql/definitions/written_indexes.h"

namespace pgadvise::advisor {

struct ProposedCandidate {
  sql::WrittenIndex written;
  std::string where;  // of the statement, for the report
  Buildable buildable;
};

struct EvaluateOptions {
  std::chrono::milliseconds time_limit{60'000};
  bool by_time = true;         // as of AdviseOptions
  std::function<bool()> stop;  // called regularly; true ends the evaluation, which is then incomplete
  // Makes the server ignore the indexes to drop in all later plans. Called at most once.
  std::function<Result<void>(const std::vector<QualifiedName>& indexes)> hide;
};

// The drop of the index, with the verdict `refused` where a constraint, uniqueness or replication needs the
// index. Errors (usage): no index of `catalog` has the name, or several schemas do. `name` may be qualified.
Result<EvaluatedDrop> proposed_drop(const std::string& name, const Catalog& catalog,
                                    const std::vector<std::string>& search_path);

// `workload` must be resolved against `catalog`. Requests two plans for each query and each candidate on a
// table of the query, one with the candidate alone and one with all other candidates, and one for each
// smaller index. Statements that cannot be explained are reported in `diagnostics`, as is a lost server.
Evaluation evaluate(const Workload& workload, const Catalog& catalog, plan::PlanSource& source,
                    plan::WhatIf& what_if, const std::vector<ProposedCandidate>& candidates,
                    std::vector<EvaluatedDrop> drops, const EvaluateOptions& options,
                    Diagnostics& diagnostics);

}  // namespace pgadvise::advisor
