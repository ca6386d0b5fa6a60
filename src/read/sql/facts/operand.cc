#include "sql/facts/operand.h"

#include <algorithm>

#include "base/text/text.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

constexpr const char* with_zone = "timestamp with time zone";
constexpr const char* without_zone = "timestamp without time zone";

bool is_moment(const std::string& type) { return type == with_zone || type == without_zone; }

std::string type_of_constant(const Node& node) {
  if (node.node_case != NODE(A_CONST)) return {};
  switch (node.a_const->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL: return "integer";
    case PG_QUERY__A__CONST__VAL_BOOLVAL: return "boolean";
    case PG_QUERY__A__CONST__VAL_FVAL:
      return constant(&node).text.find_first_of(".eE") == std::string::npos ? "bigint" : "numeric";
    default: return {};
  }
}

Operand of_value_function(const PgQuery__SQLValueFunction& function) {
  switch (function.op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE: return {"CURRENT_DATE", "date", "day", false};
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
      return {"CURRENT_TIMESTAMP", with_zone, "", false};
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
      return {"LOCALTIMESTAMP", without_zone, "", false};
    default: return {};
  }
}

bool is_builtin(const PgQuery__FuncCall& call) {
  return call.n_funcname == 1 || (call.n_funcname == 2 && string_value(call.funcname[0]) == "pg_catalog");
}

std::string unit_of(const Node* node) {
  const Constant value = constant(node);
  const std::string unit = lower(value.text);
  return value.is_constant && is_time_unit(unit) ? unit : std::string();
}

Operand of_call(const PgQuery__FuncCall& call) {
  const std::string name = is_builtin(call) ? last_name(call) : std::string();
  if (call.n_args == 0 && (name == "now" || name == "transaction_timestamp" || name == "statement_timestamp"))
    return {name + "()", with_zone, "", false};
  if (name != "date_trunc" || call.n_args != 2) return {};
  const Operand unit = operand_of(call.args[0]);
  const Operand value = operand_of(call.args[1]);
  if (!unit.literal || value.sql.empty() || (!is_moment(value.type) && value.type != "date")) return {};
  return {"date_trunc(" + unit.sql + ", " + value.sql + ")", is_moment(value.type) ? value.type : with_zone,
          unit_of(call.args[0]), false};
}

// The type of `a + b` and `a - b` for times; "" if unknown.
std::string type_of_sum(const Operand& a, const Operand& b) {
  if (b.type == "interval") return is_moment(a.type) ? a.type : a.type == "date" ? without_zone : "";
  return a.type == "date" && b.type == "integer" ? "date" : "";
}

Operand of_sum(const PgQuery__AExpr& expr) {
  const std::string name = operator_name(expr);
  if ((name != "+" && name != "-") || expr.kind != AEXPR(OP) || expr.n_name != 1 || !expr.lexpr) return {};
  const Operand left = operand_of(expr.lexpr);
  const Operand right = operand_of(expr.rexpr);
  if (left.sql.empty() || right.sql.empty()) return {};
  const std::string type = type_of_sum(left, right);
  return {"(" + left.sql + " " + name + " " + right.sql + ")", type, type == "date" ? "day" : "", false};
}

}  // namespace

bool is_time_unit(std::string_view name) {
  static constexpr auto units =
      word_list("second", "minute", "hour", "day", "week", "month", "quarter", "year", "epoch", "dow");
  return is_one_of(name, units);
}

Operand operand_of(const Node* node) {
  if (!node) return {};
  if (constant(node).is_constant && !is(node, NODE(TYPE_CAST)))
    return {"…", type_of_constant(*node), "", true};
  switch (node->node_case) {
    case NODE(PARAM_REF): return {"$" + std::to_string(node->param_ref->number), "", "", true};
    case NODE(TYPE_CAST): {
      const Operand inner = operand_of(node->type_cast->arg);
      const std::string type = type_spelling(node->type_cast->type_name);
      if (inner.sql.empty() || type.empty()) return {};
      return {inner.sql + "::" + type, type, type == "date" ? "day" : "", inner.literal};
    }
    case NODE(SQLVALUE_FUNCTION): return of_value_function(*node->sqlvalue_function);
    case NODE(FUNC_CALL): return of_call(*node->func_call);
    case NODE(A_EXPR): return of_sum(*node->a_expr);
    default: return {};
  }
}

bool harmless_cast(const std::string& from, const std::string& to) {
  if (from.empty()) return false;
  return from == to || (to == "text" && from.starts_with("character varying")) ||
         (to == "character varying" && (from == "text" || from.starts_with("character varying"))) ||
         (to == "inet" && from == "cidr") || (to == "numeric" && from.starts_with("numeric("));
}

const Node* wrapped_part(const Node& node, const Scope& scope) {
  const auto has_column = [&](const Node* part) {
    return part && (is(part, NODE(COLUMN_REF)) || first_column(message(*part), scope));
  };
  switch (node.node_case) {
    case NODE(TYPE_CAST): return node.type_cast->arg;
    case NODE(COLLATE_CLAUSE): return node.collate_clause->arg;
    case NODE(A_EXPR): return has_column(node.a_expr->lexpr) ? node.a_expr->lexpr : node.a_expr->rexpr;
    case NODE(FUNC_CALL):
      for (const Node* part : NODES(*node.func_call, args))
        if (has_column(part)) return part;
      return nullptr;
    case NODE(COALESCE_EXPR):
      for (const Node* part : NODES(*node.coalesce_expr, args))
        if (has_column(part)) return part;
      return nullptr;
    default: return nullptr;
  }
}

void describe_wrapper(Predicate& predicate, const Node& node, const Scope& scope) {
  if (is(&node, NODE(FUNC_CALL))) {
    const PgQuery__FuncCall& call = *node.func_call;
    const std::string name = is_builtin(call) ? last_name(call) : std::string();
    if (call.n_args != 2) return;
    if (name == "date_trunc" || name == "date_part" || name == "extract")
      predicate.unit = unit_of(call.args[0]);
    static constexpr auto formats = word_list("YYYY-MM-DD", "YYYYMMDD", "YYYY-MM", "YYYYMM", "YYYY");
    const std::string format = constant(call.args[1]).text;
    if (name == "to_char" && is_one_of(format, formats)) predicate.unit = format;
    return;
  }
  if (!is(&node, NODE(A_EXPR)) || !node.a_expr->lexpr || !node.a_expr->rexpr) return;
  const Node* part = wrapped_part(node, scope);
  predicate.operand_first = part == node.a_expr->rexpr;
  predicate.operand = operand_of(predicate.operand_first ? node.a_expr->lexpr : node.a_expr->rexpr);
}

}  // namespace pgadvise::sql
