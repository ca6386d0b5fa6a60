#include "model/queries/rewrite.h"

#include <string_view>
#include <utility>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/queries/rewritten_condition.h"

namespace pgadvise {
namespace {

// Without the schema.
std::string name_of(const Predicate& predicate) {
  const auto dot = predicate.wrapper.rfind('.');
  return dot == std::string::npos ? predicate.wrapper : predicate.wrapper.substr(dot + 1);
}

bool is_json(const std::string& type) { return type == "json" || type == "jsonb"; }

bool takes_part(const std::string& name) { return name == "extract" || name == "date_part"; }

bool into_json(const std::string& name) { return name.starts_with("->") || name.starts_with("#>"); }

bool cuts_time(const Predicate& predicate) {
  const std::string name = name_of(predicate);
  return name == "date" || name == "date_trunc" || name == "to_char" || name == "::date" || takes_part(name);
}

const char* const session_dependent =
    ". No index can contain the expression, since its result depends on settings of the session";

// A part that is not known to be the year, or is not.
std::string part_of_time(const Predicate& predicate, const std::string& type) {
  const std::string column = quote_identifier(predicate.column.column);
  const bool year = predicate.unit.empty() && predicate.op == Predicate::Op::equality;
  const std::string other = type == "timestamp with time zone"
                                ? "compare and index the part at a fixed time zone: extract(… FROM " +
                                      column + " AT TIME ZONE 'UTC')"
                                : "create an index on the expression";
  return year ? "If the part is the year, compare the column itself with a range from the beginning of that "
                "year to the beginning of the next; otherwise " +
                    other
              : static_cast<char>(other[0] - 'a' + 'A') + other.substr(1);
}

std::string sentence(const RewrittenCondition& found) {
  const char* const start = found.form == RewrittenCondition::Form::range
                                ? "Compare the column itself with a range: "
                            : found.form == RewrittenCondition::Form::cast ? "Cast the value instead: "
                                                                           : "Compare the column itself: ";
  return start + found.sql;
}

// An index on the expression, with its text if that contains no data.
std::string expression_index(const Predicate& predicate) {
  const bool fails = predicate.expression.empty() && !predicate.fallible_expression.empty();
  const std::string& text = fails ? predicate.fallible_expression : predicate.expression;
  return "Create an index on the expression" +
         (text.empty() || !predicate.expression_names ? " as the statement has it" : ": ((" + text + "))") +
         (fails ? "; CREATE INDEX, and later writes, fail for values that the expression cannot convert"
                : "");
}

std::string array_search(const Predicate& predicate, const std::string& type, bool indexed) {
  const std::string column = quote_identifier(predicate.column.column);
  const std::string value = predicate.values.size() == 1 ? predicate.values[0].sql : "…";
  return "Write " + column + " @> ARRAY[" + value + "]" + (type.empty() ? "" : "::" + type) +
         ", which a GIN index serves and = ANY does not" +
         (indexed ? "" : ", and create the index USING gin (" + column + ")");
}

// Of a whole number, compared with a value of a type that has fractions.
std::string with_value_of_type(const Predicate& predicate, const std::string& type,
                               const std::string& and_index) {
  if (predicate.op != Predicate::Op::range)
    return "Cast the value to the column's type, not to " + predicate.value_type + and_index +
           ". The value must be a whole number";
  Predicate cast = predicate;
  cast.wrapper = "::" + predicate.value_type;
  if (const auto found = rewritten_condition(cast, type))
    return sentence(*found) + and_index + (found->only.empty() ? "" : ". " + found->only);
  return "Compare with a value of the column's type" + and_index +
         ": floor() of the value for > and <=, ceil() of it for >= and <";
}

}  // namespace

std::string condition_text(const Predicate& predicate) {
  const std::string name = name_of(predicate);
  std::string column = predicate.column.column;
  if (!predicate.inner.empty() && predicate.inner != "expression" && !predicate.wrapper.empty()) {
    Predicate inner = predicate;
    inner.wrapper = std::exchange(inner.inner, {});
    column = condition_text(inner);
    if (column.find(' ') != std::string::npos && name.starts_with("::")) column = "(" + column + ")";
  }
  if (predicate.wrapper.empty() && predicate.op_name == "= ANY") return "… = ANY (" + column + ")";
  if (predicate.wrapper.empty())
    return predicate.value_type.empty() ? column + " " + predicate.op_name
                                        : column + " = …::" + predicate.value_type;
  if (name.starts_with("::")) return column + name;
  if (name == "timezone") return column + " AT TIME ZONE …";
  if (into_json(name)) return column + " " + name + " …";
  if (name == "expression") return "an expression with " + column;
  if (name.size() == 1) return "arithmetic on " + column;
  const bool first = name != "date_trunc" && !takes_part(name);
  return name + (first ? "(" + column + ")" : "(…, " + column + ")");
}

bool depends_on_session(const Predicate& predicate, const std::string& type) {
  const std::string name = name_of(predicate);
  if (is_one_of(name, {"to_char", "to_date", "age", "concat", "format"})) return true;
  if (predicate.inner == "timezone" && type == "timestamp with time zone")
    return name != "::date" && name != "date" && name != "date_trunc" && !takes_part(name);
  if (type == "timestamp with time zone") return cuts_time(predicate) || name.starts_with("::");
  if (type == "date") return name == "date_trunc" || name == "::timestamp with time zone" || name == "::text";
  return type == "timestamp without time zone" &&
         (name == "::text" || name.starts_with("::character") || name == "::timestamp with time zone");
}

std::string rewrite(const Predicate& predicate, const std::string& type, bool indexed) {
  const std::string column = quote_identifier(predicate.column.column);
  const std::string name = name_of(predicate);
  // The server's own cast of a character varying, as a plan shows it.
  const bool to_text = predicate.inner == "::text" && (type.empty() || type.starts_with("character"));
  const bool bare = predicate.inner.empty() || to_text;
  const std::string and_index = indexed ? "" : ", and create an index on " + column;
  const bool by_session = depends_on_session(predicate, type);
  if (predicate.wrapper.empty() && predicate.op_name == "= ANY")
    return array_search(predicate, type, indexed);
  const bool whole = type == "bigint" || type == "integer" || type == "smallint";
  if (whole && predicate.op != Predicate::Op::range && has_fraction(predicate))
    return "Compare " + column + " with a whole number" + and_index + ": no row has a value with a fraction";
  if (predicate.wrapper.empty()) return with_value_of_type(predicate, type, and_index);
  if (const auto found = rewritten_condition(predicate, type))
    return sentence(*found) + and_index + (found->only.empty() ? "" : ". " + found->only) +
           (by_session ? session_dependent : "");
  if (bare && takes_part(name)) return part_of_time(predicate, type);
  if (bare && (name == "lower" || name == "upper"))
    return "Create an index on " + name + "(" + column +
           "), unique if the column is unique; or use the type citext";
  const bool text = type == "text" || type.starts_with("character");
  if (text && (into_json(name) || name == "::jsonb" || name == "::json"))
    return "Store " + column +
           " as jsonb and index the expression on that: an index on a cast from text fails at the first "
           "value "
           "that is not JSON";
  if (name == "coalesce")
    return expression_index(predicate) + "; or compare " + column + " itself, and add OR " + column +
           " IS NULL if the condition is true for the value that replaces NULL";
  if (by_session || (type.empty() && cuts_time(predicate)))
    return "Compare " + column + " itself with values that select the same rows" + and_index +
           (by_session ? session_dependent : "");
  if (!predicate.expression.empty() || !predicate.fallible_expression.empty() ||
      (into_json(name) && (is_json(type) || type.empty())))
    return expression_index(predicate);
  return "Create an index on the expression, if it is immutable; or compare " + column + " itself";
}

}  // namespace pgadvise
