// Reads the statements about sequences, types, functions, policies, schemas, extensions, triggers and
// comments, and DO. Internal to src/read/sql.
#pragma once

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

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

}  // namespace pgadvise::sql
