#include "lint/server/lock_waits.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "model/queries/activity.h"

namespace pgadvise::lint {
namespace {

std::string application_of(const Session* session) {
  if (!session) return "a background process, a prepared transaction or a hidden session";
  return session->application.empty() ? "a session without application_name"
                                      : ellipsis(session->application, 60);
}

using Sessions = std::vector<const Session*>;

void report_queue(const Context& context, Reporter& reporter, const std::string& application,
                  Sessions waiting) {
  std::ranges::stable_sort(waiting, [](const Session* a, const Session* b) {
    return *a->lock_wait_seconds > *b->lock_wait_seconds;
  });
  const Session* holder = lock_holder(context.catalog().sessions, *waiting.front());
  const bool idle = holder && holder->state.starts_with("idle in transaction");
  const std::size_t count = waiting.size();
  Finding& finding = reporter.add({.kind = "server", .entry = "waiting for " + application},
                                  (count == 1 ? "A session" : grouped(count) + " sessions") +
                                      " waited for a lock of " + application_of(holder) + ", for " +
                                      duration_text(*waiting.front()->lock_wait_seconds * 1000) +
                                      (count == 1 ? "" : " at most") +
                                      (idle ? ": the holder of the lock is idle in its transaction." : "."),
                                  idle ? std::optional(Severity::warning) : std::nullopt);
  if (holder) {
    std::string text = "the lock's holder: pid " + std::to_string(holder->pid);
    if (holder->transaction_seconds)
      text += ", transaction open for " + duration_text(*holder->transaction_seconds * 1000);
    if (!holder->state.empty()) text += ", " + holder->state;
    finding.evidence.push_back(catalog_fact(std::move(text)));
  }
  for (std::size_t i = 0; i < count && i < 5; ++i) {
    const Session& session = *waiting[i];
    finding.evidence.push_back(catalog_fact("pid " + std::to_string(session.pid) + " of " +
                                            application_of(&session) + " waited for " +
                                            duration_text(*session.lock_wait_seconds * 1000)));
  }
  finding.fix = manual_fix(idle ? "Find the code that waits inside a transaction, and end the transaction "
                                  "before the wait; idle_in_transaction_session_timeout limits the damage"
                                : "Shorten the transaction that holds the lock: move slow work and waits out "
                                  "of the transaction, and change the contended row last");
}

}  // namespace

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
    out.push_back(log_fact("acquired " + event->about + " " + times(event->count) + ", after " +
                               duration_text(event->longest_us / 1000) + (event->count > 1 ? " at most" : ""),
                           event->place));
  for (const auto* event : waits.unfinished)
    out.push_back(log_fact("waited for " + event->about + " " + times(event->count) +
                               ", and the log does not show the end of the wait",
                           event->place));
  auto holders = holders_of(waits.logged);
  std::move(holders.begin(), holders.end(), std::back_inserter(out));
  return out;
}

void report_lock_queues(const Context& context, Reporter& reporter, double least_seconds) {
  const Catalog& catalog = context.catalog();
  std::map<std::string, Sessions> queues;  // by the application that holds the lock
  for (const Session& session : catalog.sessions) {
    if (session.database != catalog.database || !session.blocked_by || !session.lock_wait_seconds ||
        *session.lock_wait_seconds < least_seconds)
      continue;
    const Session* holder = lock_holder(catalog.sessions, session);
    queues[holder ? holder->application : "another process"].push_back(&session);
  }
  for (auto& [application, waiting] : queues)
    report_queue(context, reporter, application, std::move(waiting));
}

}  // namespace pgadvise::lint
