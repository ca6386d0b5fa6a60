// Reads the statements that make relations from queries, change or rewrite rows, or change the session's
// search path and transaction. Internal to src/read/sql.
#pragma once

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

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
