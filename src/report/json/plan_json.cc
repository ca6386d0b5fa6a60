#include "report/json/plan_json.h"

#include <iterator>

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
  const bool ran = plan.execution_ms > 0;
  json server = parsed_json(plan.json, plan::deepest_plan_json);
  const bool read = !server.is_discarded();
  json insights = array_of(plan.insights, [](const auto& insight) {
    return object("kind", kind_name(insight.kind), "text", insight.text);
  });
  return object("id", plan_id(plans, at), "fingerprint", plan.fingerprint, "kind",
                plan.before ? "what-if"
                : ran       ? "analyzed"
                            : "explained",
                "origin", plan.origin, "total_cost", plan.total_cost, "query", given(plan.statement),
                "before", or_missing(plan.before, [&](auto before) { return plan_id(plans, before); }),
                "findings", given(plan.findings), "duration_ms", when(ran, plan.execution_ms), "json",
                when(read, std::move(server)), "insights", std::move(insights));
}

}  // namespace

std::string_view kind_name(Insight::Kind kind) {
  constexpr std::string_view names[] = {"slow-scan",
                                        "inefficient-index",
                                        "index-for-order-alone",
                                        "misestimate",
                                        "disk-sort",
                                        "hash-batches",
                                        "aggregate-spill",
                                        "lossy-bitmap",
                                        "heap-fetches",
                                        "nested-loop",
                                        "large-offset",
                                        "jit",
                                        "planning",
                                        "trigger"};
  static_assert(std::size(names) == static_cast<std::size_t>(Insight::Kind::trigger) + 1);
  return names[static_cast<std::size_t>(kind)];
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
  const bool timed = times.all_ms > 0;
  json out =
      object("complete", when(in_part, false), "analyzed", plan.analyzed, "total_cost", plan.root.total_cost,
             "planning_ms", when(plan.planning_ms > 0, plan.planning_ms), "execution_ms",
             when(plan.execution_ms > 0, plan.execution_ms), "outside_ms", when(timed, times.outside_ms));
  out["nodes"] = array_of(times.nodes, [&](const auto& time) {
    const PlanNode& node = *time.node;
    return object("depth", time.depth, "node", plan::title(node), "subplan", given(node.subplan), "cost",
                  node.total_cost, "plan_rows", node.plan_rows, "rows", when(plan.analyzed, time.rows),
                  "loops", when(plan.analyzed, node.loops), "total_ms", when(timed, time.total_ms), "self_ms",
                  when(timed, time.self_ms));
  });
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
  for (const auto& variant : variants)
    out["by_values"].push_back(object("values", variant.values, "cost", variant.cost, "plan", variant.summary,
                                      "parameters", given(variant.shown)));
  for (const auto& finding : findings)
    out["findings"].push_back(finding_json(without_secrets(finding), false));
  if (!what_if.empty()) out["plans"] = plans_json(what_if);
  return text_of(out);
}

}  // namespace pgadvise::report
