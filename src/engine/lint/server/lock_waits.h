// Waits for locks: those that a server's log has, by the statement that waited, and those of the sessions
// that waited when pgadvise read the server's catalog.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

// All waits of one statement. The events are those of the workload, which must outlive this.
struct LockWaits {
  std::vector<const ServerEvent*> ended;
  std::vector<const ServerEvent*> unfinished;  // logged during the wait, without an end
  std::vector<const ServerEvent*> logged;      // during the wait, which names the holders of the lock
  std::uint64_t count = 0;                     // of `ended` and `unfinished`; each wait once
  double total_us = 0;                         // of `ended`
  double longest_us = 0;                       // of `ended`
};

// By fingerprint; "" for waits whose statement the log does not have.
std::map<std::string, LockWaits> lock_waits(const Workload& workload);

// What each wait was for and how long it took, then the sessions that held the locks (holders_of()).
std::vector<Evidence> evidence_of(const LockWaits& waits);

// Adds one finding for each application that holds a lock for which at least one session of the database has
// waited for `least_seconds` or longer. The finding has the age of the holder's transaction and the length of
// each wait, but no text of a query. REQUIRES context.has_catalog().
void report_lock_queues(const Context& context, Reporter& reporter, double least_seconds);

}  // namespace pgadvise::lint
