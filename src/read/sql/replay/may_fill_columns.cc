// may_fill_columns(), by the parse tree.
#include <algorithm>
#include <string>

#include "base/text/text.h"
#include "sql/facts/volatility.h"
#include "sql/parse/ast.h"
#include "sql/replay/steps.h"

namespace pgadvise::sql {

// Functions that write no rows of tables. Those of volatility.h write none, either.
static bool writes_no_rows(const std::string& name) {
  static const auto names = pgadvise::split(
      "array_agg array_position array_remove avg bool_and bool_or count dense_rank first_value "
      "generate_series greatest json_agg json_object_agg jsonb_agg jsonb_array_elements "
      "jsonb_each jsonb_object_agg jsonb_set lag last_value lead max min ntile nullif rank "
      "regexp_matches row_number set_config string_agg sum to_regclass unnest",
      ' ');
  return name.starts_with("pg_") || is_one_of(name, names) ||
         volatility_of_function(name) != Volatility::unknown;
}

bool may_fill_columns(const Node& statement) {
  switch (statement.node_case) {
    case NODE(SELECT_STMT):
    case NODE(INSERT_STMT):
    case NODE(UPDATE_STMT):
    case NODE(DELETE_STMT):
    case NODE(COPY_STMT):
    case NODE(CREATE_TABLE_AS_STMT):
    case NODE(EXPLAIN_STMT):
    case NODE(DECLARE_CURSOR_STMT):
    case NODE(REFRESH_MAT_VIEW_STMT): break;
    case NODE(MERGE_STMT):
    case NODE(CALL_STMT):
    case NODE(EXECUTE_STMT): return true;
    default: return false;
  }
  bool out = false;
  each_node(message(statement), [&](const Node& node) {
    if (node.node_case == NODE(MERGE_STMT) || (node.node_case == NODE(UPDATE_STMT) && &node != &statement))
      out = true;
    if (node.node_case == NODE(INSERT_STMT) && node.insert_stmt->on_conflict_clause)
      out |= node.insert_stmt->on_conflict_clause->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE;
    if (node.node_case == NODE(FUNC_CALL) && node.func_call->n_funcname > 0)
      out |= !writes_no_rows(last_name(*node.func_call));
    return !out;
  });
  return out;
}

}  // namespace pgadvise::sql
