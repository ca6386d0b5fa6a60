#include "report/json/plan_json.h"

#include <nlohmann/json.hpp>

#include "base/text/json_parse.h"
#include "base/text/mask.h"
#include "plan/read/reader.h"
#include "plan/read/title.h"
#include "report/json/finding_json.h"
#include "report/json/members.h"
#include "report/report.h"

namespace pgadvise::report {

using json = nlohmann::ordered_json;

namespace {

std::string plan_id(const std::vector<ReportPlan>& plans, std::size_t at) {
  return (plans[at].fingerprint.empty() ? "made" : plans[at].fingerprint) + "-" + std::to_string(at + 1);
}

json report_plan_json(const std::vector<ReportPlan>& plans, std::size_t at) {
  const ReportPlan& plan = plans[at];
  json out{{"id", plan_id(plans, at)},
           {"fingerprint", plan.fingerprint},
           {"kind", plan.before             ? "what-if"
                    : plan.execution_ms > 0 ? "analyzed"
                                            : "explained"},
           {"origin", plan.origin},
           {"total_cost", plan.total_cost}};
  if (!plan.statement.empty()) out["query"] = plan.statement;
  if (plan.before) out["before"] = plan_id(plans, *plan.before);
  if (!plan.findings.empty()) out["findings"] = plan.findings;
  if (plan.execution_ms > 0) out["duration_ms"] = plan.execution_ms;
  out["json"] = parsed_json(plan.json, plan::deepest_plan_json);
  if (out["json"].is_discarded()) out.erase("json");
  out["insights"] = array_of(plan.insights, [](const auto& insight) {
    return json{{"kind", kind_name(insight.kind)}, {"text", insight.text}};
  });
  return out;
}

}  // namespace

std::string_view kind_name(Insight::Kind kind) {
  using Kind = Insight::Kind;
  switch (kind) {
    case Kind::inefficient_index: return "inefficient-index";
    case Kind::index_for_order_alone: return "index-for-order-alone";
    case Kind::misestimate: return "misestimate";
    case Kind::disk_sort: return "disk-sort";
    case Kind::hash_batches: return "hash-batches";
    case Kind::aggregate_spill: return "aggregate-spill";
    case Kind::lossy_bitmap: return "lossy-bitmap";
    case Kind::heap_fetches: return "heap-fetches";
    case Kind::nested_loop: return "nested-loop";
    case Kind::large_offset: return "large-offset";
    case Kind::jit: return "jit";
    case Kind::planning: return "planning";
    case Kind::trigger: return "trigger";
    case Kind::slow_scan: break;
  }
  return "slow-scan";
}

json plans_json(const std::vector<ReportPlan>& plans) {
  json out = json::array();
  for (std::size_t at = 0; at < plans.size(); ++at) out.push_back(report_plan_json(plans, at));
  return out;
}

std::string plan_json(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const std::vector<PlanVariant>& variants, bool in_part,
                      const std::vector<Finding>& findings, const std::string& explain,
                      const std::vector<ReportPlan>& what_if) {
  json out;
  if (in_part) out["complete"] = false;
  out["analyzed"] = plan.analyzed;
  out["total_cost"] = plan.root.total_cost;
  if (plan.planning_ms > 0) out["planning_ms"] = plan.planning_ms;
  if (plan.execution_ms > 0) out["execution_ms"] = plan.execution_ms;
  const bool timed = times.all_ms > 0;
  if (timed) out["outside_ms"] = times.outside_ms;
  out["nodes"] = json::array();
  for (const auto& time : times.nodes) {
    json node;
    node["depth"] = time.depth;
    node["node"] = plan::title(*time.node);
    if (!time.node->subplan.empty()) node["subplan"] = time.node->subplan;
    node["cost"] = time.node->total_cost;
    node["plan_rows"] = time.node->plan_rows;
    if (plan.analyzed) node["rows"] = time.rows, node["loops"] = time.node->loops;
    if (timed) node["total_ms"] = time.total_ms, node["self_ms"] = time.self_ms;
    out["nodes"].push_back(std::move(node));
  }
  out["insights"] = json::array();
  for (const auto& insight : insights) {
    json entry;
    entry["kind"] = kind_name(insight.kind);
    for (std::size_t i = 0; i < times.nodes.size(); ++i)
      if (times.nodes[i].node == insight.node) entry["node"] = i;
    entry["text"] = mask_secrets(insight.text);
    out["insights"].push_back(std::move(entry));
  }
  if (!explain.empty()) {
    json whole = parsed_json(explain, plan::deepest_plan_json);
    out["explain"] = whole.is_discarded() ? json(explain) : std::move(whole);
  }
  for (const auto& variant : variants) {
    json entry{{"values", variant.values}, {"cost", variant.cost}, {"plan", variant.summary}};
    if (!variant.shown.empty()) entry["parameters"] = variant.shown;
    out["by_values"].push_back(std::move(entry));
  }
  for (const auto& finding : findings)
    out["findings"].push_back(finding_json(without_secrets(finding), false));
  if (!what_if.empty()) out["plans"] = plans_json(what_if);
  return text_of(out);
}

}  // namespace pgadvise::report
