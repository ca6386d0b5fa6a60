#include "sql/facts/index_expression.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "base/text/text.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

using TypeOf = std::function<std::optional<std::string>(const PgQuery__ColumnRef&)>;

bool begins_name(char c) { return is_letter(c) || c == '_'; }

// A key as programs name it; one of many digits is somebody's.
bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 40 && begins_name(text.front()) &&
         std::ranges::count_if(text, is_digit) <= 3 &&
         std::ranges::all_of(text, [](char c) { return begins_name(c) || is_digit(c) || c == '-'; });
}

// {a,b}: keys, and numbers of array elements.
bool is_path(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return false;
  for (std::size_t at = 1; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size() - 1);
    const auto part = text.substr(at, end - at);
    if (!is_key(part) && !(part.size() <= 2 && std::ranges::all_of(part, is_digit))) return false;
    at = end + 1;
  }
  return true;
}

bool is_field(std::string_view text) {
  static constexpr auto fields = word_list("century", "day", "decade", "dow", "doy", "epoch", "hour",
                                           "isodow", "isoyear", "microseconds", "millennium", "milliseconds",
                                           "minute", "month", "quarter", "second", "week", "year");
  return is_one_of(text, fields);
}

bool is_zone(std::string_view text) {
  return text.size() <= 40 &&
         std::ranges::all_of(text, [](char c) { return begins_name(c) || c == '/' || c == '-'; });
}

// A separator, or a number of up to three digits.
bool is_plain(std::string_view text) {
  constexpr std::string_view separators = " ,;:.-_/|#+";
  if (text.size() > 3) return false;
  return std::ranges::all_of(text, is_digit) ||
         std::ranges::all_of(text, [&](char c) { return separators.find(c) != separators.npos; });
}

std::string operator_of(const PgQuery__AExpr& expr) {
  return expr.kind == AEXPR(OP) && expr.n_name == 1 ? operator_name(expr) : std::string();
}

// Of pg_catalog, or as if.
std::string function_of(const PgQuery__FuncCall& call) {
  if (call.agg_star || call.agg_distinct || call.agg_filter || call.n_agg_order || call.over ||
      call.n_funcname == 0 || call.n_funcname > 2)
    return {};
  if (call.n_funcname == 2 && string_value(call.funcname[0]) != "pg_catalog") return {};
  return last_name(call);
}

// What is known of an immutable expression.
struct Known {
  std::string type;  // without its modifier; literal: the context decides; "": a column of an unknown type
  bool can_fail = false;
};
using MaybeKnown = std::optional<Known>;

constexpr std::string_view literal = "unknown";

std::string without_modifier(std::string type) {
  if (type.starts_with("interval")) return type.ends_with("[]") ? "interval[]" : "interval";
  const auto begin = type.find('(');
  const auto end = type.find(')', std::min(begin, type.size()));
  if (begin != std::string::npos && end != std::string::npos) type.erase(begin, end + 1 - begin);
  return type;
}

bool is_number(std::string_view type) {
  return is_one_of(type, {"smallint", "integer", "bigint", "real", "double precision", "numeric"});
}

bool is_text(std::string_view type) {
  return is_one_of(type, {"text", "character varying", "character", "bpchar", "name", "citext"});
}

bool is_timestamp(std::string_view type) { return type == "timestamp without time zone"; }
bool is_json(std::string_view type) { return type == "json" || type == "jsonb"; }

// The types whose values have the same text in each session and for ever: pg_type.typoutput is immutable. It
// is not for enums, arrays, ranges, composite types, times with a date, interval and money.
bool has_fixed_text(std::string_view type) {
  static constexpr auto types =
      word_list("boolean", "bytea", "\"char\"", "oid", "xid8", "json", "jsonb", "xml", "macaddr", "macaddr8",
                "inet", "cidr", "time without time zone", "time with time zone", "bit", "bit varying", "uuid",
                "pg_lsn", "tsvector", "tsquery", literal);
  return is_number(type) || is_text(type) || is_one_of(type, types);
}

// Types without an order, so that no B-tree index holds them.
bool has_order(std::string_view type) {
  static constexpr auto without = word_list("json", "xml", "point", "line", "lseg", "box", "polygon",
                                            "circle", "path", "xid", "cid", "jsonpath");
  return !is_one_of(type, without);
}

// Of a range; "": it is none.
std::string type_of_bound(std::string_view type) {
  static const std::map<std::string_view, std::string_view> types{{"int4range", "integer"},
                                                                  {"int8range", "bigint"},
                                                                  {"numrange", "numeric"},
                                                                  {"daterange", "date"},
                                                                  {"tsrange", "timestamp without time zone"},
                                                                  {"tstzrange", "timestamp with time zone"}};
  const auto found = types.find(type);
  return found == types.end() ? std::string() : std::string(found->second);
}

// Reads the type of an expression that is immutable.
class ExpressionTypes {
 public:
  explicit ExpressionTypes(const TypeOf& type_of) : type_of_(type_of) {}
  bool names_only() const { return names_only_; }

  // nullopt: not known to be immutable.
  MaybeKnown read(const Node* node) {
    if (!node) return std::nullopt;
    switch (node->node_case) {
      case NODE(COLUMN_REF): {
        auto type = type_of_(*node->column_ref);
        return type ? MaybeKnown(Known{without_modifier(std::move(*type))}) : std::nullopt;
      }
      case NODE(A_CONST): return of_constant(node);
      case NODE(TYPE_CAST): return cast(node);
      case NODE(A_EXPR): return operation(*node->a_expr);
      case NODE(FUNC_CALL): return call(*node->func_call);
      case NODE(COALESCE_EXPR): return coalesce(*node->coalesce_expr);
      default: return std::nullopt;
    }
  }

 private:
  bool constant_is(const Node* node, bool (*harmless)(std::string_view)) {
    const Constant value = constant(node);
    if (!value.is_constant) return false;
    names_only_ = names_only_ && (value.is_null || harmless(value.text));
    return true;
  }

  MaybeKnown of_constant(const Node* node) {
    (void)constant_is(node, is_plain);
    switch (node->a_const->val_case) {
      case PG_QUERY__A__CONST__VAL_IVAL: return Known{"integer"};
      case PG_QUERY__A__CONST__VAL_FVAL: return Known{"numeric"};
      case PG_QUERY__A__CONST__VAL_BOOLVAL: return Known{"boolean"};
      case PG_QUERY__A__CONST__VAL_BSVAL: return Known{"bit"};
      default: return Known{std::string(literal)};
    }
  }

  MaybeKnown cast(const Node* node) {
    const std::string to = without_modifier(type_spelling(node->type_cast->type_name));
    const Node* arg = node->type_cast->arg;
    if (constant(node).is_constant) return constant_is(node, is_plain) ? MaybeKnown(Known{to}) : std::nullopt;
    const MaybeKnown from = read(arg);
    if (!from) return std::nullopt;
    if (from->type == to && to == type_spelling(node->type_cast->type_name)) return from;
    const bool converts = is_number(to) ? is_number(from->type) || is_text(from->type)
                                        : (to == "boolean" || to == "uuid") && is_text(from->type);
    if (converts) return Known{to, true};
    const bool same = to == "date"
                          ? is_timestamp(from->type)
                          : (to == "text" || to == "character varying") && has_fixed_text(from->type);
    return same ? MaybeKnown(Known{to, from->can_fail}) : std::nullopt;
  }

  MaybeKnown operation(const PgQuery__AExpr& expr) {
    const std::string name = operator_of(expr);
    const MaybeKnown left = read(expr.lexpr);
    if (!left) return std::nullopt;
    if (is_json(left->type) && is_one_of(name, {"->", "->>", "#>", "#>>"}))
      return member(name, *left, expr.rexpr);
    const MaybeKnown right = read(expr.rexpr);
    if (!right) return std::nullopt;
    if (name == "||") return joined(*left, *right);
    if (!is_one_of(name, {"+", "-", "*", "/", "%"}) || !is_number(left->type) || !is_number(right->type))
      return std::nullopt;
    return Known{left->type == right->type ? left->type : "numeric", true};
  }

  MaybeKnown member(const std::string& name, const Known& of, const Node* key) {
    const bool is_member =
        name.front() == '-'
            ? constant_is(key, [](std::string_view text) { return is_key(text) || is_plain(text); })
            : constant_is(key, is_path);
    if (!is_member) return std::nullopt;
    return Known{name.ends_with(">>") ? "text" : of.type, of.can_fail};
  }

  // text || any type is a cast to text.
  static MaybeKnown joined(const Known& left, const Known& right) {
    static constexpr auto joinable = word_list("bytea", "jsonb", "bit", "bit varying", "tsvector", "tsquery");
    const bool can_fail = left.can_fail || right.can_fail;
    const std::string& type = left.type == literal ? right.type : left.type;
    if ((left.type == right.type || left.type == literal || right.type == literal) &&
        (is_one_of(type, joinable) || type.ends_with("[]")))
      return Known{type, can_fail};
    const auto reads_as_text = [](const Known& one) { return is_text(one.type) || one.type == literal; };
    if (!(reads_as_text(left) || reads_as_text(right)) || !has_fixed_text(left.type) ||
        !has_fixed_text(right.type))
      return std::nullopt;
    return Known{"text", can_fail};
  }

  MaybeKnown coalesce(const PgQuery__CoalesceExpr& expr) {
    MaybeKnown out;
    for (const Node* node : NODES(expr, args)) {
      const MaybeKnown part = read(node);
      if (!part) return std::nullopt;
      if (!out || out->type == literal) {
        out = Known{part->type, part->can_fail || (out && out->can_fail)};
        continue;
      }
      const bool numbers = is_number(out->type) && is_number(part->type);
      if (part->type != literal && part->type != out->type && !numbers &&
          !(is_text(out->type) && is_text(part->type)))
        return std::nullopt;
      if (numbers && part->type != out->type) out->type = "numeric";
      out->can_fail |= part->can_fail;
    }
    return out;
  }

  MaybeKnown call(const PgQuery__FuncCall& made) {
    const std::string name = function_of(made);
    if (name.empty() || made.n_args == 0) return std::nullopt;
    const bool of_field = name == "date_trunc" || name == "date_part" || name == "extract";
    if (of_field || name == "timezone") {
      if (made.n_args != 2 || !constant_is(made.args[0], of_field ? is_field : is_zone)) return std::nullopt;
      const MaybeKnown time = read(made.args[1]);
      return time ? of_time(name, *time) : std::nullopt;
    }
    if (name == "date") {
      const MaybeKnown time = made.n_args == 1 ? read(made.args[0]) : std::nullopt;
      return time && is_timestamp(time->type) ? MaybeKnown(Known{"date", time->can_fail}) : std::nullopt;
    }
    return of_text(name, made);
  }

  static MaybeKnown of_time(const std::string& name, const Known& time) {
    static constexpr auto parted =
        word_list("date", "interval", "time without time zone", "time with time zone");
    const bool local = is_timestamp(time.type);
    if (name == "timezone" && local) return Known{"timestamp with time zone", time.can_fail};
    if (name == "timezone")
      return time.type == "timestamp with time zone"
                 ? MaybeKnown(Known{"timestamp without time zone", time.can_fail})
                 : std::nullopt;
    if (name == "date_trunc")
      return local || time.type == "interval" ? MaybeKnown(Known{time.type, time.can_fail}) : std::nullopt;
    return local || is_one_of(time.type, parted) ? MaybeKnown(Known{"numeric", time.can_fail}) : std::nullopt;
  }

  // lower() and upper() are also bounds of ranges.
  MaybeKnown of_text(const std::string& name, const PgQuery__FuncCall& made) {
    static constexpr auto functions =
        word_list("lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "left", "right", "substr",
                  "substring", "reverse", "md5", "length", "char_length", "replace");
    if (!is_one_of(name, functions)) return std::nullopt;
    Known out{name == "length" || name == "char_length" ? "integer" : "text"};
    for (const Node* node : NODES(made, args)) {
      const MaybeKnown part = read(node);
      if (!part) return std::nullopt;
      const std::string bound = name == "lower" || name == "upper" ? type_of_bound(part->type) : "";
      if (!bound.empty()) out.type = bound;
      else if (part->type == "bytea" && name.starts_with("substr")) out.type = "bytea";
      else if (!is_text(part->type) && !is_one_of(part->type, {"", "smallint", "integer", "bytea", literal}))
        return std::nullopt;
      out.can_fail |= part->can_fail;
    }
    return out;
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
      if (is(&part, NODE(COLUMN_REF)) && part.column_ref->n_fields > 1) {
        PgQuery__ColumnRef& column = *part.column_ref;
        columns_.push_back({&column, column.fields, column.n_fields});
        column.fields += column.n_fields - 1;
        column.n_fields = 1;
      }
      if (is(&part, NODE(FUNC_CALL)) && function_of(*part.func_call) == "timezone") {
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
  ExpressionTypes types(type_of);
  const auto known = types.read(&node);
  if (!known || !has_order(known->type)) return std::nullopt;
  const Spelled spelled(node);
  IndexExpression out{deparsed_expression(node), types.names_only(), known->can_fail};
  if (out.sql.empty()) return std::nullopt;
  return out;
}

}  // namespace pgadvise::sql
