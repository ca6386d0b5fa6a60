#include "log/collect/other_format.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "model/queries/comparison.h"

namespace pgadvise::log {
namespace {

constexpr std::int64_t second = 1'000'000;  // as coarse as a prefix may be

// How much of a record the format has: jsonlog most. 0: none of the server's own formats. What others carry
// (syslog) has less than the file itself.
int completeness(const LogSource& source) {
  constexpr std::array<std::string_view, 3> forms = {"stderr", "csvlog", "jsonlog"};
  for (std::size_t i = 0; i < forms.size(); ++i)
    if (source.format.starts_with(forms[i]))
      return static_cast<int>(2 * i) + (source.format == forms[i] ? 2 : 1);
  return 0;
}

bool formats_differ(const LogSource& one, const LogSource& other) {
  return one.format != other.format && completeness(one) > 0 && completeness(other) > 0;
}

bool within(const std::optional<Span>& one, const std::optional<Span>& other) {
  return one && other && one->first + second >= other->first && one->last <= other->last + second;
}

bool overlap(const std::optional<Span>& one, const std::optional<Span>& other) {
  return one && other && one->first <= other->last + second && other->first <= one->last + second;
}

bool nested(const Histogram& one, const Histogram& other) {
  const auto mine = one.buckets(), others = other.buckets();
  auto at = others.begin();
  for (const auto& bucket : mine) {
    while (at != others.end() && at->index < bucket.index) ++at;
    if (at == others.end() || at->index != bucket.index || at->count < bucket.count) return false;
  }
  return true;
}

bool part_of(const Query& one, const Query& other) {
  return one.calls <= other.calls && one.timed_calls <= other.timed_calls &&
         nanoseconds(one.total_ms) <= nanoseconds(other.total_ms) && nested(one.times, other.times);
}

using ByFingerprint = std::unordered_map<std::string_view, const Query*>;

ByFingerprint by_fingerprint(const Workload& workload) {
  ByFingerprint out;
  for (const auto& query : workload.queries) out.emplace(query.fingerprint, &query);
  return out;
}

bool contains_all(const Workload& one, const Workload& other) {
  if (one.queries.empty() || one.queries.size() > other.queries.size() ||
      !within(span_of(one), span_of(other)))
    return false;
  const auto others = by_fingerprint(other);
  bool timed = false, equal = false, same_calls = one.queries.size() == other.queries.size();
  for (const auto& query : one.queries) {
    const auto found = others.find(query.fingerprint);
    if (found == others.end() || !part_of(query, *found->second)) return false;
    timed = timed || query.timed_calls > 0;
    same_calls = same_calls && query.calls == found->second->calls;
    equal = equal || (query.timed_calls > 0 && query.timed_calls == found->second->timed_calls &&
                      nanoseconds(query.total_ms) == nanoseconds(found->second->total_ms));
  }
  return timed ? equal : same_calls;
}

}  // namespace

bool is_copy_in_another_format(const Workload& one, const Workload& other) {
  const LogSource &mine = one.sources.front(), &others = other.sources.front();
  if (!formats_differ(mine, others) || !contains_all(one, other)) return false;
  return completeness(mine) < completeness(others) || !contains_all(other, one);
}

bool shares_calls_in_another_format(const Workload& one, const Workload& other) {
  if (!formats_differ(one.sources.front(), other.sources.front()) || !overlap(span_of(one), span_of(other)))
    return false;
  const auto others = by_fingerprint(other);
  // One short duration may well come twice.
  constexpr std::size_t least = 3;
  std::size_t compared = 0, equal = 0;
  for (const auto& query : one.queries) {
    const auto found = others.find(query.fingerprint);
    if (found == others.end()) continue;
    const auto& samples = found->second->samples;
    for (const auto& mine : query.samples) {
      if (!mine.duration_ms || *mine.duration_ms <= 0) continue;
      ++compared;
      equal += std::ranges::find(samples, mine.duration_ms, &Sample::duration_ms) != samples.end();
    }
  }
  return equal >= least && equal * 4 >= compared;
}

}  // namespace pgadvise::log
