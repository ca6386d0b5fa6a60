// Finds names of values that application code parses from or serializes to JSON, which a text column of that
// name then contains.
#pragma once

#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// Fills in coded_as_json and code_files. Code is read as text: `JSON.parse(row.settings)`, `settings:
// JSON.stringify(…)`, `json.loads(row["settings"])`, `serialize :settings, JSON`. Calls that encrypt on the
// way are none: what is stored is no JSON.
void read_json_in_code(files::Tree& tree, Project& project);

}  // namespace pgadvise::deploy
