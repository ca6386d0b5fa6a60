// Merges the findings of all schemas and repositories into one report: duplicates, final ids, references
// between findings, unused suppressions, baseline.
#pragma once

#include "check/run.h"
#include "model/report.h"

namespace pgadvise::check {

// Merges findings of one rule and one subject if they are about the same query, about the same file of a
// repository, or about a table with equal columns in one repository, with the same message, severity, verdict
// and fix. A finding about a table then lists the other locations. Findings that differ stay separate, and
// their subjects carry the path of their schema.
// Neither an id nor a reference to one depends on the order of the inputs. Finding::former_id is set where an
// earlier version used another id. Reads settings.baseline, and writes it if settings.update_baseline; an
// unreadable or wrong baseline is a diagnostic (usage). The report's diagnostics are those of the inputs, of
// the run, and of this function, in this order.
Report merge(const Inputs& inputs, Outcome outcome, const Settings& settings);

}  // namespace pgadvise::check
