#include "sql/facts/comparison.h"

#include <algorithm>
#include <utility>

#include "base/text/text.h"
#include "sql/facts/index_expression.h"
#include "sql/facts/operand.h"
#include "sql/facts/volatility.h"
#include "sql/parse/query_shape.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

using Op = Predicate::Op;

// One side of a comparison.
struct Side {
  ColumnUse column;
  bool has_column = false;
  std::string wrapper;
  const Node* node = nullptr;
  Predicate::Value value = Predicate::Value::other;
  std::optional<std::string> constant;
  int parameter = 0;
  std::string cast;       // of a value
  std::string beginning;  // of a text put together: '%' || $1
};

std::vector<int> parameters_behind_first(const Node* list) {
  std::vector<int> out;
  for (std::size_t i = 1; is(list, NODE(LIST)) && i < list->list->n_items; ++i)
    if (const int parameter = parameter_of(list->list->items[i])) out.push_back(parameter);
  return out;
}

// count > 0, >= 1, = 0, <> 0, < 1, <= 0: is there any?
bool asks_whether_any(const std::string& op, const std::string& number) {
  if (number == "0") return is_one_of(op, {">", "=", "<>", "<="});
  return number == "1" && (op == ">=" || op == "<");
}

// '%' of '%' || $1, concat('%', $1).
std::string beginning_of(const Node* node) {
  const Node* first = node;
  while (is(first, NODE(A_EXPR)) && first->a_expr->lexpr) first = first->a_expr->lexpr;
  if (is(first, NODE(FUNC_CALL)) && last_name(*first->func_call) == "concat" && first->func_call->n_args)
    first = first->func_call->args[0];
  first = without_casts(first);
  return first == node ? std::string() : constant(first).text;
}

Op op_of(const std::string& name) {
  if (name == "=") return Op::equality;
  if (is_one_of(name, {"<", "<=", ">", ">="})) return Op::range;
  return name == "~~" || name == "~~*" ? Op::like : Op::other;
}

std::string commuted(const std::string& name) {
  constexpr std::pair<std::string_view, std::string_view> pairs[] = {{"<", ">"}, {"<=", ">="}, {"@>", "<@"}};
  for (const auto& [one, other] : pairs)
    if (name == one || name == other) return std::string(name == one ? other : one);
  return name;
}

// 7.0 and 7e0, whose type is numeric; the grammar reads integers beyond its own as a FLOAT, too.
bool is_fraction(const Node* node) {
  return is(node, NODE(A_CONST)) && node->a_const->val_case == PG_QUERY__A__CONST__VAL_FVAL &&
         std::string_view(node->a_const->fval->fval).find_first_of(".eE") != std::string_view::npos;
}

bool any_fractional(NodeList nodes);

// Whether the type of the value is numeric or floating-point, by the spelling of constants and casts and by
// the names of functions. False also if the type is not known.
bool is_fractional(const Node& value) {
  switch (value.node_case) {
    case NODE(A_CONST): return is_fraction(&value);
    case NODE(TYPE_CAST): {
      const std::string type = type_spelling(value.type_cast->type_name);
      return type == "double precision" || type == "real" || type.starts_with("numeric");
    }
    case NODE(FUNC_CALL): {
      const std::string name = last_name(*value.func_call);
      return is_one_of(name, {"power", "sqrt", "floor", "ceil", "ceiling", "round", "trunc", "extract",
                              "date_part"}) ||
             (name == "abs" && any_fractional(NODES(*value.func_call, args)));
    }
    case NODE(A_EXPR): {
      const PgQuery__AExpr& expr = *value.a_expr;
      return expr.n_name == 1 && is_one_of(operator_name(expr), {"+", "-", "*", "/", "%"}) &&
             ((expr.lexpr && is_fractional(*expr.lexpr)) || (expr.rexpr && is_fractional(*expr.rexpr)));
    }
    case NODE(COALESCE_EXPR): return any_fractional(NODES(*value.coalesce_expr, args));
    case NODE(MIN_MAX_EXPR): return any_fractional(NODES(*value.min_max_expr, args));
    default: return false;
  }
}

bool any_fractional(NodeList nodes) {
  return std::ranges::any_of(nodes, [](const Node* node) { return is_fractional(*node); });
}

Side side_of_list(const Node* node, const Scope& scope);

Side side_of(const Node* node, const Scope& scope) {
  Side out;
  if (!node) return out;
  switch (node->node_case) {
    case NODE(COLUMN_REF): {
      out.has_column = true;
      if (const Output* column = resolve(*node->column_ref, scope)) out.column = column->source;
      if (out.column.column.empty()) out.column.column = last_name(*node->column_ref);
      return out;
    }
    case NODE(PARAM_REF):
      out.value = Predicate::Value::parameter;
      out.parameter = node->param_ref->number;
      return out;
    case NODE(TYPE_CAST): {
      const Node* inner = node->type_cast->arg;
      out = side_of(inner, scope);
      const std::string to = type_spelling(node->type_cast->type_name);
      if (!out.has_column) return out.cast = to, out;
      if (out.wrapper != "expression" && !harmless_cast(result_type(inner, scope), to))
        out.wrapper = "::" + to;
      return out;
    }
    case NODE(SUB_LINK): return out;
    case NODE(A_ARRAY_EXPR): return side_of_list(node, scope);
    default: break;
  }
  if (const Constant value = constant(node); value.is_constant) {
    out.value = Predicate::Value::constant;
    if (!value.is_null) out.constant = value.text;
    if (is_fraction(node)) out.cast = "numeric";
    return out;
  }
  const Output* column = first_column(message(*node), scope);
  if (!column) {
    out.beginning = beginning_of(node);
    if (!is_one_value(*node)) return out;
    out.value = Predicate::Value::computed;
    if (is_fractional(*node)) out.cast = "double precision";
    return out;
  }
  out.has_column = true;
  out.column = column->source;
  switch (node->node_case) {
    case NODE(FUNC_CALL): out.wrapper = function_name(*node->func_call); break;
    case NODE(COALESCE_EXPR): out.wrapper = "coalesce"; break;
    case NODE(COLLATE_CLAUSE): out.wrapper = "collate"; break;
    case NODE(A_EXPR): out.wrapper = pgadvise::join(strings(NODES(*node->a_expr, name)), "."); break;
    default: out.wrapper = figure_name(node);
  }
  const bool into_json = out.wrapper.starts_with("->");
  if (out.wrapper.empty() || (!into_json && columns_in(message(*node)) > 1)) out.wrapper = "expression";
  return out;
}

// IN (…), ARRAY[…]: parameter or constant when every element is one.
Side side_of_list(const Node* node, const Scope& scope) {
  const NodeList list = list_items(node);
  Side out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Side element = side_of(list[i], scope);
    if (element.has_column) return {};
    if (i == 0) out = std::move(element);
    else if (element.value != out.value) return {};
  }
  return out;
}

void take_expression(Predicate& predicate, const Node& node, const Scope& scope, const Catalog& catalog) {
  const Table* table = catalog.table(predicate.column.table);
  const auto found =
      index_expression(node, [&](const PgQuery__ColumnRef& reference) -> std::optional<std::string> {
        const Output* output = resolve(reference, scope);
        if (!table || !output || output->source.table != predicate.column.table || !reference.n_fields)
          return std::nullopt;
        // A derived table's own name for it is none of the table's.
        if (output->source.column != last_name(reference)) return std::nullopt;
        const Column* column = table->column(output->source.column);
        return column ? std::optional(column->type) : std::nullopt;
      });
  if (!found) return;
  (found->can_fail ? predicate.fallible_expression : predicate.expression) = found->sql;
  predicate.expression_names = found->names_only;
}

// The wrapper of what the wrapper of `node` applies to.
std::string inner_wrapper(const Node& node, const Scope& scope) {
  const Node* part = wrapped_part(node, scope);
  return part ? side_of(part, scope).wrapper : "expression";
}

// None of a list that nobody would write out.
std::vector<Operand> operands_of(NodeList list) {
  constexpr std::size_t longest = 100;
  std::vector<Operand> out;
  if (list.size() > longest) return out;
  for (const Node* node : list) {
    out.push_back(operand_of(node));
    if (out.back().sql.empty()) return {};
  }
  return out;
}

// The values of = v, BETWEEN v AND w, IN (v, w), = ANY (ARRAY[v, w]). `turned`: they are on the left.
std::vector<Operand> values_of(const PgQuery__AExpr& expr, bool turned) {
  const Node* value = turned ? expr.lexpr : expr.rexpr;
  switch (expr.kind) {
    case AEXPR(OP): return operands_of(NodeList(turned ? &expr.lexpr : &expr.rexpr, 1));
    case AEXPR(BETWEEN):
    case AEXPR(IN): return is(value, NODE(LIST)) ? operands_of(list_items(value)) : std::vector<Operand>();
    case AEXPR(OP_ANY):
      if (turned) return operands_of(NodeList(&expr.lexpr, 1));
      return is(value, NODE(A_ARRAY_EXPR)) ? operands_of(list_items(value)) : std::vector<Operand>();
    default: return {};
  }
}

// Of a list of rows, the values of one column as a list.
struct ColumnOfRows {
  ColumnOfRows(const PgQuery__List& rows, std::size_t column) {
    for (std::size_t i = 0; i < rows.n_items; ++i) {
      const Node* row = rows.items[i];
      if (!is(row, NODE(ROW_EXPR)) || column >= row->row_expr->n_args) return;
      values.push_back(row->row_expr->args[column]);
    }
    list.n_items = values.size();
    list.items = values.data();
    node.node_case = NODE(LIST);
    node.list = &list;
  }
  ColumnOfRows(const ColumnOfRows&) = delete;
  ColumnOfRows& operator=(const ColumnOfRows&) = delete;

  // nullptr: they are no rows of such a length.
  const Node* get() const { return node.node_case == NODE(LIST) ? &node : nullptr; }

  std::vector<Node*> values;
  PgQuery__List list = PG_QUERY__LIST__INIT;
  Node node = PG_QUERY__NODE__INIT;
};

void set_equal(Predicate& predicate, bool value) {
  predicate.op = Op::equality;
  predicate.op_name = "=";
  predicate.value = Predicate::Value::constant;
  predicate.constant = value ? "true" : "false";
}

bool is_enum(const Catalog& catalog, const Predicate& predicate) {
  const Column* column = column_of(predicate.column, catalog);
  return column && catalog.has_enum(column->type);
}

}  // namespace

bool begins_with_wildcard(std::string_view pattern) {
  return !pattern.empty() && (pattern[0] == '%' || pattern[0] == '_');
}

void Comparisons::add(Predicate predicate, const Node* left, const Node* right, const Scope& scope,
                      const PgQuery__AExpr* expr) {
  Side a = side_of(left, scope);
  Side b = is(right, NODE(LIST)) ? side_of_list(right, scope) : side_of(right, scope);
  a.node = left;
  b.node = right;
  // The bare column of the two is the one that an index may serve.
  const bool turn =
      b.has_column && (!a.has_column || (a.column.table.name.empty() && !b.column.table.name.empty()) ||
                       (!a.wrapper.empty() && b.wrapper.empty() && !b.column.table.name.empty()));
  const bool turned = turn && predicate.op != Op::in_list;
  if (turned) {
    std::swap(a, b);
    predicate.op_name = commuted(predicate.op_name);
    if (predicate.op == Op::like) predicate.op = Op::other;  // 'x' LIKE column
  }
  if (!a.has_column) return;
  predicate.column = std::move(a.column);
  predicate.wrapper = std::move(a.wrapper);
  if (!predicate.wrapper.empty() && !predicate.column.table.name.empty() && !b.has_column) {
    take_expression(predicate, *a.node, scope, catalog);
    describe_wrapper(predicate, *a.node, scope);
    predicate.inner = inner_wrapper(*a.node, scope);
    predicate.of_enum = is_enum(catalog, predicate);
  }
  if (expr && !b.has_column) predicate.values = values_of(*expr, turned);
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
  facts.predicates.push_back(std::move(predicate));
}

void Comparisons::add_rows(const PgQuery__AExpr& expr, const Scope& scope, bool under_or) {
  const std::string name = operator_name(expr);
  const PgQuery__RowExpr& left = *expr.lexpr->row_expr;
  const PgQuery__RowExpr* right = is(expr.rexpr, NODE(ROW_EXPR)) ? expr.rexpr->row_expr : nullptr;
  const bool in = expr.kind == AEXPR(IN);
  // (a, b) > (x, y) bounds a alone; equality and IN bind each column.
  const std::size_t bound = in || name == "=" ? left.n_args : 1;
  for (std::size_t i = 0; i < bound && i < left.n_args; ++i) {
    Predicate predicate{.op = in ? (name == "=" ? Op::in_list : Op::other) : op_of(name),
                        .op_name = name,
                        .under_or = under_or};
    if (in && is(expr.rexpr, NODE(LIST))) {
      const ColumnOfRows values(*expr.rexpr->list, i);
      predicate.more_parameters = parameters_behind_first(values.get());
      add(std::move(predicate), left.args[i], values.get(), scope);
      continue;
    }
    add(std::move(predicate), left.args[i], right && i < right->n_args ? right->args[i] : nullptr, scope);
  }
}

void Comparisons::note_list_length(const Node* node) {
  facts.longest_list = std::max(facts.longest_list, list_items(without_casts(node)).size());
}

void Comparisons::note_count_test(const PgQuery__AExpr& expr, bool (*counts)(const Node*)) {
  if (expr.kind != AEXPR(OP) || !expr.n_name) return;
  const bool left = counts(expr.lexpr);
  if (!left && !counts(expr.rexpr)) return;
  const std::string name = operator_name(expr);
  const Node* other = without_casts(left ? expr.rexpr : expr.lexpr);
  const Constant number = constant(other);
  if (number.is_constant && asks_whether_any(left ? name : commuted(name), number.text))
    facts.count_test = CountTest::existence;
  else if (facts.count_test == CountTest::none && (number.is_constant || is(other, NODE(PARAM_REF))))
    facts.count_test = CountTest::value;
}

void Comparisons::add_comparison(const PgQuery__AExpr& expr, const Scope& scope, bool under_or) {
  if (is(expr.lexpr, NODE(ROW_EXPR))) return add_rows(expr, scope, under_or);
  Predicate predicate{.op_name = operator_name(expr), .under_or = under_or};
  const Node* right = expr.rexpr;
  switch (expr.kind) {
    case AEXPR(OP):
    case AEXPR(LIKE):
    case AEXPR(ILIKE): predicate.op = op_of(predicate.op_name); break;
    case AEXPR(IN):
    case AEXPR(OP_ANY):
      // $1 = ANY (column) searches inside an array column: no list of values for one column.
      predicate.op = predicate.op_name == "=" && !side_of(right, scope).has_column ? Op::in_list : Op::other;
      if (predicate.op_name == "=" && predicate.op == Op::other) predicate.op_name = "= ANY";
      predicate.more_parameters = parameters_behind_first(right);
      predicate.takes_array = expr.kind == AEXPR(OP_ANY) && parameter_of(right) > 0;
      break;
    case AEXPR(BETWEEN):
    case AEXPR(BETWEEN_SYM):
      predicate.op = Op::range;
      predicate.more_parameters = parameters_behind_first(right);
      if (is(right, NODE(LIST)) && right->list->n_items) right = right->list->items[0];
      break;
    case AEXPR(DISTINCT): predicate.op_name = "IS DISTINCT FROM"; break;
    case AEXPR(NOT_DISTINCT): predicate.op_name = "IS NOT DISTINCT FROM"; break;
    default: break;
  }
  add(std::move(predicate), expr.lexpr, right, scope, &expr);
}

void Comparisons::add_boolean_column(const Node& node, const Scope& scope, bool value, bool under_or) {
  const Output* column = resolve(*node.column_ref, scope);
  if (!column || !column->of_table()) return;
  Predicate predicate{.column = column->source, .under_or = under_or};
  set_equal(predicate, value);
  facts.predicates.push_back(std::move(predicate));
}

void Comparisons::add_test(const Node& node, const Scope& scope, bool under_or) {
  const bool null_test = node.node_case == NODE(NULL_TEST);
  const Side left = side_of(null_test ? node.null_test->arg : node.boolean_test->arg, scope);
  if (!left.has_column || left.column.table.name.empty()) return;
  Predicate predicate{.column = left.column, .wrapper = left.wrapper, .under_or = under_or};
  if (null_test) {
    const bool null = node.null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
    predicate.op = null ? Op::is_null : Op::is_not_null;
    predicate.op_name = null ? "IS NULL" : "IS NOT NULL";
  } else {
    const auto tested = node.boolean_test->booltesttype;
    const bool is_true = tested == PG_QUERY__BOOL_TEST_TYPE__IS_TRUE;
    if (is_true || tested == PG_QUERY__BOOL_TEST_TYPE__IS_FALSE) set_equal(predicate, is_true);
    else predicate.op_name = "IS";
  }
  facts.predicates.push_back(std::move(predicate));
}

void Comparisons::add_not_in(const PgQuery__SubLink& link, const std::vector<Output>& outputs,
                             std::size_t first_predicate, bool unknown_relations) {
  if (outputs.empty()) return;
  NotInSubquery found;
  found.column = outputs[0].source;
  const PgQuery__SelectStmt* sub =
      is(link.subselect, NODE(SELECT_STMT)) ? link.subselect->select_stmt : nullptr;
  if (found.column.table.name.empty() && unknown_relations && sub && sub->n_target_list &&
      is(sub->target_list[0], NODE(RES_TARGET)) && is(sub->target_list[0]->res_target->val, NODE(COLUMN_REF)))
    found.column.column = outputs[0].name;
  for (std::size_t i = first_predicate; i < facts.predicates.size(); ++i) {
    const Predicate& predicate = facts.predicates[i];
    const bool same = predicate.column == found.column ||
                      (predicate.value == Predicate::Value::column && predicate.other == found.column);
    found.nulls_left_out |= same && !predicate.under_or && predicate.op != Op::is_null &&
                            !contains(predicate.op_name, "DISTINCT");
  }
  facts.not_in.push_back(std::move(found));
}

void Comparisons::add_any_query(const PgQuery__SubLink& link, const std::vector<Output>& outputs,
                                const Scope& scope, bool under_or) {
  const std::string name = link.n_oper_name ? last_name(NODES(link, oper_name)) : "=";
  const Node* row[] = {link.testexpr};
  const bool is_row = is(link.testexpr, NODE(ROW_EXPR));
  const std::size_t count = is_row ? link.testexpr->row_expr->n_args : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const Side left = side_of(is_row ? link.testexpr->row_expr->args[i] : row[0], scope);
    if (!left.has_column || left.column.table.name.empty()) continue;
    Predicate predicate{.column = left.column,
                        .op = name == "=" ? Op::in_list : Op::other,
                        .op_name = name,
                        .wrapper = left.wrapper,
                        .under_or = under_or};
    if (i < outputs.size() && outputs[i].of_table()) {
      predicate.value = Predicate::Value::column;
      predicate.other = outputs[i].source;
    }
    facts.predicates.push_back(std::move(predicate));
  }
}

void Comparisons::add_equal_columns(const PgQuery__JoinExpr& expr, const Scope& scope, std::size_t left,
                                    std::size_t right) {
  const auto find = [&](std::size_t from, std::size_t to, const std::string& name) -> const Output* {
    for (std::size_t i = from; i < to; ++i)
      for (const Output& column : scope.items[i].columns)
        if (column.name == name) return &column;
    return nullptr;
  };
  auto names = strings(NODES(expr, using_clause));
  if (expr.is_natural)
    for (std::size_t i = left; i < right; ++i)
      for (const Output& column : scope.items[i].columns)
        if (find(right, scope.items.size(), column.name)) names.push_back(column.name);
  for (const auto& name : names) {
    const Output* a = find(left, right, name);
    const Output* b = find(right, scope.items.size(), name);
    if (!a || !b || (!a->of_table() && !b->of_table())) continue;
    facts.predicates.push_back({.column = a->of_table() ? a->source : b->source,
                                .op = Op::equality,
                                .op_name = "=",
                                .value = Predicate::Value::column,
                                .other = a->of_table() ? b->source : a->source});
  }
}

}  // namespace pgadvise::sql
