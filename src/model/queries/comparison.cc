#include "model/queries/comparison.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace pgadvise {
namespace {

// Less is noise: of the machine, of the cache, of the hour.
constexpr double slower_by = 1.25;
constexpr double shifted_by = 1.1;  // the median, too: one outlier is no change
constexpr double more_by = 1.5;
constexpr double least_shift_ms = 0.02;
constexpr std::uint64_t fewest_calls = 5;
constexpr double fewest_more = 10;

double hours(const Workload& workload) {
  const auto span = span_of(workload);
  return span ? static_cast<double>(span->last - span->first) / 3.6e9 : 0;
}

double ratio(std::optional<double> after, std::optional<double> before) {
  return after && before && *before > 0 ? *after / *before : 0;
}

// Did the whole distribution move up by what counts, in the mean and in the median or, for slow tails, in
// p95?
bool moved_up(const Query& low, const Query& high) {
  if (low.timed_calls < fewest_calls || high.timed_calls < fewest_calls) return false;
  if (high.mean_ms() < slower_by * low.mean_ms() || high.mean_ms() - low.mean_ms() < least_shift_ms)
    return false;
  if (!low.times.count() || !high.times.count()) return true;
  return ratio(high.times.percentile_ms(0.5), low.times.percentile_ms(0.5)) >= shifted_by ||
         ratio(high.times.percentile_ms(0.95), low.times.percentile_ms(0.95)) >= slower_by;
}

template <class Weight>
void sort_by(std::vector<QueryChange>& changes, Weight weight) {
  std::ranges::stable_sort(changes,
                           [&](const QueryChange& a, const QueryChange& b) { return weight(a) > weight(b); });
}

}  // namespace

std::optional<Span> span_of(const Workload& workload) {
  std::optional<Span> out;
  for (const auto& query : workload.queries) {
    if (!query.first || !query.last) continue;
    if (!out) out = Span{*query.first, *query.last};
    out->first = std::min(out->first, *query.first);
    out->last = std::max(out->last, *query.last);
  }
  return out;
}

Comparison compare(const Workload& before, const Workload& after) {
  Comparison out{
      .before = &before, .after = &after, .hours_before = hours(before), .hours_after = hours(after)};
  constexpr double minute = 1.0 / 60;
  out.per_hour = out.hours_before >= minute && out.hours_after >= minute;
  const double scale = out.per_hour ? out.hours_before / out.hours_after : 1;
  std::unordered_map<std::string_view, const Query*> known;
  for (const auto& query : before.queries) known.emplace(query.fingerprint, &query);
  for (const auto& query : after.queries) {
    const auto at = known.find(query.fingerprint);
    if (at == known.end()) {
      out.added.push_back({nullptr, &query});
      continue;
    }
    const Query& old = *at->second;
    known.erase(at);
    QueryChange change{&old, &query};
    if (old.timed_calls && query.timed_calls) change.time_ratio = ratio(query.mean_ms(), old.mean_ms());
    if (old.calls)
      change.calls_ratio = scale * static_cast<double>(query.calls) / static_cast<double>(old.calls);
    if (moved_up(old, query)) out.slower.push_back(change);
    if (moved_up(query, old)) out.faster.push_back(change);
    if (change.calls_ratio >= more_by &&
        scale * static_cast<double>(query.calls) - static_cast<double>(old.calls) >= fewest_more)
      out.more_frequent.push_back(change);
  }
  for (const auto& query : before.queries)
    if (known.count(query.fingerprint)) out.gone.push_back({&query, nullptr});
  const auto cost = [](const QueryChange& change) {
    return std::abs(change.after->mean_ms() - change.before->mean_ms()) *
           static_cast<double>(change.after->calls);
  };
  sort_by(out.slower, cost);
  sort_by(out.faster, cost);
  sort_by(out.more_frequent, [&](const QueryChange& change) {
    return scale * static_cast<double>(change.after->calls) - static_cast<double>(change.before->calls);
  });
  return out;
}

}  // namespace pgadvise
