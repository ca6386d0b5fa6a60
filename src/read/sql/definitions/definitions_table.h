// Reads CREATE TABLE and CREATE INDEX, and the columns and constraints that ALTER TABLE adds. Internal to
// src/read/sql.
#pragma once

#include <optional>
#include <string>

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

CreateTable read_create_table(const PgQuery__CreateStmt& stmt, const SchemaState& state, bool foreign);
CreateIndex read_create_index(const PgQuery__IndexStmt& stmt, const SchemaState& state);

ColumnDefinition column_definition(const PgQuery__ColumnDef& definition, const SchemaState& state);
// `column`: of a column constraint, else "". nullopt: no constraint of its own (NOT NULL, DEFAULT, identity,
// DEFERRABLE …).
std::optional<ConstraintDefinition> constraint_definition(const PgQuery__Constraint& node,
                                                          const std::string& column);
// GENERATED … AS IDENTITY, into the column's definition.
void read_identity(const PgQuery__Constraint& node, ColumnDefinition& out);
// "FOR VALUES IN ('a')", "DEFAULT".
std::string partition_bound(const PgQuery__PartitionBoundSpec& bound);
std::string collation_of(const PgQuery__CollateClause* clause);  // "" of none; nullptr-safe
// The table's fillfactor in WITH (…), SET (…) or RESET (…): 100 if reset; nullopt if it is not named.
std::optional<int> fillfactor_of(NodeList options);
// How a column's DEFAULT is computed for existing rows. nullptr-safe.
DefaultKind default_kind(const Node* expression);
bool is_null(const Node* node);  // the constant NULL

}  // namespace pgadvise::sql
