#include "cli/plans.h"

#include <algorithm>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/text.h"
#include "lint/plans.h"

namespace pgadvise::cli {

std::size_t connections_to_our_own() {
  constexpr std::size_t most = 4;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most);
}

void add_acting_options(CLI::App& command, pg::Acting& acting) {
  command.add_option("--role", acting.role, "Plan as this role, for row-level security and search_path to be the application's; the connection's user must be a member of it")
      ->check([](const std::string& name) { return name.empty() || name == "none" ? std::string("names no role") : std::string(); });
  command.add_option("--search-path", acting.search_path, "search_path to plan statements with, as SET takes it; default: the role's setting, else the session's");
}

CLI::Validator seconds_between(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double number = 0;
        const bool read = CLI::detail::lexical_cast(text, number);
        return read && number >= least && number <= most ? std::string() : fmt::format("Value {} not in range {} to {}", text, least, most);
      },
      fmt::format("{} to {}", least, most));
}

void add_analyze_time(CLI::App& command, double& seconds) {
  command.add_option("--max-analyze-time", seconds, "Seconds that all EXPLAIN ANALYZE together may take; statements after that are planned only; 0: none is analyzed")
      ->check(seconds_between(0, 86400))
      ->capture_default_str();
}

std::vector<const Query*> worth_planning(const Workload& workload) {
  constexpr std::size_t most_by_total = 20, most_by_others = 5;
  std::vector<const Query*> candidates;
  for (const auto& query : workload.queries)
    if (query.facts.kind == StatementKind::select && lint::of_application(query) && !query.facts.relations.empty() && !query.samples.empty()) candidates.push_back(&query);
  std::vector<const Query*> out;
  std::set<const Query*> known;
  const auto take = [&](std::size_t most, const auto& measure) {
    std::stable_sort(candidates.begin(), candidates.end(), [&](const Query* a, const Query* b) { return measure(*a) > measure(*b); });
    for (std::size_t i = 0; i < std::min(most, candidates.size()); ++i)
      if (known.insert(candidates[i]).second) out.push_back(candidates[i]);
  };
  take(most_by_total, [](const Query& query) { return query.total_ms; });
  take(most_by_others, [](const Query& query) { return query.mean_ms(); });
  take(most_by_others, [](const Query& query) { return static_cast<double>(query.calls); });
  return out;
}

void tell_unguarded(const plan::PlanSource& source, const pg::Connection& connection, Diagnostics& diagnostics) {
  constexpr std::size_t shown = 3;
  auto tables = source.unguarded();
  if (tables.empty()) return;
  const std::size_t all = tables.size();
  tables.resize(std::min(shown, all));
  diagnostics.push_back({Error::Kind::passing, connection.where(),
                         fmt::format("row-level security does not hold for {} on {}{}: an application that it holds for has other plans",
                                     connection.acting().role.empty() ? "this user" : "the role " + connection.acting().role, join(tables, ", "), all > shown ? fmt::format(" and {} more", all - shown) : ""),
                         "--role with the application's role"});
}

void tell_left_out(const plan::Planner& planner, Diagnostics& diagnostics) {
  if (planner.stopped()) diagnostics.push_back({Error::Kind::passing, "", "interrupted: what was not asked of the database by then stays suspected", {}});
  if (const auto& lost = planner.lost(); !lost.empty() && lost.size() < planner.sources())
    diagnostics.push_back({Error::Kind::passing, lost.front().where, fmt::format("{} of {} connections {} lost, the rest was asked on the other{}: {}", lost.size(), planner.sources(),
                                                                                 lost.size() == 1 ? "was" : "were", planner.sources() - lost.size() == 1 ? "" : "s", lost.front().what), {}});
  if (planner.left_out() == 0) return;
  diagnostics.push_back({Error::Kind::passing, "",
                         fmt::format("{} planned and not run: EXPLAIN ANALYZE has taken its {:g} seconds", planner.left_out() == 1 ? "1 statement was" : fmt::format("{} statements were", planner.left_out()),
                                     static_cast<double>(planner.budget().count()) / 1000),
                         "--max-analyze-time allows more"});
}

}  // namespace pgadvise::cli
