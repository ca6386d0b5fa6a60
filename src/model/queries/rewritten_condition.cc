#include "model/queries/rewritten_condition.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "base/containers.h"
#include "base/text/identifier.h"
#include "base/text/text.h"

namespace pgadvise {
namespace {

using Op = Predicate::Op;
using Form = RewrittenCondition::Form;
using Value = std::optional<std::string>;
using Change = std::function<Value(const Operand&)>;

constexpr std::string_view with_zone = "timestamp with time zone";
constexpr std::string_view without_zone = "timestamp without time zone";
constexpr std::size_t longest_list = 3;  // values of an IN list that are written out

bool is_moment(std::string_view type) { return type == with_zone || type == without_zone; }
bool is_time(std::string_view type) { return is_moment(type) || type == "date"; }
bool is_whole(std::string_view type) { return type == "smallint" || type == "integer" || type == "bigint"; }

std::string short_name(std::string_view type) {
  return type == with_zone ? "timestamptz" : type == without_zone ? "timestamp" : std::string(type);
}

bool untyped(const Operand& value) { return value.literal && value.type.empty(); }

// The value as one of the type that the context gives it: the operators of the new condition would give a
// literal without a cast another type.
std::string as(const Operand& value, std::string_view type) {
  const bool bare = value.literal && value.sql.find("::") == std::string::npos;
  return bare ? value.sql + "::" + short_name(type) : value.sql;
}

// Whether the operator is one of a B-tree, and has its values.
bool has_values(const Predicate& predicate) {
  const std::size_t count = predicate.values.size();
  if (predicate.op == Op::in_list) return count > 0 && count <= longest_list;
  if (predicate.op_name == "BETWEEN") return count == 2;
  return (predicate.op == Op::equality || predicate.op == Op::range) && count == 1;
}

// A period of time that the expression makes one value of.
struct Period {
  std::string begin;
  std::string next;  // the first moment after it
};

std::string step_of(const std::string& unit) {
  if (unit == "quarter") return " + interval '3 months'";
  return is_one_of(unit, {"second", "minute", "hour", "day", "week", "month", "year"})
             ? " + interval '1 " + unit + "'"
             : "";
}

std::optional<Period> of_truncated(const Predicate& predicate, const std::string& type,
                                   const Operand& value) {
  const std::string step = step_of(predicate.unit);
  if (step.empty() || (!untyped(value) && !is_time(value.type))) return std::nullopt;
  const bool at_midnight = value.unit == "day" && (predicate.unit == "second" || predicate.unit == "minute" ||
                                                   predicate.unit == "hour" || predicate.unit == "day");
  if (!value.literal && value.unit != predicate.unit && !at_midnight) return std::nullopt;
  const std::string begin = as(value, type == without_zone ? without_zone : with_zone);
  return Period{begin, begin + step};
}

std::optional<Period> of_text(const Predicate& predicate, const Operand& value) {
  if (predicate.unit.empty() || !value.literal || (!value.type.empty() && value.type != "text"))
    return std::nullopt;
  const std::string_view unit = predicate.unit;
  const std::string begin = "to_date(" + value.sql + ", '" + predicate.unit + "')";
  return Period{begin,
                begin + (unit.ends_with("DD") ? " + 1" : step_of(unit.ends_with("MM") ? "month" : "year"))};
}

std::optional<Period> period_of(const Predicate& predicate, const std::string& type, const Operand& value) {
  const std::string name = builtin_name(predicate.wrapper);
  if ((name == "date" || name == "::date") && is_moment(type)) {
    if (!untyped(value) && value.type != "date") return std::nullopt;
    const std::string begin = as(value, "date");
    return Period{begin, begin + " + 1"};
  }
  if (!is_time(type)) return std::nullopt;
  if (name == "date_trunc") return of_truncated(predicate, type, value);
  if (name == "to_char") return of_text(predicate, value);
  if ((name == "extract" || name == "date_part") && predicate.unit == "year" && value.literal &&
      (value.type.empty() || value.type == "integer")) {
    const std::string year = as(value, "integer");
    return Period{"make_date(" + year + ", 1, 1)", "make_date(" + year + " + 1, 1, 1)"};
  }
  return std::nullopt;
}

std::string range(const std::string& column, const std::string& begin, const std::string& end) {
  return column + " >= " + begin + " AND " + column + " < " + end;
}

std::string only_for_period(const Predicate& predicate) {
  const std::string name = builtin_name(predicate.wrapper);
  const bool typed = std::ranges::all_of(
      predicate.values, [](const Operand& value) { return !value.literal || value.unit == "day"; });
  if (name == "to_char") return "The value must be a date in the form " + predicate.unit;
  if (name != "date_trunc" || (typed && predicate.unit == "day")) return {};
  const bool literal =
      std::ranges::any_of(predicate.values, [](const Operand& value) { return value.literal; });
  return literal ? "The value must be the beginning of " +
                       std::string(predicate.unit == "hour" ? "an " : "a ") + predicate.unit
                 : std::string();
}

std::optional<RewrittenCondition> as_range(const Predicate& predicate, const std::string& type) {
  std::vector<Period> periods;
  for (const auto& value : predicate.values) {
    auto period = period_of(predicate, type, value);
    if (!period) return std::nullopt;
    periods.push_back(std::move(*period));
  }
  const std::string column = quote_identifier(predicate.column.column);
  const Period& first = periods.front();
  const std::string& op = predicate.op_name;
  RewrittenCondition out{Form::range, {}, only_for_period(predicate)};
  if (predicate.op == Op::equality || predicate.op == Op::in_list) {
    std::vector<std::string> ranges;
    for (const auto& period : periods) ranges.push_back(range(column, period.begin, period.next));
    out.sql = join(ranges, " OR ");
    if (ranges.size() > 1) out.sql = "(" + out.sql + ")";
  } else if (op == "BETWEEN") {
    out.sql = range(column, first.begin, periods[1].next);
  } else if (op == ">=" || op == "<") {
    out.sql = column + " " + op + " " + first.begin;
  } else {
    out.sql = column + (op == ">" ? " >= " : " < ") + first.next;
  }
  return out;
}

std::string turned(const std::string& op) {
  static const std::map<std::string, std::string> other = {
      {"<", ">"}, {">", "<"}, {"<=", ">="}, {">=", "<="}};
  const auto* found = find_value(other, op);
  return found ? *found : op;
}

std::optional<RewrittenCondition> rewritten(Form form, const std::optional<std::string>& sql,
                                            std::string only = {}) {
  if (!sql) return std::nullopt;
  return RewrittenCondition{form, *sql, std::move(only)};
}

// The condition with each value changed by a function that never changes two values into one; `falls`: the
// function turns the order around.
std::optional<std::string> with_values(const Predicate& predicate, bool falls, const Change& change) {
  std::vector<std::string> values;
  for (const auto& operand : predicate.values) {
    const auto value = change(operand);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  const std::string column = quote_identifier(predicate.column.column);
  if (predicate.op == Op::in_list) return column + " IN (" + join(values, ", ") + ")";
  if (predicate.op_name == "BETWEEN")
    return column + " BETWEEN " + (falls ? values[1] + " AND " + values[0] : values[0] + " AND " + values[1]);
  return column + " " + (falls ? turned(predicate.op_name) : predicate.op_name) + " " + values[0];
}

std::optional<std::string> moved_number(const Predicate& predicate, const std::string& type, bool adds) {
  const std::string_view common = type == "smallint" ? "integer" : std::string_view(type);
  const auto fits = [&](const Operand& value) {
    return untyped(value) ||
           (value.literal && (value.type == "integer" || value.type == "smallint" || value.type == common));
  };
  const Operand& operand = predicate.operand;
  if (!fits(operand)) return std::nullopt;
  const bool falls = !adds && predicate.operand_first;
  return with_values(predicate, falls, [&](const Operand& value) -> Value {
    if (!fits(value)) return std::nullopt;
    if (falls) return as(operand, common) + " - " + as(value, common);
    return as(value, common) + (adds ? " - " : " + ") + as(operand, common);
  });
}

// c + interval, c - interval, date + integer, date - integer.
std::optional<std::string> moved_duration(const Predicate& predicate, const std::string& type, bool adds) {
  const Operand& operand = predicate.operand;
  const bool days = type == "date" && operand.type == "integer";
  const bool assumed = untyped(operand) && adds && is_moment(type);
  if ((!days && !assumed && operand.type != "interval") || (predicate.operand_first && !adds))
    return std::nullopt;
  const std::string_view result = days ? "date" : type == with_zone ? with_zone : without_zone;
  return with_values(predicate, false, [&](const Operand& value) -> Value {
    if (!untyped(value) && !is_time(value.type)) return std::nullopt;
    if (days && !untyped(value) && value.type != "date") return std::nullopt;
    return as(value, result) + (adds ? " - " : " + ") + as(operand, days ? "integer" : "interval");
  });
}

// now() - c, c - now(): the values are intervals, or days if both are dates.
std::optional<std::string> moved_moment(const Predicate& predicate, const std::string& type) {
  const Operand& operand = predicate.operand;
  const std::string_view result = type == "date" && operand.type == "date" ? "integer" : "interval";
  return with_values(predicate, predicate.operand_first, [&](const Operand& value) -> Value {
    if (!untyped(value) && value.type != result) return std::nullopt;
    return operand.sql + (predicate.operand_first ? " - " : " + ") + as(value, result);
  });
}

std::optional<RewrittenCondition> moved(const Predicate& predicate, const std::string& type) {
  const std::string name = builtin_name(predicate.wrapper);
  const bool adds = name == "+";
  if ((!adds && name != "-") || predicate.operand.sql.empty()) return std::nullopt;
  std::optional<std::string> sql;
  if (is_whole(type) || type == "numeric") sql = moved_number(predicate, type, adds);
  else if (!is_time(type)) return std::nullopt;
  else if (!adds && is_time(predicate.operand.type)) sql = moved_moment(predicate, type);
  else sql = moved_duration(predicate, type, adds);
  const bool of_intervals = is_time(type) && predicate.operand.type != "integer" &&
                            !(type == "date" && predicate.operand.type == "date");
  return rewritten(Form::moved, sql,
                   of_intervals
                       ? "With an interval of months, or of days across a change to or from daylight saving "
                         "time, the rows can differ"
                       : "");
}

// Types whose operator family compares both types, so that the column needs no cast.
bool widens(const std::string& from, const std::string& to) {
  if (is_whole(from) && is_whole(to)) return from == "smallint" || (from == "integer" && to == "bigint");
  if (from == "date") return is_moment(to);
  return (from == without_zone && to == with_zone) || (from == "real" && to == "double precision");
}

bool is_fractional(std::string_view type) {
  return type == "numeric" || type == "double precision" || type == "real";
}

// A whole number's comparison with one that may have a fraction.
std::optional<RewrittenCondition> with_whole_value(const Predicate& predicate, const std::string& type,
                                                   const std::string& to) {
  const bool between = predicate.op_name == "BETWEEN";
  bool down = predicate.op_name == ">" || predicate.op_name == "<=";
  const auto sql = with_values(predicate, false, [&](const Operand& value) -> Value {
    if (!untyped(value) && !is_whole(value.type) && !is_fractional(value.type)) return std::nullopt;
    if (predicate.op != Op::range) return value.sql + "::" + type;
    const std::string whole = (down ? "floor(" : "ceil(") + as(value, to) + ")::" + type;
    down = down != between;
    return whole;
  });
  if (predicate.op == Op::range)
    return rewritten(Form::cast, sql,
                     type == "bigint" && to != "numeric" ? "Beyond 2^53 the rows can differ" : "");
  if (has_fraction(predicate)) return std::nullopt;
  return rewritten(Form::cast, sql, "The value must be a whole number");
}

// Several texts are the same value of the type, and most texts are none.
std::string only_for_text(const Predicate& predicate, const std::string& type) {
  if (predicate.of_enum) return "The value must be one of " + type + ": any other text is an error";
  return type == "uuid"
             ? "The value must be a UUID: a text that is none is then an error, and a UUID in upper "
               "case finds its row, too"
             : "The value must be a whole number: a text that is none is then an error, and '007' "
               "finds 7, too";
}

std::optional<RewrittenCondition> with_cast_value(const Predicate& predicate, const std::string& type) {
  if (!predicate.wrapper.starts_with("::") || type.empty()) return std::nullopt;
  const std::string to = predicate.wrapper.substr(2);
  if (widens(type, to)) {
    return rewritten(
        Form::cast, with_values(predicate, false, [&](const Operand& value) -> Value {
          if (!untyped(value) && value.type != to && value.type != type && value.type != "integer")
            return std::nullopt;
          return as(value, to);
        }));
  }
  if (is_whole(type) && is_fractional(to)) return with_whole_value(predicate, type, to);
  const bool one_text_each = type == "uuid" || is_whole(type) || predicate.of_enum;
  if ((to != "text" && to != "character varying") || !one_text_each || predicate.op == Op::range)
    return std::nullopt;
  const auto sql = with_values(predicate, false, [&](const Operand& value) -> Value {
    if (!untyped(value) && value.type != "text" && value.type != "character varying") return std::nullopt;
    return value.sql + "::" + type;
  });
  return rewritten(Form::cast, sql, only_for_text(predicate, type));
}

}  // namespace

bool has_fraction(const Predicate& predicate) {
  if (!predicate.constant) return false;
  const char* const begin = predicate.constant->c_str();
  char* end = nullptr;
  const double value = std::strtod(begin, &end);
  return end != begin && *end == '\0' && std::isfinite(value) && value != std::floor(value);
}

std::string builtin_name(const std::string& wrapper) {
  constexpr std::string_view schema = "pg_catalog.";
  return wrapper.starts_with(schema) ? wrapper.substr(schema.size()) : wrapper;
}

std::optional<RewrittenCondition> rewritten_condition(const Predicate& predicate, const std::string& type) {
  if (predicate.wrapper.empty() || !predicate.inner.empty() || !has_values(predicate)) return std::nullopt;
  if (auto range = as_range(predicate, type)) return range;
  if (auto other = moved(predicate, type)) return other;
  return with_cast_value(predicate, type);
}

}  // namespace pgadvise
