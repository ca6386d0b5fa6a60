// Reads ALTER TABLE, DROP, RENAME and SET SCHEMA. Internal to src/read/sql.
#pragma once

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

AlterTable read_alter_table(const PgQuery__AlterTableStmt& stmt, const SchemaState& state);
DropStatement read_drop(const PgQuery__DropStmt& stmt, const SchemaState& state);
Rename read_rename(const PgQuery__RenameStmt& stmt, const SchemaState& state);
Rename read_rename(const PgQuery__AlterObjectSchemaStmt& stmt, const SchemaState& state);

}  // namespace pgadvise::sql
