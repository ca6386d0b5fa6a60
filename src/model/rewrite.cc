#include "model/rewrite.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace pgadvise {
namespace {

// Without the schema.
std::string name_of(const Predicate& predicate) {
  const auto dot = predicate.wrapper.rfind('.');
  return dot == std::string::npos ? predicate.wrapper : predicate.wrapper.substr(dot + 1);
}

template <std::size_t n>
bool one_of(std::string_view text, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_time(const std::string& type) { return type.starts_with("timestamp") || type == "date"; }
bool is_json(const std::string& type) { return type == "json" || type == "jsonb"; }

bool takes_part(const std::string& name) { return name == "extract" || name == "date_part"; }

bool into_json(const std::string& name) { return name.starts_with("->") || name.starts_with("#>"); }

bool cuts_time(const Predicate& predicate) {
  const std::string name = name_of(predicate);
  return name == "date" || name == "date_trunc" || name == "to_char" || name == "::date" || takes_part(name);
}

// 'month' of date_trunc('month', c), where the expression is known.
std::string unit_of(const Predicate& predicate) {
  static constexpr std::array<std::string_view, 7> units = {"hour",    "day",  "week",  "month",
                                                            "quarter", "year", "minute"};
  for (const auto unit : units)
    if (predicate.expression.find("'" + std::string(unit) + "'") != std::string::npos)
      return unit == "quarter" ? "3 months" : "1 " + std::string(unit);
  return "1 day";
}

std::string range(const Predicate& predicate) {
  const std::string& column = predicate.column.column;
  return "Compare the column itself with a range: " + column + " >= $1 AND " + column + " < $1 + interval '" +
         unit_of(predicate) + "'";
}

std::string part_of_time(const Predicate& predicate, const std::string& type) {
  const std::string& column = predicate.column.column;
  const std::string year = "If the part is the year, compare the column itself with a range: " + column +
                           " >= make_date($1, 1, 1) AND " + column + " < make_date($1 + 1, 1, 1)";
  return type == "timestamp with time zone"
             ? year + "; otherwise compare and index the part at a fixed time zone: extract(… FROM " +
                   column + " AT TIME ZONE 'UTC')"
             : year + "; otherwise create an index on the expression";
}

}  // namespace

std::string condition_text(const Predicate& predicate) {
  const std::string& column = predicate.column.column;
  const std::string name = name_of(predicate);
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
  static constexpr std::array<std::string_view, 5> always = {"to_char", "to_date", "age", "concat", "format"};
  const std::string name = name_of(predicate);
  if (one_of(name, always)) return true;
  if (type == "timestamp with time zone") return cuts_time(predicate) || name.starts_with("::");
  if (type == "date") return name == "date_trunc" || name == "::timestamp with time zone" || name == "::text";
  return type == "timestamp without time zone" &&
         (name == "::text" || name.starts_with("::character") || name == "::timestamp with time zone");
}

std::string rewrite(const Predicate& predicate, const std::string& type, bool indexed) {
  const std::string& column = predicate.column.column;
  const std::string name = name_of(predicate);
  const std::string and_index = indexed ? "" : ", and create an index on " + column;
  if (predicate.wrapper.empty())
    return "Cast the value to the column's type, not to " + predicate.value_type + and_index;
  if (takes_part(name)) return part_of_time(predicate, type);
  if (is_time(type) || (type.empty() && cuts_time(predicate)))
    return range(predicate) + and_index +
           (depends_on_session(predicate, type)
                ? ". No index can contain the expression, since its result depends on "
                  "settings of the session"
                : "");
  if (name == "lower" || name == "upper")
    return "Create an index on " + name + "(" + column +
           "), unique if the column is unique; or use the type citext";
  const bool text = type == "text" || type.starts_with("character");
  if (text && (into_json(name) || name == "::jsonb" || name == "::json"))
    return "Store " + column +
           " as jsonb and index the expression on that: an index on a cast from text fails at the first "
           "value "
           "that is not JSON";
  if (name.starts_with("::") && !type.empty())
    return "Cast the value instead: " + column + " = $1::" + type + and_index;
  if (name.starts_with("::")) return "Cast the value to the column's type instead of the column";
  if (name == "coalesce")
    return "Create an index on the expression as the statement has it; or compare " + column +
           " itself, and add OR " + column + " IS NULL where NULL stands for that value";
  if (into_json(name) && (is_json(type) || type.empty()))
    return "Create an index on the expression" + (predicate.expression.empty() || !predicate.expression_names
                                                      ? " as the statement has it"
                                                      : ": ((" + predicate.expression + "))");
  return "Move the expression to the value's side, or create an index on the expression";
}

}  // namespace pgadvise
