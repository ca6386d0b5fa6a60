#include "log/collect/repeat_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace pgadvise::log {

static constexpr std::size_t max_traces = 1024;

void RepeatFeed::enter_transaction(Session& session) {
  leave_transaction(session);
  session.in_transaction = session.holding = true;
}

void RepeatFeed::leave_transaction(Session& session) {
  if (!session.in_transaction) return;
  if (session.holding) release(session, true);
  else session.detector.enter(RepeatedQuery::Scope::session_burst, repeats_);
  session.in_transaction = false;
}

void RepeatFeed::feed(Session& scope, const Call& call, std::int64_t gap) {
  if (call.start != no_time && scope.last_end != no_time) {
    if (call.whole_seconds) gap = std::max<std::int64_t>(gap, 1'000'000);
    if (call.start - scope.last_end > gap || scope.last_end - call.start > polling_gap_us)
      scope.detector.pause(repeats_);
  }
  scope.detector.add(call, repeats_);
  scope.last_end = call.end;
}

// What was held is of a transaction that goes on, or the whole of one.
void RepeatFeed::release(Session& session, bool whole) {
  if (!session.holding) return;
  session.holding = false;
  if (!whole) session.detector.enter(RepeatedQuery::Scope::transaction, repeats_);
  session.first.call.own_transaction = whole;
  if (session.held) feed(session, session.first.call, whole ? burst_gap_us : polling_gap_us);
  session.held = false;
}

void RepeatFeed::feed_trace(const LoggedCall& call) {
  auto& trace = traces_[call.trace];
  if (!trace) {
    trace = std::make_unique<Session>(RepeatedQuery::Scope::trace);
    trace_order_.push_back(call.trace);
  }
  feed(*trace, call, polling_gap_us);
  if (trace_order_.size() > max_traces) {
    const auto oldest = traces_.find(trace_order_.front());
    oldest->second->detector.finish(repeats_);
    traces_.erase(oldest);
    trace_order_.pop_front();
  }
}

void RepeatFeed::add(Session& session, const LoggedCall& call) {
  // A log of Drizzle's logger, or a log_line_prefix without a time.
  const bool in_order_alone = call.start == no_time;
  if (call.trace) {
    feed_trace(call);
  } else if (session.in_transaction) {
    if (session.held) release(session, false);
    if (!session.holding) return feed(session, call, polling_gap_us);
    session.held = true;
    session.first.hold(call, longest_kept);
  } else {
    if (session.named || in_order_alone) feed(session, call, burst_gap_us);
    if (in_order_alone) return;
    auto& pool = pools_[call.identity];
    if (!pool) pool = std::make_unique<Session>(RepeatedQuery::Scope::pool_burst);
    feed(*pool, call, burst_gap_us);
  }
}

void RepeatFeed::end(Session& session) {
  release(session, false);
  session.detector.finish(repeats_);
}

void RepeatFeed::finish() {
  std::vector<std::pair<std::uint32_t, Session*>> pools;
  for (const auto& [identity, pool] : pools_) pools.emplace_back(identity, pool.get());
  std::sort(pools.begin(), pools.end());
  for (const auto& [identity, pool] : pools) pool->detector.finish(repeats_);
  for (const auto trace : trace_order_) traces_[trace]->detector.finish(repeats_);
}

const Repeats* RepeatFeed::of(const std::string* log) const {
  const auto found = repeats_.logs.find(log);
  return found == repeats_.logs.end() ? nullptr : &found->second;
}

}  // namespace pgadvise::log
