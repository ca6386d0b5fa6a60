#include "plan/run/plan_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "plan/insights/analysis.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"

namespace pgadvise::plan {

KnownPlan known_plan(Plan plan, std::string origin, const Catalog* catalog) {
  KnownPlan out{std::make_shared<const Plan>(std::move(plan)), {}, std::move(origin), std::nullopt};
  out.insights = insights(*out.plan, self_times(*out.plan), catalog);
  return out;
}

void add_logged(PlanSet& set, const Workload& workload, const Catalog* catalog, Diagnostics& diagnostics) {
  for (const auto& query : workload.queries) {
    if (!query.plan) continue;
    Diagnostics incomplete;
    auto plan = read(query.plan->text, incomplete);
    for (auto& warning : incomplete) {
      warning.where = query.plan->place.str();
      diagnostics.push_back(std::move(warning));
    }
    if (!plan) {
      diagnostics.push_back(
          {Error::Kind::nonfatal, query.plan->place.str(), "auto_explain's plan could not be read", {}});
      continue;
    }
    KnownPlan known = known_plan(std::move(*plan),
                                 fmt::format("auto_explain, {:.1f} ms", query.plan->duration_ms), catalog);
    known.place = query.plan->place;
    set.plans[query.fingerprint].push_back(std::move(known));
  }
}

namespace {

struct Planned {
  std::vector<KnownPlan> plans;
  std::optional<Error> lost;  // the server is gone
};

void add_one(Planned& out, const PlanRequest& request, bool analyze, const Catalog& catalog,
             Planner& planner) {
  const auto failed = [&](const Error& error) {
    if (error.kind == Error::Kind::database) out.lost = error;
  };
  const auto decision = planner.decide(request);
  if (!decision) return failed(decision.error());
  if (decision->allowed == Allowed::nothing) return;
  auto plan = planner.explain(request);
  if (!plan) return failed(plan.error());
  if (analyze) {
    auto analyzed = planner.analyze(request, *decision, *plan);
    if (!analyzed) return failed(analyzed.error());
    plan = std::move(analyzed->plan);
  }
  const std::string shape = shape_of(*plan);
  if (!analyze &&
      std::ranges::any_of(out.plans, [&](const KnownPlan& known) { return shape_of(*known.plan) == shape; }))
    return;
  std::string origin = fmt::format("{}, {}", plan->analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN", request.origin);
  out.plans.push_back(known_plan(std::move(*plan), std::move(origin), &catalog));
}

Planned plans_of(const Query& query, const Catalog& catalog, Planner& planner) {
  Planned out;
  const auto request = planner.request(query);
  if (!request) return out;
  add_one(out, *request, true, catalog, planner);
  for (const auto& sample : query.samples) {
    if (out.lost || out.plans.empty()) break;
    const bool other = sample.parameters && request->parameters_known &&
                       *sample.parameters != request->parameters &&
                       sample.parameters->size() == request->parameters.size();
    if (other && sample.statement == request->sql)
      add_one(out,
              {sample.statement, *sample.parameters, true, "other parameters from the log", Names::session},
              false, catalog, planner);
  }
  return out;
}

}  // namespace

void add_planned(PlanSet& set, const std::vector<const Query*>& statements, const Catalog& catalog,
                 Planner& planner, Diagnostics& diagnostics) {
  set.server = true;
  std::vector<Planned> planned(statements.size());
  planner.for_each(statements.size(),
                   [&](std::size_t at) { planned[at] = plans_of(*statements[at], catalog, planner); });
  for (std::size_t at = 0; at < statements.size(); ++at) {
    auto& plans = planned[at].plans;
    if (plans.empty()) continue;
    auto& known = set.plans[statements[at]->fingerprint];
    std::move(plans.begin(), plans.end(), std::back_inserter(known));
  }
  const auto lost = std::ranges::find_if(planned, [](const Planned& one) { return one.lost.has_value(); });
  if (lost != planned.end()) diagnostics.push_back(*lost->lost);
}

}  // namespace pgadvise::plan
