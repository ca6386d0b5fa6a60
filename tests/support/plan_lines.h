// A plan as lines of text, one a node with all that was read of it: two plans are the same when their lines
// are.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "model/queries/plan.h"

namespace pgadvise::testing_support {

inline std::string plan_line(const PlanNode& node, std::size_t depth) {
  std::string out =
      fmt::format("{}{} [{}; {}]", std::string(depth, ' '), node.type, node.relationship, node.subplan);
  const auto add = [&](std::string_view name, const auto& value) {
    out += fmt::format(" {}={}", name, value);
  };
  add("strategy", node.strategy);
  add("partial", node.partial_mode);
  add("join", node.join_type);
  add("operation", node.operation);
  add("cte", node.cte);
  add("function", node.function);
  add("parallel", node.parallel_aware);
  add("backward", node.backward);
  add("relation", node.schema + "." + node.relation + " " + node.alias);
  add("index", node.index);
  add("filter", node.filter);
  add("index_condition", node.index_condition);
  for (const auto& key : node.sort_key) add("sort", key);
  auto conditions = node.conditions;
  std::sort(conditions.begin(), conditions.end());
  for (const auto& [name, condition] : conditions) add(name, condition);
  add("cost", fmt::format("{}..{} {}", node.startup_cost, node.total_cost, node.plan_rows));
  add("rows", fmt::format("{} x {}", node.actual_rows.value_or(-1), node.loops));
  if (node.actual_total_ms) add("ms", *node.actual_total_ms);
  add("removed", fmt::format("{} {}", node.rows_removed_by_filter, node.rows_removed_by_recheck));
  add("heap", fmt::format("{} {}", node.lossy_blocks, node.heap_fetches));
  add("batches", node.hash_batches);
  add("disk", node.disk_kb);
  add("planned", node.workers_planned);
  add("never", node.never_executed);
  add("workers", node.workers.size());
  return out;
}

inline void add_plan_lines(const PlanNode& node, std::size_t depth, std::vector<std::string>& out) {
  out.push_back(plan_line(node, depth));
  for (const auto& child : node.children) add_plan_lines(child, depth + 1, out);
}

inline std::vector<std::string> plan_lines(const Plan& plan) {
  std::vector<std::string> out;
  add_plan_lines(plan.root, 0, out);
  return out;
}

}  // namespace pgadvise::testing_support
