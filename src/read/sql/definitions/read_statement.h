// Reads a statement's parse tree as a value of definitions.h. Internal to src/read/sql.
#pragma once

#include <optional>
#include <string>

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_names.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// `state`: the schema that the statement will find, which decides what its names refer to.
Statement read_statement(const Node& node, const SchemaNames& state);

// What read_statement() calls. nullopt: a statement of another kind.
std::optional<Statement> read_table_statement(const Node& node, const SchemaNames& state);
std::optional<Statement> read_alter_statement(const Node& node, const SchemaNames& state);
std::optional<Statement> read_object_statement(const Node& node, const SchemaNames& state);
std::optional<Statement> read_query_statement(const Node& node, const SchemaNames& state);

// What CREATE TABLE and ALTER TABLE share.
ColumnDefinition column_definition(const PgQuery__ColumnDef& definition, const SchemaNames& state);
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
