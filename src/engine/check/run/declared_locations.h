// Findings about objects that both migrations and Drizzle source define.
#pragma once

#include <vector>

#include "lint/run/context.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// Gives each finding that points to the definition of a table, column, key or index the location where the
// source declares the same object. Objects are matched by the name of their table, and by their own name;
// keys and indexes also by their columns. The source becomes Finding::location, because drizzle-kit generates
// the migrations from it, and the migration's line becomes one of Finding::other_locations. Where the
// source's table differs from the migrations', or several inputs declare the table, the source is the other
// location instead, since the finding may not hold there. Findings about statements, migrations, logs and
// code stay as they are. `catalog`: what the rules checked.
void add_declared_locations(std::vector<Finding>& findings, const Catalog& catalog,
                            const std::vector<lint::DeclaredSchema>& declared);

}  // namespace pgadvise::check
