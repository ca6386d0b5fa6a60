#include "lint/server/lock_queues.h"

#include <algorithm>
#include <cstddef>
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
  Finding& finding = reporter.add(
      {.kind = "server", .entry = "waiting for " + application},
      (count == 1 ? "A session" : grouped(static_cast<double>(count)) + " sessions") +
          " waited for a lock of " + application_of(holder) + ", for " +
          duration_text(*waiting.front()->lock_wait_seconds * 1000) + (count == 1 ? "" : " at most") +
          (idle ? ": the holder of the lock is idle in its transaction." : "."),
      idle ? std::optional(Severity::warning) : std::nullopt);
  if (holder) {
    std::string text = "the lock's holder: pid " + std::to_string(holder->pid);
    if (holder->transaction_seconds)
      text += ", transaction open for " + duration_text(*holder->transaction_seconds * 1000);
    if (!holder->state.empty()) text += ", " + holder->state;
    finding.evidence.push_back({Evidence::Kind::catalog, std::move(text)});
  }
  for (std::size_t i = 0; i < count && i < 5; ++i) {
    const Session& session = *waiting[i];
    finding.evidence.push_back(
        {Evidence::Kind::catalog, "pid " + std::to_string(session.pid) + " of " + application_of(&session) +
                                      " waited for " + duration_text(*session.lock_wait_seconds * 1000)});
  }
  Fix& fix = finding.fix.emplace();
  fix.title = idle
                  ? "Find the code that waits inside a transaction, and end the transaction before the wait; "
                    "idle_in_transaction_session_timeout limits the damage"
                  : "Shorten the transaction that holds the lock: move slow work and waits out of the "
                    "transaction, and change the contended row last";
  fix.safety = Fix::Safety::manual;
}

}  // namespace

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
