#include "store/facts/activity_buckets.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pgadvise::store {
namespace {

constexpr const char* other = "other";

// The key under which something counts: one beyond the limit is part of `rest`.
template <class Counts, class Key>
const Key& counted_as(Counts& counts, const Key& key, const Key& rest, std::size_t limit) {
  return counts.size() < limit || counts.contains(key) ? counts.try_emplace(key).first->first
                                                       : counts.try_emplace(rest).first->first;
}

}  // namespace

void ActivityBuckets::add(const ActivitySample& sample, std::int64_t now) {
  if (samples_ > 0 && now / seconds_per_hour != start_ / seconds_per_hour) end_bucket(now);
  if (samples_++ == 0) {
    // Its key is that of no other one in the same facts, whatever the clock does.
    start_ = now == last_start_ ? now + 1 : now;
    while (ended_.contains(start_)) ++start_;
    last_start_ = start_;
    sessions_[{"active", "none", "none"}] = {};
  }
  std::map<Words, std::uint64_t> sums;
  for (const auto& one : sample.sessions) {
    const Words words(one.state, one.wait_event_type, one.wait_event);
    const Words rest(one.state, other, other);
    sums[counted_as(sessions_, words, rest, max_session_combinations)] += one.number;
  }
  for (const auto& [words, number] : sums) {
    SessionSample& sum = sessions_[words];
    sum.sessions += number;
    sum.max_sessions = std::max(sum.max_sessions, number);
  }
  std::map<Queue, std::pair<double, double>> longest;
  for (const auto& one : sample.lock_waits) {
    const Queue queue(one.relation.schema, one.relation.name, one.mode, one.holder);
    const Queue rest("", "", other, "");
    auto& [seconds, holder] = longest[counted_as(waits_, queue, rest, max_lock_wait_combinations)];
    seconds = std::max(seconds, one.seconds);
    holder = std::max(holder, one.holder_seconds);
  }
  for (const auto& [queue, times] : longest) {
    LockWaitSample& sum = waits_[queue];
    ++sum.samples;
    sum.max_wait_seconds = std::max(sum.max_wait_seconds, times.first);
    sum.max_holder_seconds = std::max(sum.max_holder_seconds, times.second);
  }
}

void ActivityBuckets::end_bucket(std::int64_t now) {
  const std::int64_t end = std::min(now, start_ - start_ % seconds_per_hour + seconds_per_hour);
  Facts& out = ended_[start_];
  for (auto& [words, sum] : sessions_) {
    sum.bucket_start = start_;
    sum.bucket_seconds = std::max<std::int64_t>(1, end - start_);
    std::tie(sum.state, sum.wait_event_type, sum.wait_event) = words;
    sum.samples = samples_;
    out.session_samples.push_back(std::move(sum));
  }
  for (auto& [queue, sum] : waits_) {
    sum.bucket_start = start_;
    std::tie(sum.relation.schema, sum.relation.name, sum.mode, sum.holder) = queue;
    out.lock_wait_samples.push_back(std::move(sum));
  }
  sessions_.clear();
  waits_.clear();
  samples_ = 0;
  if (ended_.size() > max_buckets) ended_.erase(ended_.begin());
}

Facts ActivityBuckets::take(const std::string& target, std::int64_t now) {
  if (samples_ > 0) end_bucket(now);
  Facts out;
  out.target = target;
  for (auto& [start, facts] : ended_) {
    std::move(facts.session_samples.begin(), facts.session_samples.end(),
              std::back_inserter(out.session_samples));
    std::move(facts.lock_wait_samples.begin(), facts.lock_wait_samples.end(),
              std::back_inserter(out.lock_wait_samples));
  }
  ended_.clear();
  return out;
}

}  // namespace pgadvise::store
