#include "lint/queries/plans.h"

#include <algorithm>

#include "lint/queries/queries.h"

namespace pgadvise::lint {

QualifiedName table_of(const Query& query, const PlanNode& scan) {
  if (!scan.schema.empty()) return {scan.schema, scan.relation};
  const auto& relations = query.facts.relations;
  const auto named = std::ranges::find_if(
      relations, [&](const RelationUse& use) { return use.table.name == scan.relation; });
  return named == relations.end() ? QualifiedName{"public", scan.relation} : named->table;
}

Evidence plan_fact(const KnownPlan& plan, std::string text) {
  return {Evidence::Kind::plan, plan.origin + ": " + text, plan.place, {}};
}

void apply_plan(Finding& finding, const KnownPlan& plan) {
  finding.verdict = plan.plan->analyzed ? Verdict::confirmed : Verdict::suspected;
  if (!plan.plan->analyzed) finding.verdict_reason = "the plan has only the planner's estimates";
}

void apply_comparison(Finding& finding, const PlanComparison& comparison) {
  finding.verdict = comparison.incomplete.empty() ? Verdict::confirmed : Verdict::suspected;
  finding.verdict_reason = comparison.incomplete;
}

bool of_application(const Query& query) {
  return query.facts.parsed && !query.facts.catalog_query && !by_tool_alone(query);
}

}  // namespace pgadvise::lint
