// Why a run has nothing to check: a run that read nothing never looks clean.
#pragma once

#include <cstddef>

#include "check/git.h"
#include "check/loaded.h"

namespace pgadvise::check {

// For inputs of which no statement and no log line was understood: sets Inputs::nothing_checked, unless a
// server or a deployment was read, and Inputs::nothing_to_check if all SQL is for other databases. `lost`:
// inputs that could not be read, without files and folders that a diagnostic says can't be read; if there are
// any and no other diagnostic is an error, adds one (usage), or with `allow_empty` a warning. A PostgreSQL
// schema that programs keep could not be read, too: its diagnostics become the errors, and the last lines.
void explain_nothing_read(Inputs& inputs, std::size_t lost, bool allow_empty);

// "the SQL of the inputs is for another database (mysql)", according to the diagnostics; "": of none.
std::string for_another_database(const Diagnostics& diagnostics);

// For logs of which `selection` takes no record: adds the last diagnostic (input, with `allow_empty` a
// warning), sets Inputs::nothing_selected, and gives this reason to Inputs::nothing_checked if that has one.
void explain_nothing_selected(Inputs& inputs, const log::Selection& selection, bool allow_empty);

// For inputs of which `options` chose no migration and no schema file, because nothing changed: sets
// Inputs::nothing_checked and Inputs::nothing_to_check, unless something else was read.
void explain_nothing_changed(Inputs& inputs, const MigrationOptions& options, files::Git& git);

}  // namespace pgadvise::check
