#include "sql/facts/analyzer.h"

#include <algorithm>
#include <utility>

#include "base/text/text.h"
#include "sql/facts/clauses.h"
#include "sql/parse/lexer.h"
#include "sql/parse/query_shape.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {

static constexpr int deepest_view = 16;
static constexpr int max_views = 64;  // of one statement

static bool has_subquery(const Node* node) {
  bool found = false;
  each_node(message(*node), [&](const Node& part) {
    found = found || part.node_case == NODE(SUB_LINK);
    return !found;
  });
  return found;
}

// c, if the target is min(c) or max(c) of one column.
static const Node* extreme(const Node* target) {
  if (!is(target, NODE(RES_TARGET))) return nullptr;
  const Node* value = target->res_target->val;
  if (!is(value, NODE(FUNC_CALL))) return nullptr;
  const PgQuery__FuncCall& call = *value->func_call;
  const std::string name = last_name(call);
  return (name == "min" || name == "max") && call.n_args == 1 && !call.agg_filter && !call.over &&
                 is(call.args[0], NODE(COLUMN_REF))
             ? call.args[0]
             : nullptr;
}

std::vector<Output> Analyzer::analyze(const Node& node) {
  facts_.parsed = true;
  each_node(message(node), [&](const Node& part) {
    if (part.node_case == NODE(PARAM_REF))
      facts_.parameters = std::max(facts_.parameters, part.param_ref->number);
    if (part.node_case == NODE(LOCKING_CLAUSE)) facts_.locks_rows = true;
    if (part.node_case == NODE(SELECT_STMT) && part.select_stmt->limit_count)
      facts_.limited |= !constant(part.select_stmt->limit_count).is_null;
    return true;
  });
  facts_.kind = statement_kind(node);
  if (const auto* made = created_table(node); made && std::string_view(made->relpersistence) == "t")
    facts_.creates_temporary = made->relname;
  switch (node.node_case) {
    case NODE(SELECT_STMT): return select(*node.select_stmt, nullptr, true);
    case NODE(DECLARE_CURSOR_STMT): return query(node.declare_cursor_stmt->query, nullptr);
    case NODE(CREATE_TABLE_AS_STMT): return query(node.create_table_as_stmt->query, nullptr);
    case NODE(EXPLAIN_STMT): return query(node.explain_stmt->query, nullptr);
    case NODE(PREPARE_STMT): return query(node.prepare_stmt->query, nullptr);
    case NODE(COPY_STMT): {
      if (node.copy_stmt->relation) relation(*node.copy_stmt->relation, node.copy_stmt->is_from);
      return query(node.copy_stmt->query, nullptr);
    }
    default: return query(&node, nullptr);
  }
}

std::vector<Output> Analyzer::query(const Node* node, const Scope* outer) {
  if (!node) return {};
  switch (node->node_case) {
    case NODE(SELECT_STMT): return select(*node->select_stmt, outer, false);
    case NODE(INSERT_STMT): return insert(*node->insert_stmt, outer);
    case NODE(UPDATE_STMT): return update(*node->update_stmt, outer);
    case NODE(DELETE_STMT): return delete_(*node->delete_stmt, outer);
    case NODE(MERGE_STMT): return merge(*node->merge_stmt, outer);
    default: return {};
  }
}

Analyzer::With::With(Analyzer& analyzer, const PgQuery__WithClause* clause, const Scope* outer)
    : analyzer_(analyzer) {
  ctes_.parent = std::exchange(analyzer.ctes_, &ctes_);
  if (!clause) return;
  for (const Node* node : NODES(*clause, ctes)) {
    const PgQuery__CommonTableExpr& cte = *node->common_table_expr;
    FromItem item;
    item.alias = cte.ctename;
    item.complete = false;
    if (clause->recursive) ctes_.by_name[cte.ctename] = item;  // stands in for itself while it is read
    item.columns = analyzer.query(cte.ctequery, outer);
    item.complete = !item.columns.empty();
    const auto names = strings(NODES(cte, aliascolnames));
    for (std::size_t i = 0; i < names.size() && i < item.columns.size(); ++i) item.columns[i].name = names[i];
    ctes_.by_name[cte.ctename] = std::move(item);
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
      for (const Node* target : NODES(*arm, target_list))
        facts_.selects_all_columns |= is(target, NODE(RES_TARGET)) && is_star(target->res_target->val);
  for (Output& output : left) output.source = {};  // of two sources: of none
  Scope scope{outer, {}};
  if (outermost) order_and_limit(stmt, scope, left, facts_);
  return left;
}

std::vector<Output> Analyzer::select(const PgQuery__SelectStmt& stmt, const Scope* outer, bool outermost) {
  const With with(*this, stmt.with_clause, outer);
  std::vector<Output> outputs;
  if (stmt.op != PG_QUERY__SET_OPERATION__SETOP_NONE && stmt.larg && stmt.rarg) {
    outputs = set_operation(stmt, outer, outermost);
  } else {
    Scope scope{outer, {}};
    from(NODES(stmt, from_clause), scope);
    condition(stmt.where_clause, scope, false);
    outputs = targets(NODES(stmt, target_list), scope);
    if (outermost) describe_query(stmt, scope, outputs);
    if (outside_views()) random_sort(stmt, scope, facts_);
    // Where more is put out, or for each group, the count is wanted for itself.
    if (const NodeList only = NODES(stmt, target_list);
        only.size() == 1 && !stmt.n_group_clause && aggregates(only) == 1)
      each_node(message(*stmt.target_list[0]), [&](const Node& node) {
        if (node.node_case == NODE(A_EXPR) && outside_views())
          comparisons().note_count_test(*node.a_expr, is_count);
        return node.node_case != NODE(SUB_LINK);
      });
    for (const Node* row : NODES(stmt, values_lists)) expression(row, scope);
    const NodeList first_row = stmt.n_values_lists ? list_items(stmt.values_lists[0]) : NodeList();
    for (const Node* value : first_row)
      outputs.push_back({.name = "column" + std::to_string(outputs.size() + 1),
                         .source = {},
                         .type = result_type(value, scope),
                         .collation = {}});
    for (const auto& list : {NODES(stmt, group_clause), NODES(stmt, distinct_clause),
                             NODES(stmt, window_clause), NODES(stmt, sort_clause)})
      for (const Node* node : list) expression(node, scope);
    for (const Node* node : {stmt.having_clause, stmt.limit_count, stmt.limit_offset})
      expression(node, scope);
    if (outermost) order_and_limit(stmt, scope, outputs, facts_);
  }
  return outputs;
}

void Analyzer::describe_query(const PgQuery__SelectStmt& stmt, const Scope& scope,
                              const std::vector<Output>& outputs) {
  const NodeList list = NODES(stmt, target_list);
  for (const Node* target : list) facts_.selects_all_columns |= is_star(target->res_target->val);
  facts_.has_where = !filters_nothing(stmt.where_clause);
  facts_.grouped = stmt.n_group_clause > 0 || stmt.n_distinct_clause > 0;
  facts_.one_row = scope.items.empty() ? stmt.n_values_lists == 0
                                       : !stmt.n_group_clause && (aggregates(list) > 0 || stmt.having_clause);
  for (const FromItem& item : scope.items) {
    if (item.table.name.empty()) facts_.from_derived = true;
    else facts_.from.push_back(item.table);
  }
  for (const Output& output : outputs)
    if (output.of_table()) facts_.selected.push_back(output.source);
  if (!facts_.one_row || !std::ranges::all_of(list, extreme)) return;
  for (const Node* target : list)
    if (const Output* column = resolve(*extreme(target)->column_ref, scope); column && column->of_table())
      facts_.extremes.push_back(column->source);
}

std::vector<Output> Analyzer::targets(NodeList list, Scope& scope) {
  std::vector<Output> outputs;
  const auto add = [&](Output output) {
    if (outputs.size() < max_outputs) outputs.push_back(std::move(output));
  };
  for (const Node* node : list) {
    if (!is(node, NODE(RES_TARGET))) continue;
    const PgQuery__ResTarget& target = *node->res_target;
    if (is_star(target.val)) {
      const std::size_t fields =
          target.val->node_case == NODE(COLUMN_REF) ? target.val->column_ref->n_fields : 1;
      const std::string of = fields > 1 ? string_value(target.val->column_ref->fields[fields - 2]) : "";
      for (const FromItem& item : scope.items)
        if (of.empty() || item.alias == of) std::ranges::for_each(item.columns, add);
      continue;
    }
    expression(target.val, scope);
    Output output;
    output.type = result_type(target.val, scope);
    if (is(target.val, NODE(COLUMN_REF)))
      if (const Output* column = resolve(*target.val->column_ref, scope)) output = *column;
    output.name = target.name[0] ? target.name : figure_name(target.val);
    if (output.name.empty()) output.name = "?column?";
    add(std::move(output));
  }
  return outputs;
}

std::vector<Output> Analyzer::insert(const PgQuery__InsertStmt& stmt, const Scope* outer) {
  const With with(*this, stmt.with_clause, outer);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  if (!outer && facts_.kind == StatementKind::insert) set_target(scope);
  const Node* source = stmt.select_stmt;
  if (!outer)
    facts_.single_row_insert =
        !source || (is(source, NODE(SELECT_STMT)) && source->select_stmt->n_values_lists == 1);
  query(source, outer);
  if (!scope.items.empty()) assigned_by_insert(stmt, scope.items[0], facts_);
  if (const auto* conflict = stmt.on_conflict_clause) {
    Scope excluded = scope;
    if (!scope.items.empty())
      excluded.items.push_back(scope.items[0]), excluded.items.back().alias = "excluded";
    for (const Node* node : NODES(*conflict, target_list)) expression(node, excluded);
    expression(conflict->where_clause, excluded);
    if (!scope.items.empty())
      for (const Node* node : NODES(*conflict, target_list))
        updated(scope.items[0], node, conflict, excluded, facts_);
  }
  return targets(NODES(stmt, returning_list), scope);
}

std::vector<Output> Analyzer::update(const PgQuery__UpdateStmt& stmt, const Scope* outer) {
  const With with(*this, stmt.with_clause, outer);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  from(NODES(stmt, from_clause), scope);
  for (const Node* node : NODES(stmt, target_list)) {
    expression(node, scope);
    if (is(node, NODE(RES_TARGET)) && !scope.items.empty()) {
      assigned(scope.items[0], node->res_target->name, node->res_target->val, facts_);
      updated(scope.items[0], node, nullptr, scope, facts_);
    }
  }
  if (!outer && facts_.kind == StatementKind::update)
    set_target(scope), facts_.has_where = !filters_nothing(stmt.where_clause);
  condition(stmt.where_clause, scope, false);
  return targets(NODES(stmt, returning_list), scope);
}

void Analyzer::set_target(const Scope& scope) {
  if (scope.items.empty()) return;
  facts_.from_derived =
      std::ranges::any_of(scope.items, [](const FromItem& item) { return item.table.name.empty(); });
  facts_.target = scope.items[0].table;
}

std::vector<Output> Analyzer::delete_(const PgQuery__DeleteStmt& stmt, const Scope* outer) {
  const With with(*this, stmt.with_clause, outer);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  from(NODES(stmt, using_clause), scope);
  if (!outer && facts_.kind == StatementKind::delete_)
    set_target(scope), facts_.has_where = !filters_nothing(stmt.where_clause);
  condition(stmt.where_clause, scope, false);
  return targets(NODES(stmt, returning_list), scope);
}

std::vector<Output> Analyzer::merge(const PgQuery__MergeStmt& stmt, const Scope* outer) {
  const With with(*this, stmt.with_clause, outer);
  Scope scope{outer, {}};
  if (stmt.relation) scope.items.push_back(relation(*stmt.relation, true));
  if (!outer && facts_.kind == StatementKind::merge) set_target(scope), facts_.has_where = true;
  from_item(stmt.source_relation, scope);
  condition(stmt.join_condition, scope, false);
  for (const Node* node : NODES(stmt, merge_when_clauses)) expression(node, scope);
  return {};
}

void Analyzer::from(NodeList list, Scope& scope) {
  for (const Node* node : list) from_item(node, scope);
}

// Where an output of the view is a column of a table, the item's column stands for that one.
void Analyzer::look_through(const Table& view, FromItem& item) {
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
      if (outputs[i].of_table()) item.columns[i].source = outputs[i].source;
  });
}

FromItem Analyzer::relation(const PgQuery__RangeVar& range, bool written) {
  FromItem item;
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
    facts_.relations.push_back({.table = table->name,
                                .alias = range.alias ? range.alias->aliasname : std::string(),
                                .written = written,
                                .through_view = view_depth_ > 0});
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
    case NODE(RANGE_VAR): scope.items.push_back(relation(*node->range_var, false)); break;
    case NODE(JOIN_EXPR): join(*node->join_expr, scope); break;
    case NODE(RANGE_SUBSELECT): {
      const PgQuery__RangeSubselect& sub = *node->range_subselect;
      const bool generated = sub.lateral && builds_json(sub.subquery);
      json_depth_ += generated && outside_views();
      facts_.json_depth = std::max(facts_.json_depth, json_depth_);
      FromItem item;
      item.columns = query(sub.subquery, sub.lateral ? &scope : scope.parent);
      item.complete = !item.columns.empty();
      json_depth_ -= generated && outside_views();
      rename(item, sub.alias);
      scope.items.push_back(std::move(item));
      break;
    }
    case NODE(RANGE_FUNCTION): {
      const PgQuery__RangeFunction& function = *node->range_function;
      FromItem item;
      item.complete = false;
      for (const Node* part : NODES(function, functions)) {
        expression(part, scope);
        if (const NodeList call = list_items(part); !call.empty() && call[0])
          item.alias = figure_name(call[0]);
      }
      for (const Node* definition : NODES(function, coldeflist))
        if (is(definition, NODE(COLUMN_DEF)))
          item.columns.push_back(
              {definition->column_def->colname, {}, type_spelling(definition->column_def->type_name), {}});
      rename(item, function.alias);
      scope.items.push_back(std::move(item));
      break;
    }
    case NODE(RANGE_TABLE_SAMPLE):
      from_item(node->range_table_sample->relation, scope);
      if (!scope.items.empty()) scope.items.back().table = {};
      break;
    default: {
      expression(node, scope);
      FromItem item;
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
  comparisons().add_equal_columns(expr, scope, left, right);
  // ON sees the two sides and, for what it is inside of, the outer query; items further to the left do no
  // harm.
  condition(expr.quals, scope, false);
  if (expr.alias) {
    FromItem item;
    for (std::size_t i = left; i < scope.items.size(); ++i) {
      item.complete &= scope.items[i].complete;
      for (const Output& column : scope.items[i].columns)
        if (item.columns.size() < max_outputs) item.columns.push_back(column);
    }
    rename(item, expr.alias);
    scope.items.resize(left);
    scope.items.push_back(std::move(item));
  }
}

void Analyzer::comparison(const PgQuery__AExpr& expr, Scope& scope, bool under_or) {
  expression(expr.lexpr, scope);
  expression(expr.rexpr, scope);
  if (outside_views()) comparisons().note_count_test(expr, is_count_query);
  if (outside_views() && (expr.kind == AEXPR(IN) || expr.kind == AEXPR(OP_ANY) || expr.kind == AEXPR(OP_ALL)))
    comparisons().note_list_length(expr.rexpr);
  comparisons().add_comparison(expr, scope, under_or);
}

void Analyzer::sub_link(const PgQuery__SubLink& link, Scope& scope, bool under_or, bool negated) {
  const std::size_t predicates_before = facts_.predicates.size();
  const std::size_t unknown_before = facts_.unknown_relations.size();
  const auto outputs = query(link.subselect, &scope);
  const bool all =
      link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK && last_name(NODES(link, oper_name)) == "<>";
  if (outside_views() && (negated || all))
    comparisons().add_not_in(link, outputs, predicates_before,
                             facts_.unknown_relations.size() > unknown_before);
  expression(link.testexpr, scope);
  if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK && link.testexpr)
    comparisons().add_any_query(link, outputs, scope, under_or);
}

void Analyzer::condition(const Node* node, Scope& scope, bool under_or) {
  if (!node) return;
  switch (node->node_case) {
    case NODE(BOOL_EXPR): {
      const PgQuery__BoolExpr& expr = *node->bool_expr;
      const NodeList args = NODES(expr, args);
      if (expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR && args.size() == 1 &&
          is(args[0], NODE(COLUMN_REF)))
        return comparisons().add_boolean_column(*args[0], scope, false, under_or);
      if (expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR && args.size() == 1 &&
          is(args[0], NODE(SUB_LINK)))
        return sub_link(*args[0]->sub_link, scope, true,
                        args[0]->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK);
      const bool inside = under_or || expr.boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
      const std::size_t before = facts_.predicates.size();
      for (const Node* arg : args) condition(arg, scope, inside);
      const bool outermost_or = !under_or && expr.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
      if (outermost_or && facts_.predicates.size() == before + args.size() &&
          std::ranges::none_of(args, has_subquery)) {
        ++ors_;
        for (std::size_t at = before; at < facts_.predicates.size(); ++at)
          facts_.predicates[at].or_group = ors_;
      }
      return;
    }
    case NODE(A_EXPR): return comparison(*node->a_expr, scope, under_or);
    case NODE(SUB_LINK): return sub_link(*node->sub_link, scope, under_or);
    case NODE(COLUMN_REF): return comparisons().add_boolean_column(*node, scope, true, under_or);
    case NODE(NULL_TEST):
    case NODE(BOOLEAN_TEST): {
      const bool null_test = node->node_case == NODE(NULL_TEST);
      expression(null_test ? node->null_test->arg : node->boolean_test->arg, scope);
      comparisons().add_test(*node, scope, under_or);
      return;
    }
    default: expression(node, scope);
  }
}

void Analyzer::scalar_query(const PgQuery__SubLink& link, Scope& scope) {
  const bool json = outside_views() && builds_json(link.subselect);
  json_depth_ += json;
  facts_.json_depth = std::max(facts_.json_depth, json_depth_);
  query(link.subselect, &scope);
  json_depth_ -= json;
  expression(link.testexpr, scope);
}

void Analyzer::expression(const Node* root, Scope& scope) {
  if (!root) return;
  each_node(message(*root), [&](const Node& node) {
    if (node.node_case == NODE(FUNC_CALL)) {
      std::string name = function_name(*node.func_call);
      if (seen_functions_.insert(name).second) facts_.functions.push_back(std::move(name));
    } else if (node.node_case == NODE(SUB_LINK)) {
      if (node.sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK && &node != root) {
        sub_link(*node.sub_link, scope, true);  // its outcome is used in an expression: does not narrow alone
      } else {
        scalar_query(*node.sub_link, scope);
      }
      return false;
    } else if (node.node_case == NODE(A_EXPR) && outside_views()) {
      comparisons().note_count_test(*node.a_expr, is_count_query);
    }
    return true;
  });
}

}  // namespace pgadvise::sql
