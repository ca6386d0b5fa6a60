// Reads a statement's parse tree as a value of definitions.h. Internal to src/read/sql.
#pragma once

#include <optional>
#include <string>

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// `state`: the schema that the statement will find, which decides what its names refer to.
Statement read_statement(const Node& node, const SchemaState& state);

// What read_statement() calls: one function for each kind of statement, and what several of them share.
// ---- definitions_table.cc: CREATE TABLE and CREATE INDEX, and what ALTER TABLE adds
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

// ---- definitions_alter.cc: ALTER TABLE, DROP, RENAME and SET SCHEMA
AlterTable read_alter_table(const PgQuery__AlterTableStmt& stmt, const SchemaState& state);
DropStatement read_drop(const PgQuery__DropStmt& stmt, const SchemaState& state);
Rename read_rename(const PgQuery__RenameStmt& stmt, const SchemaState& state);
Rename read_rename(const PgQuery__AlterObjectSchemaStmt& stmt, const SchemaState& state);

// ---- definitions_object.cc: sequences, types, functions, policies, schemas, extensions, triggers, comments
CreateSequence read_create_sequence(const PgQuery__CreateSeqStmt& stmt, const SchemaState& state);
AlterSequence read_alter_sequence(const PgQuery__AlterSeqStmt& stmt, const SchemaState& state);
CreateEnum read_create_enum(const PgQuery__CreateEnumStmt& stmt, const SchemaState& state);
AlterEnum read_alter_enum(const PgQuery__AlterEnumStmt& stmt, const SchemaState& state);
CreateType read_create_domain(const PgQuery__CreateDomainStmt& stmt, const SchemaState& state);
// ADD CONSTRAINT and SET NOT NULL; others change nothing that matters.
Statement read_alter_domain(const PgQuery__AlterDomainStmt& stmt, const SchemaState& state);
CreateType read_create_range(const PgQuery__CreateRangeStmt& stmt, const SchemaState& state);
CreateType read_composite_type(const PgQuery__CompositeTypeStmt& stmt, const SchemaState& state);
Statement read_define(const PgQuery__DefineStmt& stmt,
                      const SchemaState& state);  // base types, aggregates
CreateFunction read_create_function(const PgQuery__CreateFunctionStmt& stmt, const SchemaState& state);
CreatePolicy read_create_policy(const PgQuery__CreatePolicyStmt& stmt, const SchemaState& state);
AlterPolicy read_alter_policy(const PgQuery__AlterPolicyStmt& stmt, const SchemaState& state);
CreateSchema read_create_schema(const PgQuery__CreateSchemaStmt& stmt);
CreateExtension read_create_extension(const PgQuery__CreateExtensionStmt& stmt);
Statement read_create_trigger(const PgQuery__CreateTrigStmt& stmt, const SchemaState& state);
Comment read_comment(const PgQuery__CommentStmt& stmt, const SchemaState& state);
DoBlock read_do(const PgQuery__DoStmt& stmt);

// ---- definitions_query.cc: relations from queries, changes of rows, the session and its transaction
CreateFromQuery read_create_view(const PgQuery__ViewStmt& stmt, const SchemaState& state);
Statement read_create_table_as(const PgQuery__CreateTableAsStmt& stmt, const SchemaState& state);
// SELECT … INTO, and SELECT set_config('search_path', …), as pg_dump writes it; `select.select_stmt` is set.
Statement read_select(const Node& select, const SchemaState& state);
Statement read_insert(const PgQuery__InsertStmt& stmt, const SchemaState& state);
DataChange read_update(const PgQuery__UpdateStmt& stmt, const SchemaState& state);
DataChange read_delete(const PgQuery__DeleteStmt& stmt, const SchemaState& state);
Truncate read_truncate(const PgQuery__TruncateStmt& stmt, const SchemaState& state);
RewriteTables read_cluster(const PgQuery__ClusterStmt& stmt, const SchemaState& state);
RewriteTables read_vacuum(const PgQuery__VacuumStmt& stmt,
                          const SchemaState& state);  // no table unless FULL
Statement read_reindex(const PgQuery__ReindexStmt& stmt, const SchemaState& state);
// WITH DATA
Statement read_refresh(const PgQuery__RefreshMatViewStmt& stmt, const SchemaState& state);
Statement read_set(const PgQuery__VariableSetStmt& stmt);
LockTables read_lock(const PgQuery__LockStmt& stmt, const SchemaState& state);
TransactionControl read_transaction(const PgQuery__TransactionStmt& stmt);

}  // namespace pgadvise::sql
