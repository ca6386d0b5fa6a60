#include "sql/parse/query_shape.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise::sql {

StatementKind statement_kind(const Node& node) {
  switch (node.node_case) {
    case NODE(SELECT_STMT): return StatementKind::select;
    case NODE(INSERT_STMT): return StatementKind::insert;
    case NODE(UPDATE_STMT): return StatementKind::update;
    case NODE(DELETE_STMT): return StatementKind::delete_;
    case NODE(MERGE_STMT): return StatementKind::merge;
    case NODE(TRANSACTION_STMT): return StatementKind::transaction;
    default: return StatementKind::utility;
  }
}

int parameter_of(const Node* node) {
  node = without_casts(node);
  return is(node, NODE(PARAM_REF)) ? node->param_ref->number : 0;
}

std::string function_name(const PgQuery__FuncCall& call) {
  return pgadvise::join(strings(NODES(call, funcname)), ".");
}

int calls_of(const Node* root, const std::set<std::string>& names) {
  int found = 0;
  if (root)
    each_node(message(*root), [&](const Node& node) {
      found += node.node_case == NODE(FUNC_CALL) && !node.func_call->over &&
               names.count(last_name(*node.func_call)) > 0;
      return node.node_case != NODE(SUB_LINK);
    });
  return found;
}

int aggregates(NodeList targets) {
  static const std::set<std::string> names = {
      "array_agg",  "avg",   "bit_and",  "bit_or",          "bool_and",        "bool_or",
      "count",      "every", "json_agg", "json_object_agg", "jsonb_agg",       "jsonb_object_agg",
      "max",        "min",   "mode",     "percentile_cont", "percentile_disc", "stddev",
      "string_agg", "sum"};
  int found = 0;
  for (const Node* target : targets) found += calls_of(target, names);
  return found;
}

bool builds_json(const Node* select) {
  static const std::set<std::string> builders = {
      "json_agg",          "jsonb_agg",          "json_build_array", "jsonb_build_array",
      "json_build_object", "jsonb_build_object", "row_to_json",      "to_json",
      "to_jsonb",          "json_object_agg",    "jsonb_object_agg"};
  if (!is(select, NODE(SELECT_STMT))) return false;
  bool found = false;
  for (std::size_t i = 0; i < select->select_stmt->n_target_list && !found; ++i)
    each_node(message(*select->select_stmt->target_list[i]), [&](const Node& node) {
      if (node.node_case == NODE(FUNC_CALL)) found |= builders.count(last_name(*node.func_call)) > 0;
      return node.node_case != NODE(SUB_LINK);
    });
  return found;
}

bool is_count(const Node* node) {
  return is(node, NODE(FUNC_CALL)) && !node->func_call->over && !node->func_call->agg_filter &&
         last_name(*node->func_call) == "count";
}

bool is_count_query(const Node* node) {
  if (!is(node, NODE(SUB_LINK)) || node->sub_link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK ||
      !is(node->sub_link->subselect, NODE(SELECT_STMT)))
    return false;
  const PgQuery__SelectStmt& sub = *node->sub_link->subselect->select_stmt;
  const NodeList from = NODES(sub, from_clause);  // the elements of an array cost nothing to count
  if (std::ranges::all_of(from, [](const Node* item) { return is(item, NODE(RANGE_FUNCTION)); }))
    return false;
  if (sub.n_target_list != 1 || sub.n_group_clause || !is(sub.target_list[0], NODE(RES_TARGET))) return false;
  return is_count(sub.target_list[0]->res_target->val);
}

int columns_in(const ProtobufCMessage& part) {
  int found = 0;
  each_node(part, [&](const Node& node) {
    found += node.node_case == NODE(COLUMN_REF);
    return node.node_case != NODE(SUB_LINK);
  });
  return found;
}

const PgQuery__RangeVar* created_table(const Node& node) {
  if (node.node_case == NODE(CREATE_STMT)) return node.create_stmt->relation;
  if (node.node_case == NODE(CREATE_TABLE_AS_STMT) && node.create_table_as_stmt->into)
    return node.create_table_as_stmt->into->rel;
  return nullptr;
}

std::vector<std::string> not_null_columns(const Node* predicate) {
  if (is(predicate, NODE(NULL_TEST))) {
    const PgQuery__NullTest& test = *predicate->null_test;
    if (test.nulltesttype != PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL || !is(test.arg, NODE(COLUMN_REF)) ||
        is_star(test.arg))
      return {};
    return {last_name(*test.arg->column_ref)};
  }
  std::vector<std::string> out;
  for (const Node* part : conjuncts(predicate)) {
    const auto columns = not_null_columns(part);
    if (columns.empty()) return {};
    out.insert(out.end(), columns.begin(), columns.end());
  }
  return out;
}

}  // namespace pgadvise::sql
