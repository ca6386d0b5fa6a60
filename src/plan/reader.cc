#include "plan/reader.h"

#include <algorithm>

#include <nlohmann/json.hpp>

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
  return static_cast<Integer>(std::clamp(number(node, key), 0.0, sizeof(Integer) > 4 ? most * most : most - 1));
}

PlanNode read_node(const json& in, int depth) {
  PlanNode out;
  out.type = text(in, "Node Type");
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
  if (const auto it = in.find("Plans"); it != in.end() && it->is_array() && depth < deepest)
    for (const auto& child : *it)
      if (child.is_object()) out.children.push_back(read_node(child, depth + 1));
  return out;
}

}  // namespace

Result<Plan> read_json(std::string_view input) {
  const json parsed = json::parse(input, nullptr, /*allow_exceptions=*/false);
  const auto unreadable = [] { return fail(Error::Kind::passing, "", "the server's EXPLAIN output is not a plan in JSON"); };
  if (!parsed.is_array() || parsed.empty() || !parsed[0].is_object()) return unreadable();
  const auto root = parsed[0].find("Plan");
  if (root == parsed[0].end() || !root->is_object()) return unreadable();
  Plan plan;
  plan.root = read_node(*root, 0);
  plan.analyzed = plan.root.actual_rows.has_value();
  plan.planning_ms = number(parsed[0], "Planning Time");
  plan.execution_ms = number(parsed[0], "Execution Time");
  plan.text = std::string(input);
  return plan;
}

}  // namespace pgadvise::plan
