// One report of what several schemas and repositories gave: duplicates, final ids, references between
// findings, unused suppressions, baseline.
#pragma once

#include "check/run.h"
#include "model/report.h"

namespace pgadvise::check {

// Findings of one rule about one subject become
// - one finding with further locations, where the schemas agree about the table: migrations and a dump of
// what they create;
// - findings whose subject carries the schema's path, where they differ.
// Neither an id nor a reference to one depends on the order of the inputs. Finding::former_id is set where an
// earlier version used another id. Reads settings.baseline, and writes it if settings.update_baseline; an
// unreadable or wrong baseline is a diagnostic (usage). The report's diagnostics are those of the inputs, of
// the run, and of this function, in this order.
Report merge(const Inputs& inputs, Outcome outcome, const Settings& settings);

}  // namespace pgadvise::check
