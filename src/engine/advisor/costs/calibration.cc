#include "advisor/costs/calibration.h"

#include <algorithm>
#include <utility>

namespace pgadvise::advisor {
namespace {

constexpr double max_calibration = 100;

// How many milliseconds a unit of the planner's cost takes in this workload: the median, each query
// counting by its logged time.
double time_of_cost(std::vector<std::pair<double, double>> times) {
  std::ranges::sort(times);
  double half = 0;
  for (const auto& [rate, time] : times) half += time / 2;
  for (const auto& [rate, time] : times)
    if ((half -= time) <= 0) return rate;
  return 0;
}

}  // namespace

std::vector<double> calibrations(const std::vector<PlannedQuery>& queries, const std::vector<double>& costs) {
  std::vector<std::pair<double, double>> times;
  for (std::size_t at = 0; at < queries.size(); ++at) {
    const Query& query = *queries[at].query;
    if (query.timed_calls && query.total_ms > 0 && costs[at] > 0)
      times.emplace_back(query.mean_ms() / costs[at], query.total_ms);
  }
  std::vector<double> out(queries.size(), 1);
  const double rate = time_of_cost(std::move(times));
  for (std::size_t at = 0; at < queries.size(); ++at) {
    const Query& query = *queries[at].query;
    if (rate > 0 && query.timed_calls && costs[at] > 0)
      out[at] = std::clamp(query.mean_ms() / costs[at] / rate, 1 / max_calibration, max_calibration);
  }
  return out;
}

}  // namespace pgadvise::advisor
