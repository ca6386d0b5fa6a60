#include "sql/analyzer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "sql/index_expression.h"
#include "sql/lexer.h"
#include "sql/type_name.h"

namespace pgadvise::sql {
namespace {

using Op = Predicate::Op;

// Columns of one query level; `select * from v, v` in view upon view must not double without end.
constexpr std::size_t max_columns = 1664;
constexpr int deepest_view = 16;
constexpr int max_views = 64;  // of one statement

bool is(const Node* node, PgQuery__Node__NodeCase kind) { return node && node->node_case == kind; }

// n of $n, cast or not; 0: something else.
int parameter_of(const Node* node) {
  while (is(node, PG_QUERY__NODE__NODE_TYPE_CAST)) node = node->type_cast->arg;
  return is(node, PG_QUERY__NODE__NODE_PARAM_REF) ? node->param_ref->number : 0;
}

std::vector<int> parameters_behind_first(const Node* list) {
  std::vector<int> out;
  if (!is(list, PG_QUERY__NODE__NODE_LIST)) return out;
  for (std::size_t i = 1; i < list->list->n_items; ++i)
    if (const int parameter = parameter_of(list->list->items[i])) out.push_back(parameter);
  return out;
}

std::string function_name(const PgQuery__FuncCall& call) {
  return pgadvise::join(strings(NodeList(call.n_funcname, call.funcname)), ".");
}

bool builds_json(const Node* select) {
  static const std::set<std::string> builders = {
      "json_agg",          "jsonb_agg",          "json_build_array", "jsonb_build_array",
      "json_build_object", "jsonb_build_object", "row_to_json",      "to_json",
      "to_jsonb",          "json_object_agg",    "jsonb_object_agg"};
  if (!is(select, PG_QUERY__NODE__NODE_SELECT_STMT)) return false;
  bool found = false;
  for (std::size_t i = 0; i < select->select_stmt->n_target_list && !found; ++i)
    each_node(message(*select->select_stmt->target_list[i]), [&](const Node& node) {
      if (node.node_case == PG_QUERY__NODE__NODE_FUNC_CALL)
        found |= builders.count(string_value(node.func_call->funcname[node.func_call->n_funcname - 1])) > 0;
      return node.node_case != PG_QUERY__NODE__NODE_SUB_LINK;
    });
  return found;
}

std::string last_name(const PgQuery__FuncCall& call) {
  return call.n_funcname ? string_value(call.funcname[call.n_funcname - 1]) : std::string();
}

int calls_of(const Node* root, const std::set<std::string>& names) {
  int found = 0;
  if (root)
    each_node(message(*root), [&](const Node& node) {
      found += node.node_case == PG_QUERY__NODE__NODE_FUNC_CALL && !node.func_call->over &&
               names.count(last_name(*node.func_call)) > 0;
      return node.node_case != PG_QUERY__NODE__NODE_SUB_LINK;
    });
  return found;
}

// Any of them, without GROUP BY: one row comes out.
int aggregates(NodeList targets) {
  static const std::set<std::string> names = {"count",
                                              "sum",
                                              "min",
                                              "max",
                                              "avg",
                                              "array_agg",
                                              "string_agg",
                                              "json_agg",
                                              "jsonb_agg",
                                              "bool_or",
                                              "bool_and",
                                              "every",
                                              "bit_or",
                                              "bit_and",
                                              "json_object_agg",
                                              "jsonb_object_agg",
                                              "percentile_cont",
                                              "percentile_disc",
                                              "mode",
                                              "stddev"};
  int found = 0;
  for (const Node* target : targets) found += calls_of(target, names);
  return found;
}

bool is_count(const Node* node) {
  return is(node, PG_QUERY__NODE__NODE_FUNC_CALL) && !node->func_call->over && !node->func_call->agg_filter &&
         last_name(*node->func_call) == "count";
}

// (SELECT count(…) …).
bool is_count_query(const Node* node) {
  if (!is(node, PG_QUERY__NODE__NODE_SUB_LINK) ||
      node->sub_link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK ||
      !is(node->sub_link->subselect, PG_QUERY__NODE__NODE_SELECT_STMT))
    return false;
  const PgQuery__SelectStmt& sub = *node->sub_link->subselect->select_stmt;
  const NodeList from(sub.n_from_clause, sub.from_clause);  // the elements of an array cost nothing to count
  if (std::all_of(from.begin(), from.end(),
                  [](const Node* item) { return is(item, PG_QUERY__NODE__NODE_RANGE_FUNCTION); }))
    return false;
  if (sub.n_target_list != 1 || sub.n_group_clause ||
      !is(sub.target_list[0], PG_QUERY__NODE__NODE_RES_TARGET))
    return false;
  return is_count(sub.target_list[0]->res_target->val);
}

// count > 0, >= 1, = 0, <> 0, < 1, <= 0: is there any?
bool asks_whether_any(const std::string& op, const std::string& number) {
  if (number == "0") return op == ">" || op == "=" || op == "<>" || op == "<=";
  return number == "1" && (op == ">=" || op == "<");
}

bool begins_with_wildcard(std::string_view pattern) {
  return !pattern.empty() && (pattern[0] == '%' || pattern[0] == '_');
}

// '%' of '%' || $1, concat('%', $1).
std::string beginning_of(const Node* node) {
  const Node* first = node;
  while (is(first, PG_QUERY__NODE__NODE_A_EXPR) && first->a_expr->lexpr) first = first->a_expr->lexpr;
  if (is(first, PG_QUERY__NODE__NODE_FUNC_CALL) && last_name(*first->func_call) == "concat" &&
      first->func_call->n_args)
    first = first->func_call->args[0];
  while (is(first, PG_QUERY__NODE__NODE_TYPE_CAST)) first = first->type_cast->arg;
  return first == node ? std::string() : constant(first).text;
}

int columns_in(const ProtobufCMessage& part) {
  int found = 0;
  each_node(part, [&](const Node& node) {
    found += node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF;
    return node.node_case != PG_QUERY__NODE__NODE_SUB_LINK;
  });
  return found;
}

const PgQuery__RangeVar* created_table(const Node& node) {
  if (node.node_case == PG_QUERY__NODE__NODE_CREATE_STMT) return node.create_stmt->relation;
  if (node.node_case == PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT && node.create_table_as_stmt->into)
    return node.create_table_as_stmt->into->rel;
  return nullptr;
}

Op op_of(const std::string& name) {
  if (name == "=") return Op::equality;
  if (name == "<" || name == "<=" || name == ">" || name == ">=") return Op::range;
  if (name == "~~" || name == "~~*") return Op::like;
  return Op::other;
}

std::string commuted(const std::string& name) {
  if (name == "<") return ">";
  if (name == ">") return "<";
  if (name == "<=") return ">=";
  if (name == ">=") return "<=";
  if (name == "@>") return "<@";
  if (name == "<@") return "@>";
  return name;
}

// A cast that leaves the index on the column of use.
bool harmless_cast(const std::string& from, const std::string& to) {
  if (from.empty()) return false;
  return from == to || (to == "text" && from.starts_with("character varying")) ||
         (to == "character varying" && (from == "text" || from.starts_with("character varying"))) ||
         (to == "inet" && from == "cidr") || (to == "numeric" && from.starts_with("numeric("));
}

}  // namespace

std::vector<Output> Analyzer::statement(const Node& node) {
  facts_.parsed = true;
  each_node(message(node), [&](const Node& part) {
    if (part.node_case == PG_QUERY__NODE__NODE_PARAM_REF)
      facts_.parameters = std::max(facts_.parameters, part.param_ref->number);
    if (part.node_case == PG_QUERY__NODE__NODE_LOCKING_CLAUSE) facts_.locks_rows = true;
    if (part.node_case == PG_QUERY__NODE__NODE_SELECT_STMT && part.select_stmt->limit_count)
      facts_.limited |= !constant(part.select_stmt->limit_count).is_null;
    return true;
  });
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      facts_.kind = StatementKind::select;
      return select(*node.select_stmt, nullptr, true);
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      facts_.kind = StatementKind::insert;
      return insert(*node.insert_stmt, nullptr);
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      facts_.kind = StatementKind::update;
      return update(*node.update_stmt, nullptr);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      facts_.kind = StatementKind::delete_;
      return delete_(*node.delete_stmt, nullptr);
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      facts_.kind = StatementKind::merge;
      return merge(*node.merge_stmt, nullptr);
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT: facts_.kind = StatementKind::transaction; return {};
    default: break;
  }
  facts_.kind = StatementKind::utility;
  if (const auto* made = created_table(node); made && std::string_view(made->relpersistence) == "t")
    facts_.creates_temporary = made->relname;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT: return query(node.declare_cursor_stmt->query, nullptr);
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: return query(node.create_table_as_stmt->query, nullptr);
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT: return query(node.explain_stmt->query, nullptr);
    case PG_QUERY__NODE__NODE_PREPARE_STMT: return query(node.prepare_stmt->query, nullptr);
    case PG_QUERY__NODE__NODE_COPY_STMT: {
      if (node.copy_stmt->relation) relation(*node.copy_stmt->relation, node.copy_stmt->is_from);
      return query(node.copy_stmt->query, nullptr);
    }
    default: return {};
  }
}

std::vector<Output> Analyzer::query(const Node* node, const Scope* outer) {
  if (!node) return {};
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT: return select(*node->select_stmt, outer, false);
    case PG_QUERY__NODE__NODE_INSERT_STMT: return insert(*node->insert_stmt, outer);
    case PG_QUERY__NODE__NODE_UPDATE_STMT: return update(*node->update_stmt, outer);
    case PG_QUERY__NODE__NODE_DELETE_STMT: return delete_(*node->delete_stmt, outer);
    case PG_QUERY__NODE__NODE_MERGE_STMT: return merge(*node->merge_stmt, outer);
    default: return {};
  }
}

void Analyzer::with(const PgQuery__WithClause* clause, const Scope* outer, Ctes& ctes) {
  ctes.parent = ctes_;
  ctes_ = &ctes;
  if (!clause) return;
  for (const Node* node : NodeList(clause->n_ctes, clause->ctes)) {
    const PgQuery__CommonTableExpr& cte = *node->common_table_expr;
    Item item;
    item.alias = cte.ctename;
    item.complete = false;
    if (clause->recursive) ctes.by_name[cte.ctename] = item;  // stands in for itself while it is read
    item.columns = query(cte.ctequery, outer);
    item.complete = !item.columns.empty();
    const auto names = strings(NodeList(cte.n_aliascolnames, cte.aliascolnames));
    for (std::size_t i = 0; i < names.size() && i < item.columns.size(); ++i) item.columns[i].name = names[i];
    ctes.by_name[cte.ctename] = std::move(item);
  }
}

std::vector<Output> Analyzer::set_operation(const PgQuery__SelectStmt& stmt, const Scope* outer,
                                            bool outermost) {
  // Chains lean to the left and may be long: the stack of this walk is what tree_depth counted.
  std::vector<Output> left = select(*stmt.larg, outer, false);
  select(*stmt.rarg, outer, false);
  if (outermost) facts_.grouped = facts_.from_derived = true;
  if (outermost)
    for (const PgQuery__SelectStmt* arm : {stmt.larg, stmt.rarg})
      for (const Node* target : NodeList(arm->n_target_list, arm->target_list))
        facts_.selects_all_columns |=
            is(target, PG_QUERY__NODE__NODE_RES_TARGET) && is_star(target->res_target->val);
  for (Output& output : left) output.source = {};  // of two sources: of none
  Scope scope{outer, {}};
  if (outermost) order_and_limit(stmt, scope, left);
  return left;
}

std::vector<Output> Analyzer::select(const PgQuery__SelectStmt& stmt, const Scope* outer, bool outermost) {
  Ctes ctes;
  const Ctes* const before = ctes_;
  with(stmt.with_clause, outer, ctes);
  std::vector<Output> outputs;
  if (stmt.op != PG_QUERY__SET_OPERATION__SETOP_NONE && stmt.larg && stmt.rarg) {
    outputs = set_operation(stmt, outer, outermost);
  } else {
    Scope scope{outer, {}};
    from(NodeList(stmt.n_from_clause, stmt.from_clause), scope);
    condition(stmt.where_clause, scope, false);
    outputs = targets(NodeList(stmt.n_target_list, stmt.target_list), scope);
    if (outermost) describe(stmt, scope, outputs);
    random_sort(stmt, scope);
    // Where more is put out, or for each group, the count is wanted for itself.
    if (const NodeList only(stmt.n_target_list, stmt.target_list);
        only.size() == 1 && !stmt.n_group_clause && aggregates(only) == 1)
      each_node(message(*stmt.target_list[0]), [&](const Node& node) {
        if (node.node_case == PG_QUERY__NODE__NODE_A_EXPR) count_test(*node.a_expr, is_count);
        return node.node_case != PG_QUERY__NODE__NODE_SUB_LINK;
      });
    for (const Node* row : NodeList(stmt.n_values_lists, stmt.values_lists)) expression(row, scope);
    if (stmt.n_values_lists && is(stmt.values_lists[0], PG_QUERY__NODE__NODE_LIST))
      for (std::size_t i = 0; i < stmt.values_lists[0]->list->n_items; ++i)
        outputs.push_back({"column" + std::to_string(i + 1),
                           {},
                           result_type(stmt.values_lists[0]->list->items[i], scope),
                           {}});
    for (const auto& list :
         {NodeList(stmt.n_group_clause, stmt.group_clause),
          NodeList(stmt.n_distinct_clause, stmt.distinct_clause),
          NodeList(stmt.n_window_clause, stmt.window_clause), NodeList(stmt.n_sort_clause, stmt.sort_clause)})
      for (const Node* node : list) expression(node, scope);
    for (const Node* node : {stmt.having_clause, stmt.limit_count, stmt.limit_offset})
      expression(node, scope);
    if (outermost) order_and_limit(stmt, scope, outputs);
  }
  ctes_ = before;
  return outputs;
}

void Analyzer::describe(const PgQuery__SelectStmt& stmt, const Scope& scope,
                        const std::vector<Output>& outputs) {
  const NodeList list(stmt.n_target_list, stmt.target_list);
  for (const Node* target : list) facts_.selects_all_columns |= is_star(target->res_target->val);
  facts_.has_where = stmt.where_clause != nullptr;
  facts_.grouped = stmt.n_group_clause > 0 || stmt.n_distinct_clause > 0;
  facts_.one_row = scope.items.empty() ? stmt.n_values_lists == 0
                                       : !stmt.n_group_clause && (aggregates(list) > 0 || stmt.having_clause);
  for (const Item& item : scope.items) {
    if (item.table.name.empty()) facts_.from_derived = true;
    else facts_.from.push_back(item.table);
  }
  for (const Output& output : outputs)
    if (!output.source.table.name.empty()) facts_.selected.push_back(output.source);
}

// Only where nothing but tables is sorted: what a subquery or TABLESAMPLE gives may be few rows.
void Analyzer::random_sort(const PgQuery__SelectStmt& stmt, const Scope& scope) {
  static const std::set<std::string> random = {"random", "gen_random_uuid", "uuid_generate_v4"};
  const NodeList sort(stmt.n_sort_clause, stmt.sort_clause);
  if (!own() || std::none_of(sort.begin(), sort.end(),
                             [](const Node* node) { return calls_of(node->sort_by->node, random) > 0; }))
    return;
  if (std::any_of(scope.items.begin(), scope.items.end(),
                  [](const Item& item) { return item.table.name.empty(); }))
    return;
  for (const Item& item : scope.items) facts_.random_sort.push_back(item.table);
}

void Analyzer::order_and_limit(const PgQuery__SelectStmt& stmt, Scope& scope,
                               const std::vector<Output>& outputs) {
  for (const Node* node : NodeList(stmt.n_sort_clause, stmt.sort_clause)) {
    const PgQuery__SortBy& sort = *node->sort_by;
    SortKey key;
    key.descending = sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    key.nulls_first = sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT
                          ? key.descending
                          : sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
    if (is(sort.node, PG_QUERY__NODE__NODE_COLUMN_REF)) {
      const PgQuery__ColumnRef& reference = *sort.node->column_ref;
      const auto by_name = [&](const Output& o) { return o.name == string_value(reference.fields[0]); };
      const auto named =
          reference.n_fields == 1 ? std::find_if(outputs.begin(), outputs.end(), by_name) : outputs.end();
      if (named != outputs.end()) key.column = named->source;
      else if (const Output* column = resolve(reference, scope)) key.column = column->source;
    } else if (const Constant position = constant(sort.node); position.is_constant) {
      std::size_t n = 0;
      std::from_chars(position.text.data(), position.text.data() + position.text.size(), n);
      if (n >= 1 && n <= outputs.size()) key.column = outputs[n - 1].source;
    }
    facts_.sort.push_back(std::move(key));
  }
  const auto number = [](const Constant& of) -> std::optional<long> {
    long value = 0;
    const char* const last = of.text.data() + of.text.size();
    const auto [end, code] = std::from_chars(of.text.data(), last, value);
    return of.is_constant && !of.is_null && code == std::errc() && end == last ? std::optional(value)
                                                                               : std::nullopt;
  };
  const Constant limit = constant(stmt.limit_count);
  const Constant offset = constant(stmt.limit_offset);
  facts_.has_limit = stmt.limit_count && !limit.is_null;
  facts_.limit_constant = number(limit);
  facts_.has_offset = stmt.limit_offset && !offset.is_null;
  facts_.largest_offset = number(offset);
  facts_.limit_parameter = parameter_of(stmt.limit_count);
  facts_.offset_parameter = parameter_of(stmt.limit_offset);
}

std::vector<Output> Analyzer::targets(NodeList list, Scope& scope) {
  std::vector<Output> outputs;
  const auto add = [&](Output output) {
    if (outputs.size() < max_columns) outputs.push_back(std::move(output));
  };
  for (const Node* node : list) {
    if (!is(node, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    const PgQuery__ResTarget& target = *node->res_target;
    if (is_star(target.val)) {
      const std::size_t fields =
          target.val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ? target.val->column_ref->n_fields : 1;
      const std::string of = fields > 1 ? string_value(target.val->column_ref->fields[fields - 2]) : "";
      for (const Item& item : scope.items)
        if (of.empty() || item.alias == of) std::for_each(item.columns.begin(), item.columns.end(), add);
      continue;
    }
    expression(target.val, scope);
    Output output;
    output.type = result_type(target.val, scope);
    if (is(target.val, PG_QUERY__NODE__NODE_COLUMN_REF))
      if (const Output* column = resolve(*target.val->column_ref, scope)) output = *column;
    output.name = target.name[0] ? target.name : figure_name(target.val);
    if (output.name.empty()) output.name = "?column?";
    add(std::move(output));
  }
  return outputs;
}

std::vector<Output> Analyzer::insert(const PgQuery__InsertStmt& stmt, const Scope* outer) {
  Ctes ctes;
  const Ctes* const before = ctes_;
  with(stmt.with_clause, outer, ctes);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  if (!outer && facts_.kind == StatementKind::insert) target(scope);
  const Node* source = stmt.select_stmt;
  if (!outer)
    facts_.single_row_insert =
        !source || (is(source, PG_QUERY__NODE__NODE_SELECT_STMT) && source->select_stmt->n_values_lists == 1);
  query(source, outer);
  if (!scope.items.empty()) assigned_by_insert(stmt, scope.items[0]);
  if (const auto* conflict = stmt.on_conflict_clause) {
    Scope excluded = scope;
    if (!scope.items.empty())
      excluded.items.push_back(scope.items[0]), excluded.items.back().alias = "excluded";
    for (const Node* node : NodeList(conflict->n_target_list, conflict->target_list))
      expression(node, excluded);
    expression(conflict->where_clause, excluded);
    if (!scope.items.empty())
      for (const Node* node : NodeList(conflict->n_target_list, conflict->target_list))
        updated(scope.items[0], node, conflict, excluded);
  }
  auto outputs = targets(NodeList(stmt.n_returning_list, stmt.returning_list), scope);
  ctes_ = before;
  return outputs;
}

// `column` is given `value`, where that is $n, cast or not.
void Analyzer::assigned(const Item& target, std::string_view column, const Node* value) {
  while (is(value, PG_QUERY__NODE__NODE_TYPE_CAST)) value = value->type_cast->arg;
  if (!is(value, PG_QUERY__NODE__NODE_PARAM_REF)) return;
  for (const Output& own : target.columns)
    if (own.name == column && !own.source.table.name.empty())
      facts_.assigned_parameters.push_back({own.source, value->param_ref->number});
}

void Analyzer::assigned_by_insert(const PgQuery__InsertStmt& stmt, const Item& target) {
  if (!is(stmt.select_stmt, PG_QUERY__NODE__NODE_SELECT_STMT)) return;
  const PgQuery__SelectStmt& source = *stmt.select_stmt->select_stmt;
  for (const Node* row : NodeList(source.n_values_lists, source.values_lists)) {
    if (!is(row, PG_QUERY__NODE__NODE_LIST)) continue;
    for (std::size_t i = 0; i < row->list->n_items; ++i) {
      if (i < stmt.n_cols && is(stmt.cols[i], PG_QUERY__NODE__NODE_RES_TARGET))
        assigned(target, stmt.cols[i]->res_target->name, row->list->items[i]);
      else if (stmt.n_cols == 0 && i < target.columns.size())
        assigned(target, target.columns[i].name, row->list->items[i]);
    }
  }
}

std::vector<Output> Analyzer::update(const PgQuery__UpdateStmt& stmt, const Scope* outer) {
  Ctes ctes;
  const Ctes* const before = ctes_;
  with(stmt.with_clause, outer, ctes);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  from(NodeList(stmt.n_from_clause, stmt.from_clause), scope);
  for (const Node* node : NodeList(stmt.n_target_list, stmt.target_list)) {
    expression(node, scope);
    if (is(node, PG_QUERY__NODE__NODE_RES_TARGET) && !scope.items.empty()) {
      assigned(scope.items[0], node->res_target->name, node->res_target->val);
      updated(scope.items[0], node, nullptr, scope);
    }
  }
  if (!outer && facts_.kind == StatementKind::update)
    target(scope), facts_.has_where = stmt.where_clause != nullptr;
  condition(stmt.where_clause, scope, false);
  auto outputs = targets(NodeList(stmt.n_returning_list, stmt.returning_list), scope);
  ctes_ = before;
  return outputs;
}

void Analyzer::target(const Scope& scope) {
  if (scope.items.empty()) return;
  facts_.from_derived = std::any_of(scope.items.begin(), scope.items.end(),
                                    [](const Item& item) { return item.table.name.empty(); });
  facts_.target = scope.items[0].table;
}

void Analyzer::updated(const Item& target, const Node* node, const PgQuery__OnConflictClause* conflict,
                       const Scope& scope) {
  if (!is(node, PG_QUERY__NODE__NODE_RES_TARGET)) return;
  const std::string name = node->res_target->name;
  // DO UPDATE SET key = EXCLUDED.key changes nothing: that is how the row is returned.
  if (conflict && conflict->infer)
    for (const Node* key : NodeList(conflict->infer->n_index_elems, conflict->infer->index_elems))
      if (is(key, PG_QUERY__NODE__NODE_INDEX_ELEM) && name == key->index_elem->name) return;
  const auto itself = [&](const Node& part) {
    if (part.node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return false;
    const auto fields = strings(NodeList(part.column_ref->n_fields, part.column_ref->fields));
    const Output* column = resolve(*part.column_ref, scope);
    return column && column->name == name && column->source.table == target.table &&
           (fields.size() < 2 || fields[fields.size() - 2] != "excluded");
  };
  for (const Output& own : target.columns) {
    if (own.name != name || own.source.table.name.empty()) continue;
    Assignment assignment{own.source, false};
    if (node->res_target->val)
      each_node(message(*node->res_target->val),
                [&](const Node& part) { return assignment.from_itself |= itself(part), true; });
    facts_.updated.push_back(std::move(assignment));
  }
}

std::vector<Output> Analyzer::delete_(const PgQuery__DeleteStmt& stmt, const Scope* outer) {
  Ctes ctes;
  const Ctes* const before = ctes_;
  with(stmt.with_clause, outer, ctes);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  from(NodeList(stmt.n_using_clause, stmt.using_clause), scope);
  if (!outer && facts_.kind == StatementKind::delete_)
    target(scope), facts_.has_where = stmt.where_clause != nullptr;
  condition(stmt.where_clause, scope, false);
  auto outputs = targets(NodeList(stmt.n_returning_list, stmt.returning_list), scope);
  ctes_ = before;
  return outputs;
}

std::vector<Output> Analyzer::merge(const PgQuery__MergeStmt& stmt, const Scope* outer) {
  Ctes ctes;
  const Ctes* const before = ctes_;
  with(stmt.with_clause, outer, ctes);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  if (!outer && facts_.kind == StatementKind::merge) target(scope), facts_.has_where = true;
  from_item(stmt.source_relation, scope);
  condition(stmt.join_condition, scope, false);
  for (const Node* node : NodeList(stmt.n_merge_when_clauses, stmt.merge_when_clauses))
    expression(node, scope);
  ctes_ = before;
  return {};
}

// ---- FROM

void Analyzer::from(NodeList list, Scope& scope) {
  for (const Node* node : list) from_item(node, scope);
}

void Analyzer::rename(Item& item, const PgQuery__Alias* alias) {
  if (!alias) return;
  item.alias = alias->aliasname;
  item.schema_name = {};
  const auto names = strings(NodeList(alias->n_colnames, alias->colnames));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < item.columns.size()) item.columns[i].name = names[i];
    else item.columns.push_back({names[i], {}, {}, {}});
  }
}

// Where an output of the view is a column of a table, the item's column stands for that one.
void Analyzer::look_through(const Table& view, Item& item) {
  if (view.definition.empty() || view_depth_ >= deepest_view || views_opened_ >= max_views) return;
  ++views_opened_;
  with_stack(tree_depth(view.definition), [&] {
    const auto tree = Tree::parse(view.definition);
    if (!tree || tree->size() != 1) return;
    const Ctes* outer = std::exchange(ctes_, nullptr);
    ++view_depth_;
    const auto outputs = query(tree->statement(0), nullptr);
    --view_depth_;
    ctes_ = outer;
    if (outputs.size() != item.columns.size()) return;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (!outputs[i].source.table.name.empty()) item.columns[i].source = outputs[i].source;
  });
}

Analyzer::Item Analyzer::relation(const PgQuery__RangeVar& range, bool written) {
  Item item;
  item.alias = range.relname;
  const std::string schema = range.schemaname;
  if (schema.empty() && !written)
    for (const Ctes* level = ctes_; level; level = level->parent)
      if (const auto it = level->by_name.find(range.relname); it != level->by_name.end()) {
        item = it->second;
        rename(item, range.alias);
        return item;
      }
  const Table* table = nullptr;
  if (!schema.empty()) table = catalog_.table({schema, range.relname});
  else
    for (const auto& candidate : search_path_)
      if ((table = catalog_.table({candidate, range.relname}))) break;
  if (table) {
    item.schema_name = item.table = table->name;
    for (const Column& column : table->columns)
      item.columns.push_back({column.name, {table->name, column.name}, column.type, column.collation});
    facts_.relations.push_back({table->name, range.alias ? range.alias->aliasname : std::string(), written,
                                generated_ > 0, view_depth_ > 0});
    reads_.insert(table->name);
    if (through_views_ && table->kind == Table::Kind::view && !written) look_through(*table, item);
  } else {
    item.complete = false;
    item.table = {schema, range.relname};
    const bool system = schema == "pg_catalog" || schema == "information_schema" ||
                        (schema.empty() && starts_with_nocase(range.relname, "pg_"));
    if (system) facts_.catalog_query = true;
    else facts_.unknown_relations.push_back({schema, range.relname});
  }
  rename(item, range.alias);
  return item;
}

void Analyzer::from_item(const Node* node, Scope& scope) {
  if (!node) return;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR: scope.items.push_back(relation(*node->range_var, false)); break;
    case PG_QUERY__NODE__NODE_JOIN_EXPR: join(*node->join_expr, scope); break;
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: {
      const PgQuery__RangeSubselect& sub = *node->range_subselect;
      const bool generated = sub.lateral && builds_json(sub.subquery);
      generated_ += generated;
      json_depth_ += generated && own();
      facts_.json_depth = std::max(facts_.json_depth, json_depth_);
      Item item;
      item.columns = query(sub.subquery, sub.lateral ? &scope : scope.parent);
      item.complete = !item.columns.empty();
      generated_ -= generated;
      json_depth_ -= generated && own();
      rename(item, sub.alias);
      scope.items.push_back(std::move(item));
      break;
    }
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION: {
      const PgQuery__RangeFunction& function = *node->range_function;
      Item item;
      item.complete = false;
      for (const Node* part : NodeList(function.n_functions, function.functions)) {
        expression(part, scope);
        if (is(part, PG_QUERY__NODE__NODE_LIST) && part->list->n_items && part->list->items[0])
          item.alias = figure_name(part->list->items[0]);
      }
      for (const Node* definition : NodeList(function.n_coldeflist, function.coldeflist))
        if (is(definition, PG_QUERY__NODE__NODE_COLUMN_DEF))
          item.columns.push_back(
              {definition->column_def->colname, {}, type_spelling(definition->column_def->type_name), {}});
      rename(item, function.alias);
      scope.items.push_back(std::move(item));
      break;
    }
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
      from_item(node->range_table_sample->relation, scope);
      if (!scope.items.empty()) scope.items.back().table = {};
      break;
    default: {
      expression(node, scope);
      Item item;
      item.complete = false;
      scope.items.push_back(std::move(item));
    }
  }
}

void Analyzer::join(const PgQuery__JoinExpr& expr, Scope& scope) {
  const std::size_t left = scope.items.size();
  from_item(expr.larg, scope);
  const std::size_t right = scope.items.size();
  from_item(expr.rarg, scope);
  join_columns(expr, scope, left, right);
  // ON sees the two sides and, for what it is inside of, the outer query; items further to the left do no
  // harm.
  condition(expr.quals, scope, false);
  if (expr.alias) {
    Item item;
    for (std::size_t i = left; i < scope.items.size(); ++i) {
      item.complete &= scope.items[i].complete;
      for (const Output& column : scope.items[i].columns)
        if (item.columns.size() < max_columns) item.columns.push_back(column);
    }
    rename(item, expr.alias);
    scope.items.resize(left);
    scope.items.push_back(std::move(item));
  }
}

// USING and NATURAL: equalities of the columns of the same name.
void Analyzer::join_columns(const PgQuery__JoinExpr& expr, Scope& scope, std::size_t left,
                            std::size_t right) {
  const auto find = [&](std::size_t from, std::size_t to, const std::string& name) -> const Output* {
    for (std::size_t i = from; i < to; ++i)
      for (const Output& column : scope.items[i].columns)
        if (column.name == name) return &column;
    return nullptr;
  };
  auto names = strings(NodeList(expr.n_using_clause, expr.using_clause));
  if (expr.is_natural)
    for (std::size_t i = left; i < right; ++i)
      for (const Output& column : scope.items[i].columns)
        if (find(right, scope.items.size(), column.name)) names.push_back(column.name);
  for (const auto& name : names) {
    const Output* a = find(left, right, name);
    const Output* b = find(right, scope.items.size(), name);
    if (!a || !b || (a->source.table.name.empty() && b->source.table.name.empty())) continue;
    Predicate predicate;
    predicate.op = Op::equality;
    predicate.op_name = "=";
    predicate.value = Predicate::Value::column;
    predicate.column = a->source.table.name.empty() ? b->source : a->source;
    predicate.other = a->source.table.name.empty() ? a->source : b->source;
    facts_.predicates.push_back(std::move(predicate));
  }
}

// ---- conditions

const Output* Analyzer::resolve(const PgQuery__ColumnRef& reference, const Scope& scope) const {
  const auto fields = strings(NodeList(reference.n_fields, reference.fields));
  if (fields.empty() || fields.back().empty()) return nullptr;
  const std::string& name = fields.back();
  for (const Scope* level = &scope; level; level = level->parent) {
    for (const Item& item : level->items) {
      if (fields.size() == 2 && item.alias != fields[0]) continue;
      if (fields.size() >= 3 && (item.schema_name.name != fields[fields.size() - 2] ||
                                 item.schema_name.schema != fields[fields.size() - 3]))
        continue;
      for (const Output& column : item.columns)
        if (column.name == name) return &column;
      if (fields.size() >= 2) return nullptr;
    }
    // It may be a column of what is not known here: the outer levels must not claim it.
    if (fields.size() == 1 && std::any_of(level->items.begin(), level->items.end(),
                                          [](const Item& item) { return !item.complete; }))
      return nullptr;
  }
  return nullptr;
}

const Output* Analyzer::first_column(const ProtobufCMessage& part, const Scope& scope) const {
  const Output* found = nullptr;
  each_node(part, [&](const Node& node) {
    if (!found && node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      const Output* column = resolve(*node.column_ref, scope);
      if (column && !column->source.table.name.empty()) found = column;
    }
    return !found && node.node_case != PG_QUERY__NODE__NODE_SUB_LINK;
  });
  return found;
}

std::string Analyzer::result_type(const Node* node, const Scope& scope) const {
  if (!node) return {};
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_TYPE_CAST: return type_spelling(node->type_cast->type_name);
    case PG_QUERY__NODE__NODE_COLUMN_REF: {
      const Output* column = resolve(*node->column_ref, scope);
      return column ? column->type : std::string();
    }
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
    case PG_QUERY__NODE__NODE_NULL_TEST:
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST: return "boolean";
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return result_type(node->collate_clause->arg, scope);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      for (const Node* arg : NodeList(node->coalesce_expr->n_args, node->coalesce_expr->args))
        if (auto type = result_type(arg, scope); !type.empty()) return type;
      return {};
    case PG_QUERY__NODE__NODE_A_CONST:
      switch (node->a_const->val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL: return "integer";
        case PG_QUERY__A__CONST__VAL_BOOLVAL: return "boolean";
        case PG_QUERY__A__CONST__VAL_FVAL: return "numeric";
        default: return "text";
      }
    case PG_QUERY__NODE__NODE_FUNC_CALL: {
      static const std::map<std::string, std::string> types = {{"count", "bigint"},
                                                               {"row_number", "bigint"},
                                                               {"rank", "bigint"},
                                                               {"dense_rank", "bigint"},
                                                               {"now", "timestamp with time zone"},
                                                               {"lower", "text"},
                                                               {"upper", "text"},
                                                               {"concat", "text"},
                                                               {"json_agg", "json"},
                                                               {"jsonb_agg", "jsonb"},
                                                               {"string_agg", "text"},
                                                               {"bool_or", "boolean"},
                                                               {"bool_and", "boolean"},
                                                               {"json_build_object", "json"},
                                                               {"jsonb_build_object", "jsonb"}};
      const auto it = types.find(string_value(node->func_call->funcname[node->func_call->n_funcname - 1]));
      return it == types.end() ? std::string() : it->second;
    }
    default: return {};
  }
}

Analyzer::Side Analyzer::side(const Node* node, const Scope& scope) const {
  Side out;
  if (!node) return out;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF: {
      out.has_column = true;
      if (const Output* column = resolve(*node->column_ref, scope)) out.column = column->source;
      if (out.column.column.empty() && node->column_ref->n_fields)
        out.column.column = string_value(node->column_ref->fields[node->column_ref->n_fields - 1]);
      return out;
    }
    case PG_QUERY__NODE__NODE_PARAM_REF:
      out.value = Predicate::Value::parameter;
      out.parameter = node->param_ref->number;
      return out;
    case PG_QUERY__NODE__NODE_TYPE_CAST: {
      const Node* inner = node->type_cast->arg;
      out = side(inner, scope);
      const std::string to = type_spelling(node->type_cast->type_name);
      if (!out.has_column) return out.cast = to, out;
      if (out.wrapper != "expression" && !harmless_cast(result_type(inner, scope), to))
        out.wrapper = "::" + to;
      return out;
    }
    case PG_QUERY__NODE__NODE_SUB_LINK: return out;
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: return list_side(node, scope);
    default: break;
  }
  if (const Constant value = constant(node); value.is_constant) {
    out.value = Predicate::Value::constant;
    if (!value.is_null) out.constant = value.text;
    return out;
  }
  const Output* column = first_column(message(*node), scope);
  if (!column) return out.beginning = beginning_of(node), out;
  out.has_column = true;
  out.column = column->source;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_FUNC_CALL: out.wrapper = function_name(*node->func_call); break;
    case PG_QUERY__NODE__NODE_COALESCE_EXPR: out.wrapper = "coalesce"; break;
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: out.wrapper = "collate"; break;
    case PG_QUERY__NODE__NODE_A_EXPR:
      out.wrapper = pgadvise::join(strings(NodeList(node->a_expr->n_name, node->a_expr->name)), ".");
      break;
    default: out.wrapper = figure_name(node);
  }
  const bool into_json = out.wrapper.starts_with("->");
  if (out.wrapper.empty() || (!into_json && columns_in(message(*node)) > 1)) out.wrapper = "expression";
  return out;
}

// IN (…), ARRAY[…]: parameter or constant when every element is one.
Analyzer::Side Analyzer::list_side(const Node* node, const Scope& scope) const {
  NodeList list;
  if (is(node, PG_QUERY__NODE__NODE_LIST)) list = NodeList(node->list->n_items, node->list->items);
  if (is(node, PG_QUERY__NODE__NODE_A_ARRAY_EXPR))
    list = NodeList(node->a_array_expr->n_elements, node->a_array_expr->elements);
  Side out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Side element = side(list[i], scope);
    if (element.has_column) return {};
    if (i == 0) out = std::move(element);
    else if (element.value != out.value) return {};
  }
  return out;
}

void Analyzer::take_expression(Predicate& predicate, const Node& node, const Scope& scope) const {
  const Table* table = catalog_.table(predicate.column.table);
  const auto found =
      index_expression(node, [&](const PgQuery__ColumnRef& reference) -> std::optional<std::string> {
        const Output* output = resolve(reference, scope);
        if (!table || !output || output->source.table != predicate.column.table || !reference.n_fields)
          return std::nullopt;
        // A derived table's own name for it is none of the table's.
        if (output->source.column != string_value(reference.fields[reference.n_fields - 1]))
          return std::nullopt;
        const Column* column = table->column(output->source.column);
        return column ? std::optional(column->type) : std::nullopt;
      });
  if (!found) return;
  predicate.expression = found->sql;
  predicate.expression_names = found->names_only;
}

void Analyzer::add_comparison(Predicate predicate, const Node* left, const Node* right, Scope& scope) {
  Side a = side(left, scope);
  Side b = is(right, PG_QUERY__NODE__NODE_LIST) ? list_side(right, scope) : side(right, scope);
  a.node = left;
  b.node = right;
  // The bare column of the two is the one that an index may serve.
  const bool turn =
      b.has_column && (!a.has_column || (a.column.table.name.empty() && !b.column.table.name.empty()) ||
                       (!a.wrapper.empty() && b.wrapper.empty() && !b.column.table.name.empty()));
  if (turn && predicate.op != Op::in_list) {
    std::swap(a, b);
    predicate.op_name = commuted(predicate.op_name);
    if (predicate.op == Op::like) predicate.op = Op::other;  // 'x' LIKE column
  }
  if (!a.has_column) return;
  predicate.column = std::move(a.column);
  predicate.wrapper = std::move(a.wrapper);
  if (!predicate.wrapper.empty() && !predicate.column.table.name.empty() && !b.has_column)
    take_expression(predicate, *a.node, scope);
  if (b.has_column) {
    predicate.value = Predicate::Value::column;
    predicate.other = std::move(b.column);
  } else {
    predicate.value = b.value;
    predicate.constant = std::move(b.constant);
    predicate.parameter = b.parameter;
    predicate.value_type = std::move(b.cast);
    if (predicate.op == Op::like)
      predicate.leading_wildcard = begins_with_wildcard(predicate.constant.value_or(b.beginning));
  }
  facts_.predicates.push_back(std::move(predicate));
}

void Analyzer::row_comparison(const PgQuery__AExpr& expr, Scope& scope, bool under_or) {
  const std::string name = string_value(expr.name[expr.n_name - 1]);
  const PgQuery__RowExpr& left = *expr.lexpr->row_expr;
  const PgQuery__RowExpr* right =
      is(expr.rexpr, PG_QUERY__NODE__NODE_ROW_EXPR) ? expr.rexpr->row_expr : nullptr;
  const bool in = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN;
  // (a, b) > (x, y) bounds a alone; equality and IN bind each column.
  const std::size_t bound = in || name == "=" ? left.n_args : 1;
  for (std::size_t i = 0; i < bound && i < left.n_args; ++i) {
    Predicate predicate;
    predicate.op = in ? (name == "=" ? Op::in_list : Op::other) : op_of(name);
    predicate.op_name = name;
    predicate.under_or = under_or;
    add_comparison(std::move(predicate), left.args[i], right && i < right->n_args ? right->args[i] : nullptr,
                   scope);
  }
}

void Analyzer::list_length(const Node* node) {
  while (is(node, PG_QUERY__NODE__NODE_TYPE_CAST)) node = node->type_cast->arg;
  const std::size_t values = is(node, PG_QUERY__NODE__NODE_LIST)           ? node->list->n_items
                             : is(node, PG_QUERY__NODE__NODE_A_ARRAY_EXPR) ? node->a_array_expr->n_elements
                                                                           : 0;
  if (own()) facts_.longest_list = std::max(facts_.longest_list, values);
}

void Analyzer::count_test(const PgQuery__AExpr& expr, bool (*counts)(const Node*)) {
  if (expr.kind != PG_QUERY__A__EXPR__KIND__AEXPR_OP || !own() || !expr.n_name) return;
  const bool left = counts(expr.lexpr);
  if (!left && !counts(expr.rexpr)) return;
  const std::string name = string_value(expr.name[expr.n_name - 1]);
  const Node* other = left ? expr.rexpr : expr.lexpr;
  while (is(other, PG_QUERY__NODE__NODE_TYPE_CAST)) other = other->type_cast->arg;
  const Constant number = constant(other);
  if (number.is_constant && asks_whether_any(left ? name : commuted(name), number.text))
    facts_.count_test = CountTest::existence;
  else if (facts_.count_test == CountTest::none &&
           (number.is_constant || is(other, PG_QUERY__NODE__NODE_PARAM_REF)))
    facts_.count_test = CountTest::value;
}

void Analyzer::comparison(const PgQuery__AExpr& expr, Scope& scope, bool under_or) {
  expression(expr.lexpr, scope);
  expression(expr.rexpr, scope);
  count_test(expr, is_count_query);
  if (expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN || expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY)
    list_length(expr.rexpr);
  if (is(expr.lexpr, PG_QUERY__NODE__NODE_ROW_EXPR)) return row_comparison(expr, scope, under_or);
  Predicate predicate;
  predicate.under_or = under_or;
  predicate.op_name = expr.n_name ? string_value(expr.name[expr.n_name - 1]) : std::string();
  const Node* right = expr.rexpr;
  switch (expr.kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
    case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE: predicate.op = op_of(predicate.op_name); break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
      // $1 = ANY (column) searches inside an array column: no list of values for one column.
      predicate.op = predicate.op_name == "=" && !side(right, scope).has_column ? Op::in_list : Op::other;
      predicate.more_parameters = parameters_behind_first(right);
      predicate.takes_array = expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY && parameter_of(right) > 0;
      break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM: {
      predicate.op = Op::range;
      predicate.more_parameters = parameters_behind_first(right);
      if (is(right, PG_QUERY__NODE__NODE_LIST) && right->list->n_items) right = right->list->items[0];
      break;
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT: predicate.op_name = "IS DISTINCT FROM"; break;
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT: predicate.op_name = "IS NOT DISTINCT FROM"; break;
    default: break;
  }
  add_comparison(std::move(predicate), expr.lexpr, right, scope);
}

void Analyzer::boolean_column(const Node* node, Scope& scope, bool value, bool under_or) {
  const Output* column = resolve(*node->column_ref, scope);
  if (!column || column->source.table.name.empty()) return;
  Predicate predicate;
  predicate.column = column->source;
  predicate.op = Op::equality;
  predicate.op_name = "=";
  predicate.value = Predicate::Value::constant;
  predicate.constant = value ? "true" : "false";
  predicate.under_or = under_or;
  facts_.predicates.push_back(std::move(predicate));
}

// The subquery's own predicates are those from `first_predicate` on.
void Analyzer::not_in(const PgQuery__SubLink& link, const std::vector<Output>& outputs,
                      std::size_t first_predicate, bool unknown_relations) {
  if (!own() || outputs.empty()) return;
  NotInSubquery found;
  found.column = outputs[0].source;
  const PgQuery__SelectStmt* sub =
      is(link.subselect, PG_QUERY__NODE__NODE_SELECT_STMT) ? link.subselect->select_stmt : nullptr;
  if (found.column.table.name.empty() && unknown_relations && sub && sub->n_target_list &&
      is(sub->target_list[0], PG_QUERY__NODE__NODE_RES_TARGET) &&
      is(sub->target_list[0]->res_target->val, PG_QUERY__NODE__NODE_COLUMN_REF))
    found.column.column = outputs[0].name;
  for (std::size_t i = first_predicate; i < facts_.predicates.size(); ++i) {
    const Predicate& predicate = facts_.predicates[i];
    const bool same = predicate.column == found.column ||
                      (predicate.value == Predicate::Value::column && predicate.other == found.column);
    found.nulls_left_out |= same && !predicate.under_or && predicate.op != Op::is_null &&
                            predicate.op_name.find("DISTINCT") == std::string::npos;
  }
  facts_.not_in.push_back(std::move(found));
}

void Analyzer::sub_link(const PgQuery__SubLink& link, Scope& scope, bool under_or, bool negated) {
  const std::size_t predicates_before = facts_.predicates.size();
  const std::size_t unknown_before = facts_.unknown_relations.size();
  const auto outputs = query(link.subselect, &scope);
  const bool all = link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK && link.n_oper_name &&
                   string_value(link.oper_name[link.n_oper_name - 1]) == "<>";
  if (negated || all)
    not_in(link, outputs, predicates_before, facts_.unknown_relations.size() > unknown_before);
  expression(link.testexpr, scope);
  if (link.sub_link_type != PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK || !link.testexpr) return;
  const std::string name = link.n_oper_name ? string_value(link.oper_name[link.n_oper_name - 1]) : "=";
  const Node* row[] = {link.testexpr};
  const bool is_row = is(link.testexpr, PG_QUERY__NODE__NODE_ROW_EXPR);
  const std::size_t count = is_row ? link.testexpr->row_expr->n_args : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const Side left = side(is_row ? link.testexpr->row_expr->args[i] : row[0], scope);
    if (!left.has_column || left.column.table.name.empty()) continue;
    Predicate predicate;
    predicate.column = left.column;
    predicate.wrapper = left.wrapper;
    predicate.op = name == "=" ? Op::in_list : Op::other;
    predicate.op_name = name;
    predicate.under_or = under_or;
    if (i < outputs.size() && !outputs[i].source.table.name.empty()) {
      predicate.value = Predicate::Value::column;
      predicate.other = outputs[i].source;
    }
    facts_.predicates.push_back(std::move(predicate));
  }
}

void Analyzer::condition(const Node* node, Scope& scope, bool under_or) {
  if (!node) return;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_BOOL_EXPR: {
      const PgQuery__BoolExpr& expr = *node->bool_expr;
      const NodeList args(expr.n_args, expr.args);
      if (expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR && args.size() == 1 &&
          is(args[0], PG_QUERY__NODE__NODE_COLUMN_REF))
        return boolean_column(args[0], scope, false, under_or);
      if (expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR && args.size() == 1 &&
          is(args[0], PG_QUERY__NODE__NODE_SUB_LINK))
        return sub_link(*args[0]->sub_link, scope, true,
                        args[0]->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK);
      const bool inside = under_or || expr.boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
      for (const Node* arg : args) condition(arg, scope, inside);
      return;
    }
    case PG_QUERY__NODE__NODE_A_EXPR: return comparison(*node->a_expr, scope, under_or);
    case PG_QUERY__NODE__NODE_SUB_LINK: return sub_link(*node->sub_link, scope, under_or);
    case PG_QUERY__NODE__NODE_COLUMN_REF: return boolean_column(node, scope, true, under_or);
    case PG_QUERY__NODE__NODE_NULL_TEST:
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST: {
      const bool null_test = node->node_case == PG_QUERY__NODE__NODE_NULL_TEST;
      const Node* arg = null_test ? node->null_test->arg : node->boolean_test->arg;
      expression(arg, scope);
      const Side left = side(arg, scope);
      if (!left.has_column || left.column.table.name.empty()) return;
      Predicate predicate;
      predicate.column = left.column;
      predicate.wrapper = left.wrapper;
      predicate.under_or = under_or;
      if (null_test) {
        const bool null = node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
        predicate.op = null ? Op::is_null : Op::is_not_null;
        predicate.op_name = null ? "IS NULL" : "IS NOT NULL";
      } else {
        switch (node->boolean_test->booltesttype) {
          case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE:
          case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE:
            predicate.op = Op::equality;
            predicate.op_name = "=";
            predicate.value = Predicate::Value::constant;
            predicate.constant =
                node->boolean_test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_TRUE ? "true" : "false";
            break;
          default: predicate.op_name = "IS";
        }
      }
      facts_.predicates.push_back(std::move(predicate));
      return;
    }
    default: expression(node, scope);
  }
}

void Analyzer::scalar_query(const PgQuery__SubLink& link, Scope& scope) {
  const bool json = own() && builds_json(link.subselect);
  json_depth_ += json;
  facts_.json_depth = std::max(facts_.json_depth, json_depth_);
  query(link.subselect, &scope);
  json_depth_ -= json;
  expression(link.testexpr, scope);
}

void Analyzer::expression(const Node* root, Scope& scope) {
  if (!root) return;
  each_node(message(*root), [&](const Node& node) {
    if (node.node_case == PG_QUERY__NODE__NODE_FUNC_CALL) {
      std::string name = function_name(*node.func_call);
      if (seen_functions_.insert(name).second) facts_.functions.push_back(std::move(name));
    } else if (node.node_case == PG_QUERY__NODE__NODE_SUB_LINK) {
      if (node.sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK && &node != root) {
        sub_link(*node.sub_link, scope, true);  // its outcome is used in an expression: does not narrow alone
      } else {
        scalar_query(*node.sub_link, scope);
      }
      return false;
    } else if (node.node_case == PG_QUERY__NODE__NODE_A_EXPR) {
      count_test(*node.a_expr, is_count_query);
    }
    return true;
  });
}

}  // namespace pgadvise::sql
