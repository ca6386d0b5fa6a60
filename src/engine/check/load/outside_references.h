// Foreign keys to tables that none of the inputs creates.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// Remarks that a foreign key references a table that the files of its input do not create, each with that
// table, in the order of the inputs: one diagnostic for each table that is not in `created`, the first, with
// the number of the others.
Diagnostics outside_references(std::vector<std::pair<Error, QualifiedName>> remarks,
                               const std::set<QualifiedName>& created);

}  // namespace pgadvise::check
