// Why a run has nothing to check. A run that read nothing must not look like a run without findings.
#pragma once

#include <cstddef>

#include "check/changes/git.h"
#include "check/load/loaded.h"

namespace pgadvise::check {

// REQUIRES that no statement and no log line of the inputs was understood.
// - Sets NothingChecked::checked, unless a server or a deployment was read.
// - Sets NothingChecked::to_check if all SQL is for other databases.
// - Adds an error (usage; with `allow_empty` a warning) if an input could not be read and no diagnostic is an
//   error yet. `lost` is the number of unreadable inputs, without those that a diagnostic says can't be read.
// - A schema counts as unreadable if migrations in a programming language define it, if a folder or file of
//   its name can't be read, or if scripts that create tables belong to no known tool, and no SQL is for other
//   databases: these diagnostics become the errors, and come last.
void explain_nothing_read(Inputs& inputs, std::size_t lost, bool allow_empty);

// Whether one of the diagnostics is an error, and not a warning.
bool any_failed(const Diagnostics& diagnostics);

// "the SQL of the inputs is for another database (mysql)", according to the diagnostics; "": of none.
std::string for_another_database(const Diagnostics& diagnostics);

// If `selection` selects no record of the logs: appends an error (input; with `allow_empty` a warning), sets
// NothingChecked::selected, and replaces the reason in NothingChecked::checked if there is one. Inputs for
// other databases (NothingChecked::to_check) keep their reason.
void explain_nothing_selected(Inputs& inputs, const log::Selection& selection, bool allow_empty);

// REQUIRES that `options` selected no migration and no schema file. If they ask for changed ones only, sets
// NothingChecked::checked and NothingChecked::to_check, unless the inputs have something else to check.
void explain_nothing_changed(Inputs& inputs, const MigrationOptions& options, files::Git& git);

}  // namespace pgadvise::check
