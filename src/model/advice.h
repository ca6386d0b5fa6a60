// What the advisor says: indexes to make, indexes to drop, and what each is worth. Costs are the planner's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"

namespace pgadvise {

struct AdvisedIndex {
  QualifiedName table;
  std::string
      sql;  // begins with the whole CREATE INDEX on one line; several statements on a partitioned table
  std::string down_sql;
  std::int64_t size_bytes = 0;
  double cost_saved = 0;             // against the indexes listed before it, upkeep taken off
  double maintenance_cost = 0;       // what the workload's writes pay for it
  std::vector<std::string> queries;  // fingerprints of those that use it in the end
  std::optional<std::int64_t> built_bytes = std::nullopt;  // when it was built to verify the advice
};

// An index that no hypothetical index can stand for: proposed by the look of the statement alone.
struct UncostedIndex {
  QualifiedName table;
  std::string sql;
  std::string down_sql;
  std::string reason;
  std::vector<std::string> queries;
  // Where it could be built on a sandbox with rows.
  std::optional<std::int64_t> size_bytes = std::nullopt;
  std::optional<double> cost_saved = std::nullopt;  // against the workload with all the indexes proposed
};

struct IndexDrop {
  QualifiedName table;
  std::string index;
  std::string sql;
  std::string down_sql;
  std::string reason;
  std::int64_t size_bytes = 0;
};

struct AdvisedQuery {
  std::string fingerprint;
  std::string text;        // normalised: no literals
  double weight = 0;       // calls, times the calibration
  double cost_before = 0;  // of one call
  double cost_after = 0;
  double mean_ms = 0;  // as logged; 0: not known
  double calibration =
      1;  // what its costs were multiplied by, so that they stand to each other as the logged times do
};

// What running a query really took, before the indexes were built and after: medians.
struct MeasuredQuery {
  std::string fingerprint;
  std::string text;
  double weight = 0;
  double cost_before = 0;  // of one call, as the advice estimates it
  double cost_after = 0;
  std::optional<double> ms_before;
  std::optional<double> ms_after;
  std::string why_not;  // why it was not run, or not to the end
};

struct Verification {
  std::string where;  // "the sandbox", "database copy on …"
  int runs = 0;       // of each query, before and after
  std::vector<MeasuredQuery> queries;
  double ms_before = 0;  // of those run both times, each by its weight
  double ms_after = 0;
  double estimated_left = 1;           // what is left of their estimated cost
  std::vector<std::string> not_built;  // "index: why"
  bool complete = true;
};

struct Advice {
  std::optional<std::int64_t> budget_bytes;
  double cost_before = 0;             // of all calls
  double cost_after = 0;              // upkeep included
  std::vector<AdvisedIndex> indexes;  // in the order in which they pay
  std::vector<UncostedIndex> not_costed;
  std::vector<IndexDrop> drops;
  std::vector<AdvisedQuery> queries;  // by what they save, then fingerprint
  std::size_t not_explained = 0;      // queries that were left out; each is named among the diagnostics
  bool complete = true;               // false: the time limit came first, or the server was lost
  std::uint64_t what_if_calls = 0;    // plans asked for
  std::optional<Verification> verification;
};

}  // namespace pgadvise
