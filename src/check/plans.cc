#include "check/plans.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "lint/plans.h"

namespace pgadvise::check {

std::vector<const Query*> worth_planning(const Workload& workload) {
  constexpr std::size_t max_by_total = 20, max_by_others = 5;
  std::vector<const Query*> candidates;
  for (const auto& query : workload.queries)
    if (query.facts.kind == StatementKind::select && lint::of_application(query) &&
        !query.facts.relations.empty() && !query.samples.empty())
      candidates.push_back(&query);
  std::vector<const Query*> out;
  std::set<const Query*> known;
  const auto take = [&](std::size_t limit, const auto& measure) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](const Query* a, const Query* b) { return measure(*a) > measure(*b); });
    for (std::size_t i = 0; i < std::min(limit, candidates.size()); ++i)
      if (known.insert(candidates[i]).second) out.push_back(candidates[i]);
  };
  take(max_by_total, [](const Query& query) { return query.total_ms; });
  take(max_by_others, [](const Query& query) { return query.mean_ms(); });
  take(max_by_others, [](const Query& query) { return static_cast<double>(query.calls); });
  return out;
}

void report_bypassed_policies(const plan::PlanSource& source, const pg::Connection& connection,
                              Diagnostics& diagnostics) {
  constexpr std::size_t shown = 3;
  auto tables = source.rls_bypassed();
  if (tables.empty()) return;
  const std::size_t all = tables.size();
  tables.resize(std::min(shown, all));
  diagnostics.push_back(
      {Error::Kind::nonfatal, connection.where(),
       fmt::format("{} bypasses row-level security on {}{}: the plans differ from those of an application "
                   "under these policies",
                   connection.session_settings().role.empty()
                       ? "this user"
                       : "the role " + connection.session_settings().role,
                   join(tables, ", "), all > shown ? fmt::format(" and {} more", all - shown) : ""),
       "use --role with the application's role"});
}

void report_left_out(const plan::Planner& planner, Diagnostics& diagnostics) {
  if (planner.stopped())
    diagnostics.push_back({Error::Kind::nonfatal,
                           "",
                           "interrupted: findings that were not confirmed by then stay suspected",
                           {}});
  if (const auto& lost = planner.lost(); !lost.empty() && lost.size() < planner.sources())
    diagnostics.push_back(
        {Error::Kind::nonfatal,
         lost.front().where,
         fmt::format("{} of {} connections {} lost, pgadvise continued with the other{}: {}", lost.size(),
                     planner.sources(), lost.size() == 1 ? "was" : "were",
                     planner.sources() - lost.size() == 1 ? "" : "s", lost.front().what),
         {}});
  if (planner.left_out() == 0) return;
  diagnostics.push_back(
      {Error::Kind::nonfatal, "",
       fmt::format("{} planned but not run: EXPLAIN ANALYZE used up its {:g} seconds",
                   planner.left_out() == 1 ? "1 statement was"
                                           : fmt::format("{} statements were", planner.left_out()),
                   static_cast<double>(planner.budget().count()) / 1000),
       "increase --max-analyze-time"});
}

}  // namespace pgadvise::check
