// A workload and a server -> which indexes to make. docs/advisor.md tells how.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.h"
#include "model/advice.h"
#include "model/catalog.h"
#include "model/workload.h"
#include "plan/source.h"
#include "plan/what_if.h"

namespace pgadvise::advisor {

struct AdviseProgress {
  std::uint64_t plans = 0;  // asked for
  std::size_t queries = 0;
  double left = 1;  // of the workload's cost, by the best set found so far
};

struct AdviseOptions {
  std::optional<std::int64_t> budget;  // bytes
  std::size_t max_indexes = 0;         // 0: any number
  int max_width = 4;                   // key columns; under 3 no INCLUDE and no partial indexes either
  bool hypopg_sizes = false;           // else sizes from statistics
  std::chrono::milliseconds time_limit{60'000};
  std::function<bool()> stop;  // asked now and then: whether to end with the best so far
  std::function<void(const AdviseProgress&)> progress;  // called now and then
  // Of queries with a logged time: their costs are made to stand to each other as their times do.
  bool by_time = true;
  // Whether a partial index may name a constant of a query; of one in an .sql file that the user named it
  // always may.
  bool show_literals = false;
};

// `workload` resolved against `catalog`. Statements that can't be explained are named in `diagnostics`; a
// server that is lost on the way, too (Kind::database): the advice is then what was known until then.
Advice advise(const Workload& workload, const Catalog& catalog, plan::PlanSource& source,
              plan::WhatIf& what_if, const AdviseOptions& options, Diagnostics& diagnostics);

}  // namespace pgadvise::advisor
