// Fixes that change the type of a column: where ALTER COLUMN … TYPE fails as it stands.
#pragma once

#include <optional>
#include <string>

#include "lint/run/context.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

// The table that the column is inherited from, so that it can change only there; nullptr: the column is the
// table's own.
const Table* inherited_from(const Context& context, const Table& table, const std::string& column);

// The time zone to which the column's default converts the current time: "utc" of now() AT TIME ZONE 'utc'.
// A change of the type to timestamptz would keep the conversion. "": the default converts something else;
// nullopt: the column has no such default.
std::optional<std::string> zone_of_default(const Column& column);

// Takes the SQL out of a fix that the server would refuse, adds the reason to its title, and makes it manual.
// Other fixes stay as they are.
void restrict_type_fix(const Context& context, const Table& table, const Column& column, Fix& fix);

}  // namespace pgadvise::lint
