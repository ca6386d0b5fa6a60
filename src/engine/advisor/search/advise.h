// Recommends indexes for a workload on a server. docs/advisor.md describes the algorithm.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.h"
#include "model/project/project.h"
#include "model/queries/workload.h"
#include "model/results/advice.h"
#include "model/schema/catalog.h"
#include "plan/run/source.h"
#include "plan/run/what_if.h"

namespace pgadvise::advisor {

struct AdviseProgress {
  std::uint64_t plans = 0;  // number of plans requested
  std::size_t queries = 0;
  double left = 1;  // relative cost (after / before) of the workload with the best indexes so far
};

struct AdviseOptions {
  std::optional<std::int64_t> budget;  // bytes
  std::size_t max_indexes = 0;         // 0: any number
  int max_width = 4;          // maximum number of key columns; below 3 also no INCLUDE and no partial indexes
  bool hypopg_sizes = false;  // use HypoPG's size estimates instead of ones from statistics
  std::chrono::milliseconds time_limit{60'000};
  std::function<bool()> stop;  // called regularly; true ends the search with the best indexes so far
  std::function<void(const AdviseProgress&)> progress;  // called regularly
  // Scale the costs of queries with a logged time so that they are proportional to these times.
  bool by_time = true;
  // Whether a partial index may contain a constant of a query; constants from an .sql file that the user
  // named are always allowed.
  bool show_literals = false;
  // Whether statements that ran once or twice and wrote at least 10,000 rows count, too.
  bool include_bulk = false;
  // Indexes that findings ask for: proposed as well, merged with the selected ones, unless there is a budget
  // or a maximum number of indexes; then they are candidates only.
  std::vector<IndexProposal> asked;
  const Project* project = nullptr;  // for AdvisedIndex::drizzle
};

// `workload` must be resolved against `catalog`. Statements that cannot be explained are reported in
// `diagnostics`, as is a lost server (Kind::database); the advice then has the indexes found so far.
Advice advise(const Workload& workload, const Catalog& catalog, plan::PlanSource& source,
              plan::WhatIf& what_if, const AdviseOptions& options, Diagnostics& diagnostics);

}  // namespace pgadvise::advisor
