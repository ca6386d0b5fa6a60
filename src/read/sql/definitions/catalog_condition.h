// The conditions on the catalog by which DO blocks guard their changes. Internal to src/read/sql.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "model/schema/catalog.h"

namespace pgadvise::sql {

// Whether a condition of IF holds in the catalog. Read are, with AND, OR and NOT: EXISTS (SELECT … FROM a
// catalog's relation WHERE column = 'constant' AND …) about a table, view, column, index, constraint, policy,
// schema, type or extension; (SELECT count(*) …) compared with 0; to_regclass('name') IS [NOT] NULL. nullopt:
// another form, about the server's own objects or an extension that the catalog lacks, or about parts of a
// table that it lacks, which may come from files that were not read. Takes time linear in the text and, for
// each question, in the number of tables.
std::optional<bool> holds(std::string_view condition, const Catalog& catalog);

// The constants of a condition, of a qualified name its last part, without `public`.
std::set<std::string> constants_in(std::string_view condition);

// Whether the condition has a constant that equals a name in the statement, as a guard against doing the
// same thing twice has.
bool names_object_of(std::string_view condition, std::string_view statement);

}  // namespace pgadvise::sql
