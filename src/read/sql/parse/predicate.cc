#include "sql/parse/predicate.h"

namespace pgadvise::sql {

std::vector<std::string> not_null_columns(const Node* predicate) {
  if (!predicate) return {};
  if (predicate->node_case == NODE(NULL_TEST)) {
    const PgQuery__NullTest& test = *predicate->null_test;
    if (test.nulltesttype != PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL || !is(test.arg, NODE(COLUMN_REF)) ||
        is_star(test.arg))
      return {};
    return {last_name(*test.arg->column_ref)};
  }
  if (predicate->node_case != NODE(BOOL_EXPR) ||
      predicate->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
    return {};
  std::vector<std::string> out;
  for (const Node* part : NodeList(predicate->bool_expr->n_args, predicate->bool_expr->args)) {
    const auto columns = not_null_columns(part);
    if (columns.empty()) return {};
    out.insert(out.end(), columns.begin(), columns.end());
  }
  return out;
}

}  // namespace pgadvise::sql
