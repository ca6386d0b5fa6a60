// Detects logs that a server wrote in several formats at once (log_destination = 'stderr,csvlog') from their
// content, as file names do not help (rotated, compressed, in another folder, digested already).
#pragma once

#include "model/queries/workload.h"

namespace pgadvise::log {

// Each workload must have one source. Whether `other` contains all calls of `one` in another format.
// Durations are logged in microseconds, so equal sums for a query in the same period are no coincidence. If
// both contain the same calls, true for the one with less information.
bool is_copy_in_another_format(const Workload& one, const Workload& other);

// Whether they share calls, but neither contains all calls of the other.
bool shares_calls_in_another_format(const Workload& one, const Workload& other);

}  // namespace pgadvise::log
