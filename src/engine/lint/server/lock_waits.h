// Waits for locks in a server's log, by the statement that waited.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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

}  // namespace pgadvise::lint
