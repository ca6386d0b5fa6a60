#include "lint/server/lock_waits.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "lint/server/server_events.h"

namespace pgadvise::lint {

using Kind = ServerEvent::Kind;

std::map<std::string, LockWaits> lock_waits(const Workload& workload) {
  std::map<std::string, LockWaits> out;
  for (const auto& event : workload.server_events) {
    if (event.kind != Kind::lock_wait) continue;
    LockWaits& waits = out[event.fingerprint];
    waits.ended.push_back(&event);
    waits.count += event.count;
    waits.total_us += event.total_us;
    waits.longest_us = std::max(waits.longest_us, event.longest_us);
  }
  for (const auto& event : workload.server_events) {
    if (event.kind != Kind::lock_still_waiting) continue;
    LockWaits& waits = out[event.fingerprint];
    waits.logged.push_back(&event);
    // The server logs this message during a wait. Waits that have ended are counted already.
    std::uint64_t ended = 0;
    for (const auto* other : waits.ended)
      if (other->about == event.about) ended += other->count;
    if (event.count <= ended) continue;
    waits.unfinished.push_back(&event);
    waits.count += event.count - ended;
  }
  return out;
}

std::vector<Evidence> evidence_of(const LockWaits& waits) {
  std::vector<Evidence> out;
  for (const auto* event : waits.ended)
    out.push_back({Evidence::Kind::statement,
                   "acquired " + event->about + " " + times(event->count) + ", after " +
                       duration_text(event->longest_us / 1000) + (event->count > 1 ? " at most" : ""),
                   event->place});
  for (const auto* event : waits.unfinished)
    out.push_back({Evidence::Kind::statement,
                   "waited for " + event->about + " " + times(event->count) +
                       ", and the log does not show the end of the wait",
                   event->place});
  auto holders = holders_of(waits.logged);
  std::move(holders.begin(), holders.end(), std::back_inserter(out));
  return out;
}

}  // namespace pgadvise::lint
