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
  std::string sql;  // begins with the whole CREATE INDEX on one line; several statements on a partitioned table
  std::string down_sql;
  std::int64_t size_bytes = 0;
  double cost_saved = 0;  // against the indexes listed before it, upkeep taken off
  double upkeep = 0;      // what the workload's writes pay for it
  std::vector<std::string> queries;  // fingerprints of those that use it in the end
};

// An index that no hypothetical index can stand for: proposed by the look of the statement alone.
struct UncostedIndex {
  QualifiedName table;
  std::string sql;
  std::string down_sql;
  std::string reason;
  std::vector<std::string> queries;
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
  std::string text;  // normalised: no literals
  double weight = 0;  // calls
  double cost_before = 0;  // of one call
  double cost_after = 0;
};

struct Advice {
  std::optional<std::int64_t> budget_bytes;
  double cost_before = 0;  // of all calls
  double cost_after = 0;   // upkeep included
  std::vector<AdvisedIndex> indexes;  // in the order in which they pay
  std::vector<UncostedIndex> not_costed;
  std::vector<IndexDrop> drops;
  std::vector<AdvisedQuery> queries;  // by what they save, then fingerprint
  std::size_t not_explained = 0;      // queries that were left out; each is named among the diagnostics
  bool complete = true;               // false: the time limit came first, or the server was lost
  std::uint64_t what_if_calls = 0;    // plans asked for
};

}  // namespace pgadvise
