#include "plan/plan_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "plan/analysis.h"
#include "plan/reader.h"

namespace pgadvise::plan {

KnownPlan known_plan(Plan plan, std::string origin, const Catalog* catalog) {
  KnownPlan out{std::make_shared<const Plan>(std::move(plan)), {}, std::move(origin), std::nullopt};
  out.insights = insights(*out.plan, self_times(*out.plan), catalog);
  return out;
}

void add_logged(PlanSet& set, const Workload& workload, const Catalog* catalog, Diagnostics& diagnostics) {
  for (const auto& query : workload.queries) {
    if (!query.plan) continue;
    auto plan = read(query.plan->text);
    if (!plan) {
      diagnostics.push_back({Error::Kind::passing, query.plan->place.str(), "auto_explain's plan is not understood", {}});
      continue;
    }
    KnownPlan known = known_plan(std::move(*plan), fmt::format("auto_explain, {:.1f} ms", query.plan->duration_ms), catalog);
    known.place = query.plan->place;
    set.plans[query.fingerprint].push_back(std::move(known));
  }
}

namespace {

// false: the server is gone.
bool add_one(std::vector<KnownPlan>& plans, const Question& question, bool analyze, const Catalog& catalog, Planner& planner, Diagnostics& diagnostics) {
  const auto lost = [&](const Error& error) {
    if (error.kind != Error::Kind::database) return true;
    diagnostics.push_back(error);
    return false;
  };
  const auto decision = planner.decide(question);
  if (!decision) return lost(decision.error());
  if (decision->allowed == Allowed::nothing) return true;
  auto plan = planner.explain(question);
  if (!plan) return lost(plan.error());
  if (analyze) {
    auto analyzed = planner.analyze(question, *decision, *plan);
    if (!analyzed) return lost(analyzed.error());
    plan = std::move(analyzed->plan);
  }
  const std::string shape = shape_of(*plan);
  if (!analyze && std::any_of(plans.begin(), plans.end(), [&](const KnownPlan& known) { return shape_of(*known.plan) == shape; })) return true;
  std::string origin = fmt::format("{}, {}", plan->analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN", question.origin);
  plans.push_back(known_plan(std::move(*plan), std::move(origin), &catalog));
  return true;
}

}  // namespace

void add_planned(PlanSet& set, const std::vector<const Query*>& statements, const Catalog& catalog, Planner& planner, Diagnostics& diagnostics) {
  set.server = true;
  for (const Query* query : statements) {
    if (planner.stopped()) return;
    const auto question = planner.question(*query);
    if (!question) continue;
    std::vector<KnownPlan> plans;
    bool there = add_one(plans, *question, true, catalog, planner, diagnostics);
    for (const auto& sample : query->samples) {
      if (!there || plans.empty()) break;
      const bool other = sample.parameters && question->parameters_known && *sample.parameters != question->parameters && sample.parameters->size() == question->parameters.size();
      if (other && sample.statement == question->sql) there = add_one(plans, {sample.statement, *sample.parameters, true, "other parameters from the log", Names::session}, false, catalog, planner, diagnostics);
    }
    auto& known = set.plans[query->fingerprint];
    std::move(plans.begin(), plans.end(), std::back_inserter(known));
    if (known.empty()) set.plans.erase(query->fingerprint);
    if (!there) return;
  }
}

}  // namespace pgadvise::plan
