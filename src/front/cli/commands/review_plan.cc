#include "cli/commands/review_plan.h"

#include "base/text/text.h"
#include "plan/insights/analysis.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"
#include "plan/run/planner.h"
#include "report/text/plan_text.h"
#include "sql/parse/redact.h"

namespace pgadvise::cli {
namespace {

const Query* query_of(const Finding& finding, const CheckRun& checked) {
  const std::string& fingerprint = finding.probe && !finding.probe->fingerprint.empty()
                                       ? finding.probe->fingerprint
                                       : finding.subject.fingerprint;
  return checked.inputs.has_workload && !fingerprint.empty() ? checked.inputs.workload.query(fingerprint)
                                                             : nullptr;
}

Result<Plan> from_server(const plan::PlanRequest& request, plan::Planner& planner, bool run,
                         std::string& origin) {
  TRY(const auto decision, planner.decide(request));
  if (decision.allowed == plan::Allowed::nothing)
    return fail(Error::Kind::nonfatal, "", "not sent to the server: " + decision.reason);
  auto planned = planner.explain(request);
  origin = "Planned, not run (" + request.origin + ").";
  if (!planned || !run) return planned;
  TRY(auto analyzed, planner.analyze(request, decision, *planned));
  if (!analyzed.limits.empty())
    return fail(Error::Kind::nonfatal, "", "not run: " + analyzed.limits,
                "p plans the statement without running it");
  origin = "Run now, in a transaction that was rolled back (" + request.origin + ").";
  return std::move(analyzed.plan);
}

// Constants of a log's statement are shown to nobody who did not ask.
void redact(PlanNode& root) {
  visit(root, [](PlanNode& node) {
    for (auto* text : {&node.filter, &node.index_condition}) *text = sql::redact_expression(*text);
    for (auto& [name, text] : node.conditions) text = sql::redact_expression(text);
    for (auto& key : node.sort_key) key = sql::redact_expression(key);
  });
}

}  // namespace

Result<std::string> plan_of(const Finding& finding, const CheckRun& checked, bool run, bool literals,
                            const report::Look& look) {
  const Query* query = query_of(finding, checked);
  const bool key = finding.probe && finding.probe->kind == Probe::Kind::referential_lookup;
  std::string origin;
  Result<Plan> plan = fail(Error::Kind::nonfatal, "", "it concerns no statement that has a plan");
  const auto& server = checked.inputs.database.server;
  if (server && server->plans && checked.inputs.database.live && (key || query)) {
    plan::Planner planner(*server->plans, *checked.inputs.database.live, {.timing = true});
    TRY(const auto request, key ? planner.lookup(*finding.probe) : planner.request(*query));
    plan = from_server(request, planner, run, origin);
  } else if (run && (key || query)) {
    return fail(Error::Kind::nonfatal, "", "there is no database to run the statement in",
                "review --db CONN, or --sandbox");
  } else if (query && query->plan) {
    Diagnostics incomplete;
    plan = plan::read(query->plan->text, incomplete);
    origin = "Plan of the slowest call in the log: " + query->plan->place.str();
    if (!incomplete.empty()) origin += ". Not read completely: " + incomplete.front().what + ".";
  } else if (key || query) {
    return fail(Error::Kind::nonfatal, "", "there is no plan",
                "--db CONN, --sandbox, or a log with auto_explain");
  }
  if (!plan) return tl::unexpected(plan.error());
  if (!literals) redact(plan->root);
  const auto times = plan::self_times(*plan);
  std::string out =
      report::plan_text(*plan, times, plan::insights(*plan, times, checked.inputs.database.live.get()), look);
  if (!origin.empty()) out += "\n" + printable(origin) + "\n";
  return out;
}

}  // namespace pgadvise::cli
