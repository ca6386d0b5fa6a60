// A server that logs in several forms (log_destination = 'stderr,csvlog') says each thing twice: known by
// what it says, since names tell nothing (rotated, compressed, in another folder, digested already).
#pragma once

#include "model/workload.h"

namespace pgadvise::log {

// Each of one source. Is all that `one` tells of calls told by `other`, in another form? Durations are logged
// to the microsecond: equal sums of one query, within the same time, are no chance. Of two that tell the same
// the poorer form is it.
bool told_in_another_form(const Workload& one, const Workload& other);

// Do they share calls, though neither tells all of the other's?
bool shares_calls_in_another_form(const Workload& one, const Workload& other);

}  // namespace pgadvise::log
