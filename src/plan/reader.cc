#include "plan/reader.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "plan/text_reader.h"

namespace pgadvise::plan {
namespace {

using nlohmann::json;

// EXPLAIN nests as deep as the statement; a server never gets near this.
constexpr int deepest = 2000;

std::string text(const json& node, const char* key) {
  const auto it = node.find(key);
  return it != node.end() && it->is_string() ? it->get<std::string>() : std::string();
}

double number(const json& node, const char* key, double fallback = 0) {
  const auto it = node.find(key);
  return it != node.end() && it->is_number() ? it->get<double>() : fallback;
}

// A count; what no count can be is the nearest that can.
template <class Integer>
Integer count(const json& node, const char* key) {
  constexpr double most = 1LL << 31;
  return static_cast<Integer>(
      std::clamp(number(node, key), 0.0, sizeof(Integer) > 4 ? most * most : most - 1));
}

// What narrows, joins or groups, as it is read; "Filter" and "Index Cond" have fields of their own.
constexpr const char* condition_names[] = {"Hash Cond",       "Merge Cond", "Join Filter",
                                           "Recheck Cond",    "TID Cond",   "Order By",
                                           "One-Time Filter", "Cache Key",  "Run Condition"};

void read_conditions(const json& in, PlanNode& out) {
  for (const auto* name : condition_names)
    if (const auto value = text(in, name); !value.empty()) out.conditions.emplace_back(name, value);
  if (const auto keys = in.find("Group Key"); keys != in.end() && keys->is_array()) {
    std::vector<std::string> names;
    for (const auto& key : *keys)
      if (key.is_string()) names.push_back(key.get<std::string>());
    out.conditions.emplace_back("Group Key", join(names, ", "));
  }
}

void read_space(const json& in, PlanNode& out) {
  if (text(in, "Sort Space Type") == "Disk") out.disk_kb += count<std::int64_t>(in, "Sort Space Used");
  out.disk_kb += count<std::int64_t>(in, "Disk Usage");
  out.hash_batches = std::max({out.hash_batches, count<std::int64_t>(in, "Hash Batches"),
                               count<std::int64_t>(in, "HashAgg Batches")});
}

void read_workers(const json& in, PlanNode& out) {
  const auto workers = in.find("Workers");
  if (workers == in.end() || !workers->is_array()) return;
  for (const auto& worker : *workers) {
    if (!worker.is_object()) continue;
    read_space(worker, out);
    if (worker.contains("Actual Loops"))
      out.workers.push_back({number(worker, "Actual Total Time"), number(worker, "Actual Loops")});
  }
}

void read_names(const json& in, PlanNode& out) {
  out.type = text(in, "Node Type");
  out.relationship = text(in, "Parent Relationship");
  out.subplan = text(in, "Subplan Name");
  out.strategy = text(in, "Strategy");
  out.partial_mode = text(in, "Partial Mode");
  if (out.partial_mode == "Simple") out.partial_mode.clear();
  out.join_type = text(in, "Join Type");
  out.operation = text(in, out.type == "SetOp" ? "Command" : "Operation");
  out.cte = text(in, "CTE Name");
  out.function = text(in, "Function Name");
  out.backward = text(in, "Scan Direction") == "Backward";
  const auto parallel = in.find("Parallel Aware");
  out.parallel_aware = parallel != in.end() && parallel->is_boolean() && parallel->get<bool>();
}

PlanNode read_node(const json& in, int depth) {
  PlanNode out;
  read_names(in, out);
  out.schema = text(in, "Schema");
  out.relation = text(in, "Relation Name");
  out.alias = text(in, "Alias");
  out.index = text(in, "Index Name");
  out.filter = text(in, "Filter");
  out.index_condition = text(in, "Index Cond");
  if (const auto it = in.find("Sort Key"); it != in.end() && it->is_array())
    for (const auto& key : *it)
      if (key.is_string()) out.sort_key.push_back(key.get<std::string>());
  out.startup_cost = number(in, "Startup Cost");
  out.total_cost = number(in, "Total Cost");
  out.plan_rows = number(in, "Plan Rows");
  if (in.contains("Actual Rows")) out.actual_rows = number(in, "Actual Rows");
  if (in.contains("Actual Total Time")) out.actual_total_ms = number(in, "Actual Total Time");
  out.loops = number(in, "Actual Loops", 1);
  out.never_executed = out.actual_rows && out.loops == 0;
  out.rows_removed_by_filter = number(in, "Rows Removed by Filter");
  out.shared_hit_blocks = count<std::int64_t>(in, "Shared Hit Blocks");
  out.shared_read_blocks = count<std::int64_t>(in, "Shared Read Blocks");
  out.workers_planned = count<int>(in, "Workers Planned");
  out.rows_removed_by_recheck = number(in, "Rows Removed by Index Recheck");
  out.lossy_blocks = count<std::int64_t>(in, "Lossy Heap Blocks");
  out.heap_fetches = number(in, "Heap Fetches");
  out.temp_written_blocks = count<std::int64_t>(in, "Temp Written Blocks");
  read_conditions(in, out);
  read_space(in, out);
  read_workers(in, out);
  if (const auto it = in.find("Plans"); it != in.end() && it->is_array() && depth < deepest)
    for (const auto& child : *it)
      if (child.is_object()) out.children.push_back(read_node(child, depth + 1));
  return out;
}

void read_outside(const json& in, Plan& out) {
  if (const auto jit = in.find("JIT"); jit != in.end() && jit->is_object())
    if (const auto timing = jit->find("Timing"); timing != jit->end() && timing->is_object())
      out.jit_ms = number(*timing, "Total");
  const auto triggers = in.find("Triggers");
  if (triggers == in.end() || !triggers->is_array()) return;
  for (const auto& trigger : *triggers)
    if (trigger.is_object()) {
      const auto constraint = text(trigger, "Constraint Name");
      out.triggers.push_back({constraint.empty() ? text(trigger, "Trigger Name") : constraint,
                              text(trigger, "Relation"), number(trigger, "Time"), number(trigger, "Calls")});
    }
}

}  // namespace

Result<Plan> read_json(std::string_view input) {
  json parsed = json::parse(input, nullptr, /*allow_exceptions=*/false);
  const auto unreadable = [] {
    return fail(Error::Kind::nonfatal, "", "the server's EXPLAIN output is not a plan in JSON");
  };
  if (parsed.is_object()) parsed = json::array({std::move(parsed)});  // auto_explain's
  if (!parsed.is_array() || parsed.empty() || !parsed[0].is_object()) return unreadable();
  const auto root = parsed[0].find("Plan");
  if (root == parsed[0].end() || !root->is_object()) return unreadable();
  Plan plan;
  plan.root = read_node(*root, 0);
  plan.analyzed = plan.root.actual_rows.has_value();
  plan.planning_ms = number(parsed[0], "Planning Time");
  plan.execution_ms = number(parsed[0], "Execution Time");
  read_outside(parsed[0], plan);
  plan.text = std::string(input);
  return plan;
}

Result<Plan> read(std::string_view text) {
  const std::string bare = unwrapped(text);
  const auto begin = trim(bare);
  if (begin.starts_with('[') || begin.starts_with('{')) return read_json(begin);
  return read_text(text);
}

}  // namespace pgadvise::plan
