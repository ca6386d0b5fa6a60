// EXPLAIN's output as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgadvise {

// Figures are EXPLAIN's own: rows and rows_removed are averages per loop, blocks are totals that include children.
struct PlanNode {
  std::string type;  // "Seq Scan"
  std::string schema;
  std::string relation;
  std::string alias;
  std::string index;
  std::string filter;
  std::string index_condition;
  std::vector<std::string> sort_key;
  double startup_cost = 0;
  double total_cost = 0;
  double plan_rows = 0;
  std::optional<double> actual_rows;
  std::optional<double> actual_total_ms;  // only with TIMING
  double loops = 1;
  double rows_removed_by_filter = 0;
  std::int64_t shared_hit_blocks = 0;
  std::int64_t shared_read_blocks = 0;
  int workers_planned = 0;
  bool never_executed = false;
  std::vector<PlanNode> children;
};

struct Plan {
  PlanNode root;
  bool analyzed = false;
  double planning_ms = 0;
  double execution_ms = 0;
  std::string text;  // the JSON as the server gave it
};

}  // namespace pgadvise
