// The conditions on the catalog by which DO blocks guard their changes. Internal to src/sql.
#pragma once

#include <optional>
#include <string_view>

#include "model/catalog.h"

namespace pgadvise::sql {

// Whether a condition of IF holds in the catalog: [NOT] EXISTS (SELECT … FROM a catalog's relation WHERE
// column = 'constant' AND …) about a table, column, index, constraint, policy, schema or extension, and
// to_regclass('name') IS [NOT] NULL. nullopt: another form, or about a table that the catalog lacks, which
// may come from files that were not read. Takes time linear in the number of tables.
std::optional<bool> holds(std::string_view condition, const Catalog& catalog);

// Whether the condition has a constant that equals a name in the statement, as a guard against doing the
// same thing twice has.
bool names_object_of(std::string_view condition, std::string_view statement);

}  // namespace pgadvise::sql
