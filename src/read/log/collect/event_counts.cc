#include "log/collect/event_counts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "log/collect/merge.h"
#include "log/collect/query_state.h"

namespace pgadvise::log {

static constexpr std::size_t max_events = 1000;  // kinds of them

ServerEvent& EventCounts::count(Happening happening, const std::string& application) {
  Key key{happening.kind, std::move(happening.about), std::move(happening.fingerprint)};
  auto& events = events_[by_log_ ? happening.log : nullptr];
  if (events.size() >= max_events && !events.contains(key))
    key.about.clear(), key.fingerprint.clear(), happening.statement.clear();
  ServerEvent& event = events[key];
  const bool earlier = happening.time != no_time && event.first && happening.time < *event.first;
  if (event.count++ == 0 || earlier) event.place = std::move(happening.place);
  if (event.count == 1) {
    event.kind = key.kind;
    event.about = key.about;
    event.fingerprint = key.fingerprint;
    event.statement = std::move(happening.statement);
  }
  const auto whole = [](double value) {
    return std::min(std::round(value), 1e15);
  };  // no order of adding shows
  const double duration_us = whole(happening.duration_us);
  event.total_us += duration_us;
  event.longest_us = std::max(event.longest_us, duration_us);
  if (duration_us > 0) event.times.add(static_cast<std::int64_t>(duration_us) * 1000);  // nanoseconds
  event.total_bytes += whole(happening.bytes);
  event.largest_bytes = std::max(event.largest_bytes, whole(happening.bytes));
  if (happening.time != no_time) {
    event.first = std::min(event.first.value_or(happening.time), happening.time);
    event.last = std::max(event.last.value_or(happening.time), happening.time);
  }
  if (!application.empty() &&
      (event.applications.size() < max_names || event.applications.contains(application)))
    ++event.applications[application];
  return event;
}

std::vector<ServerEvent> EventCounts::of(const std::string* log) const {
  std::vector<ServerEvent> out;
  const auto found = events_.find(log);
  if (found == events_.end()) return out;
  for (const auto& [key, event] : found->second) cut_holders(out.emplace_back(event));
  sort_server_events(out);
  return out;
}

}  // namespace pgadvise::log
