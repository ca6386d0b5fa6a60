#include "sql/index_expression.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <vector>

#include "sql/type_name.h"

namespace pgadvise::sql {
namespace {

using TypeOf = std::function<std::optional<std::string>(const PgQuery__ColumnRef&)>;

bool is(const Node* node, PgQuery__Node__NodeCase kind) { return node && node->node_case == kind; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A key as programs name it; one of many digits is somebody's.
bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 40 && is_letter(text.front()) &&
         std::count_if(text.begin(), text.end(), is_digit) <= 3 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

// {a,b}: keys, and numbers of array elements.
bool is_path(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
  for (std::size_t at = 1; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size() - 1);
    const auto part = text.substr(at, end - at);
    if (!is_key(part) && !(part.size() <= 2 && std::all_of(part.begin(), part.end(), is_digit))) return false;
    at = end + 1;
  }
  return true;
}

bool is_field(std::string_view text) {
  static const std::set<std::string_view> fields{
      "century", "day",    "decade",  "dow",          "doy",        "epoch",
      "hour",    "isodow", "isoyear", "microseconds", "millennium", "milliseconds",
      "minute",  "month",  "quarter", "second",       "week",       "year"};
  return fields.count(text) > 0;
}

bool is_zone(std::string_view text) {
  return text.size() <= 40 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || c == '/' || c == '-'; });
}

// A separator, or a number of up to three digits.
bool is_plain(std::string_view text) {
  constexpr std::string_view separators = " ,;:.-_/|#+";
  if (text.size() > 3) return false;
  return std::all_of(text.begin(), text.end(), is_digit) ||
         std::all_of(text.begin(), text.end(), [&](char c) { return separators.find(c) != separators.npos; });
}

std::string operator_of(const PgQuery__AExpr& expr) {
  return expr.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && expr.n_name == 1 ? string_value(expr.name[0])
                                                                            : std::string();
}

// Of pg_catalog, or as if.
std::string function_of(const PgQuery__FuncCall& call) {
  if (call.agg_star || call.agg_distinct || call.agg_filter || call.n_agg_order || call.over ||
      call.n_funcname == 0 || call.n_funcname > 2)
    return {};
  if (call.n_funcname == 2 && string_value(call.funcname[0]) != "pg_catalog") return {};
  return string_value(call.funcname[call.n_funcname - 1]);
}

class Reader {
 public:
  explicit Reader(const TypeOf& type_of) : type_of_(type_of) {}
  bool names_only() const { return names_only_; }

  // Whether it is immutable, though it may fail for some values.
  bool immutable(const Node* node) {
    if (total(node)) return true;
    if (is(node, PG_QUERY__NODE__NODE_TYPE_CAST)) {
      const std::string to = type_spelling(node->type_cast->type_name);
      const Node* from = node->type_cast->arg;
      const bool converts = is_number(to) ? of_number(from) || of_text(from)
                                          : (to == "boolean" || to == "uuid") && of_text(from);
      return converts && immutable(from);
    }
    return is(node, PG_QUERY__NODE__NODE_A_EXPR) && of_number(node) && immutable(node->a_expr->lexpr) &&
           immutable(node->a_expr->rexpr);
  }

  // Whether it has a value for every row, as far as it can be seen.
  bool total(const Node* node) {
    if (!node) return false;
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_REF: return type_of_(*node->column_ref).has_value();
      case PG_QUERY__NODE__NODE_A_CONST: return constant_is(node, is_plain);
      case PG_QUERY__NODE__NODE_TYPE_CAST: return cast(node);
      case PG_QUERY__NODE__NODE_A_EXPR: return operation(*node->a_expr);
      case PG_QUERY__NODE__NODE_FUNC_CALL: return call(*node->func_call);
      case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return std::all_of(node->coalesce_expr->args, node->coalesce_expr->args + node->coalesce_expr->n_args,
                           [&](const Node* part) { return total(part); });
      default: return false;
    }
  }

 private:
  bool constant_is(const Node* node, bool (*harmless)(std::string_view)) {
    const Constant value = constant(node);
    if (!value.is_constant) return false;
    names_only_ = names_only_ && (value.is_null || harmless(value.text));
    return true;
  }

  static bool is_number(const std::string& type) {
    static const std::set<std::string_view> types{"smallint", "integer",          "bigint",
                                                  "real",     "double precision", "numeric"};
    return types.count(type) > 0 || type.starts_with("numeric(");
  }

  bool of_number(const Node* node) const {
    if (is(node, PG_QUERY__NODE__NODE_COLUMN_REF)) return is_number(type_of_(*node->column_ref).value_or(""));
    if (is(node, PG_QUERY__NODE__NODE_TYPE_CAST)) return is_number(type_spelling(node->type_cast->type_name));
    if (is(node, PG_QUERY__NODE__NODE_A_CONST))
      return node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL ||
             node->a_const->val_case == PG_QUERY__A__CONST__VAL_FVAL;
    static const std::set<std::string_view> operators{"+", "-", "*", "/", "%"};
    return is(node, PG_QUERY__NODE__NODE_A_EXPR) && operators.count(operator_of(*node->a_expr)) &&
           node->a_expr->lexpr && of_number(node->a_expr->lexpr) && of_number(node->a_expr->rexpr);
  }

  bool of_text(const Node* node) const {
    if (is(node, PG_QUERY__NODE__NODE_A_EXPR))
      return operator_of(*node->a_expr) == "->>" || operator_of(*node->a_expr) == "#>>";
    const std::string type =
        is(node, PG_QUERY__NODE__NODE_COLUMN_REF) ? type_of_(*node->column_ref).value_or("") : "";
    return type == "text" || type.starts_with("character varying");
  }

  bool cast(const Node* node) {
    if (constant(node).is_constant) return constant_is(node, is_plain);
    const PgQuery__TypeCast& made = *node->type_cast;
    const std::string to = type_spelling(made.type_name);
    if (is(made.arg, PG_QUERY__NODE__NODE_COLUMN_REF) && type_of_(*made.arg->column_ref) == to) return true;
    if (to == "date") return of_time(made.arg) && total(made.arg);
    return (to == "text" || to == "character varying") && total(made.arg);
  }

  bool of_time(const Node* node) const {
    if (is(node, PG_QUERY__NODE__NODE_FUNC_CALL))
      return function_of(*node->func_call) == "timezone" || function_of(*node->func_call) == "date_trunc";
    return is(node, PG_QUERY__NODE__NODE_COLUMN_REF) &&
           type_of_(*node->column_ref).value_or("").starts_with("timestamp");
  }

  bool is_json(const Node* node) {
    if (is(node, PG_QUERY__NODE__NODE_COLUMN_REF))
      return type_of_(*node->column_ref).value_or("").starts_with("json");
    if (is(node, PG_QUERY__NODE__NODE_TYPE_CAST) && is(node->type_cast->arg, PG_QUERY__NODE__NODE_COLUMN_REF))
      return is_json(node->type_cast->arg) && total(node);
    return is(node, PG_QUERY__NODE__NODE_A_EXPR) &&
           (operator_of(*node->a_expr) == "->" || operator_of(*node->a_expr) == "#>");
  }

  bool operation(const PgQuery__AExpr& expr) {
    const std::string name = operator_of(expr);
    if (name == "||") return total(expr.lexpr) && total(expr.rexpr);
    if (!is_json(expr.lexpr) || !total(expr.lexpr)) return false;
    if (name == "->" || name == "->>")
      return constant_is(expr.rexpr, [](std::string_view text) { return is_key(text) || is_plain(text); });
    return (name == "#>" || name == "#>>") && constant_is(expr.rexpr, is_path);
  }

  bool call(const PgQuery__FuncCall& made) {
    static const std::set<std::string_view> of_text{"lower",   "upper", "initcap", "btrim",       "ltrim",
                                                    "rtrim",   "left",  "right",   "substr",      "substring",
                                                    "reverse", "md5",   "length",  "char_length", "replace"};
    const std::string name = function_of(made);
    const bool of_field = name == "date_trunc" || name == "date_part" || name == "extract";
    if (made.n_args == 0 || (!of_field && name != "timezone" && name != "date" && !of_text.count(name)))
      return false;
    if (name == "date") return made.n_args == 1 && of_time(made.args[0]) && total(made.args[0]);
    const std::size_t named = of_field || name == "timezone" ? 1 : 0;
    if (named && (made.n_args != 2 || !constant_is(made.args[0], of_field ? is_field : is_zone)))
      return false;
    return std::all_of(made.args + named, made.args + made.n_args,
                       [&](const Node* part) { return total(part); });
  }

  const TypeOf& type_of_;
  bool names_only_ = true;
};

// The node without what qualifies its columns, as long as this lives. AT TIME ZONE becomes a call: the
// deparser leaves out the parentheses that it would need.
class Spelled {
 public:
  explicit Spelled(const Node& node) {
    each_node(message(node), [&](const Node& part) {
      if (is(&part, PG_QUERY__NODE__NODE_COLUMN_REF) && part.column_ref->n_fields > 1) {
        PgQuery__ColumnRef& column = *part.column_ref;
        columns_.push_back({&column, column.fields, column.n_fields});
        column.fields += column.n_fields - 1;
        column.n_fields = 1;
      }
      if (is(&part, PG_QUERY__NODE__NODE_FUNC_CALL) && function_of(*part.func_call) == "timezone") {
        calls_.emplace_back(part.func_call, part.func_call->funcformat);
        part.func_call->funcformat = PG_QUERY__COERCION_FORM__COERCE_EXPLICIT_CALL;
      }
      return true;
    });
  }
  ~Spelled() {
    for (const auto& was : columns_) was.column->fields = was.fields, was.column->n_fields = was.count;
    for (const auto& [call, form] : calls_) call->funcformat = form;
  }
  Spelled(const Spelled&) = delete;
  Spelled& operator=(const Spelled&) = delete;

 private:
  struct Was {
    PgQuery__ColumnRef* column;
    Node** fields;
    std::size_t count;
  };
  std::vector<Was> columns_;
  std::vector<std::pair<PgQuery__FuncCall*, PgQuery__CoercionForm>> calls_;
};

}  // namespace

std::optional<IndexExpression> index_expression(const Node& node, const TypeOf& type_of) {
  Reader reader(type_of);
  const bool total = reader.total(&node);
  if (!total && !reader.immutable(&node)) return std::nullopt;
  const Spelled spelled(node);
  IndexExpression out{deparsed_expression(node), reader.names_only(), !total};
  if (out.sql.empty()) return std::nullopt;
  return out;
}

}  // namespace pgadvise::sql
