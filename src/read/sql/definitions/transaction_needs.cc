#include "sql/definitions/transaction_needs.h"

#include <algorithm>

#include "sql/definitions/read_statement.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/placeholders.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

// Whether the statement is one with CONCURRENTLY that fails in a transaction block. REFRESH MATERIALIZED VIEW
// CONCURRENTLY does not.
bool runs_concurrently(const Statement& statement) {
  if (const auto* create = std::get_if<CreateIndex>(&statement)) return create->concurrently;
  if (const auto* drop = std::get_if<DropStatement>(&statement)) return drop->concurrently;
  if (const auto* reindex = std::get_if<Reindex>(&statement)) return reindex->concurrently;
  const auto* alter = std::get_if<AlterTable>(&statement);
  return alter &&
         std::ranges::any_of(alter->changes, [](const TableChange& change) { return change.concurrently; });
}

bool fails_in_transaction(const Node& node) {
  switch (node.node_case) {
    case NODE(VACUUM_STMT): return node.vacuum_stmt->is_vacuumcmd;
    case NODE(REINDEX_STMT): return !node.reindex_stmt->relation;
    case NODE(CREATEDB_STMT):
    case NODE(DROPDB_STMT):
    case NODE(CREATE_TABLE_SPACE_STMT):
    case NODE(DROP_TABLE_SPACE_STMT):
    case NODE(ALTER_SYSTEM_STMT): return true;
    default: return false;
  }
}

}  // namespace

TransactionNeeds transaction_needs(std::string_view script) {
  TransactionNeeds out;
  const SchemaNames no_schema;
  const std::string filled = Placeholders().fill(script);
  for (const SourceStatement& statement : split(filled)) {
    bool counted = false;
    (void)each_statement(statement.text, [&](const Node& node) {
      counted = true;
      if (node.node_case == NODE(TRANSACTION_STMT)) return;
      const bool concurrently = runs_concurrently(read_statement(node, no_schema));
      const bool fails = concurrently || fails_in_transaction(node);
      out.concurrently += concurrently;
      ++(fails ? out.outside : out.inside);
    });
    if (!counted) ++out.inside;
  }
  return out;
}

}  // namespace pgadvise::sql
