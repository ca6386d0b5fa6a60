// Merges the findings of all schemas and repositories into one report: duplicates, final ids, references
// between findings, unused suppressions, baseline.
#pragma once

#include "check/run/run.h"
#include "model/results/report.h"

namespace pgadvise::check {

// Merges findings of one rule and one subject that are true together:
// - about a query: if they propose no index, or the same index in the same database (check/one_database.h);
// - about a file: if it is the same file of a repository;
// - about a database object: if their schemas define one database and the object's table alike, and message,
//   severity, verdict and fix are equal. The finding then lists the other locations, and a comment that
//   suppresses it at one of them suppresses it.
// Findings that differ stay separate, and their subjects carry the path of their schema. Of a query's
// findings without a proposal, none stays beside those with one. Fix::proposed_by is the id of a finding in
// the report, with the SQL for the same schema. Neither an id nor a reference to one depends on the order of
// the inputs. Finding::former_id is set where an earlier version used another id. Reads settings.baseline,
// and writes it if settings.update_baseline; an unreadable or wrong baseline is a diagnostic (usage). The
// report's diagnostics are those of the inputs, of the run, and of this function, in this order.
Report merge(const Inputs& inputs, Outcome outcome, const Settings& settings);

}  // namespace pgadvise::check
