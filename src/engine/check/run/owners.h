// Who owns the findings of a report.
#pragma once

#include "check/load/loaded.h"
#include "model/results/report.h"

namespace pgadvise::check {

// Sets Finding::owners. The last matching [[owner]] of pgadvise.toml decides, else the CODEOWNERS of the
// repository of the working folder: in .github, the root, docs or .gitlab, whichever comes first, for the
// first file in which the finding has a location. A CODEOWNERS that can't be read is a diagnostic.
void set_owners(Report& report, const Inputs& inputs, const Settings& settings);

}  // namespace pgadvise::check
