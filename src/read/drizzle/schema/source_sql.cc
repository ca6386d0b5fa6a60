#include "drizzle/schema/source_sql.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/identifier.h"
#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "drizzle/schema/source_value.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;
using Text = std::optional<std::string>;
using Json = nlohmann::ordered_json;

constexpr int max_depth = 60;
// Values of which a text is made: values share parts, so that there may be very many.
constexpr int max_values = 10'000;
constexpr std::size_t max_text = 100'000;

std::optional<Json> json_of(const ValuePtr& value, int depth, int& budget) {
  if (depth > max_depth || value->partial || --budget < 0) return std::nullopt;
  switch (value->kind) {
    case Kind::null: return Json(nullptr);
    case Kind::boolean: return Json(value->truth);
    case Kind::string: return Json(value->text);
    case Kind::number: {
      Json number = parsed_json<Json>(value->text);
      return number.is_discarded() ? std::nullopt : std::optional<Json>(std::move(number));
    }
    case Kind::array: {
      Json out = Json::array();
      for (const auto& item : value->items) {
        auto one = json_of(item, depth + 1, budget);
        if (!one) return std::nullopt;
        out.push_back(std::move(*one));
      }
      return out;
    }
    case Kind::object: {
      Json out = Json::object();
      for (const auto& property : value->properties) {
        if (property.value->is(Kind::undefined)) continue;
        auto one = json_of(property.value, depth + 1, budget);
        if (!one) return std::nullopt;
        out[property.key] = std::move(*one);
      }
      return out;
    }
    default: return std::nullopt;
  }
}

// {1,2}, {"a","b"}: what drizzle-kit makes of a default of an array.
Text array_text(const ValuePtr& value, int depth, int& budget) {
  if (depth > max_depth || value->partial) return std::nullopt;
  std::string out;
  for (const auto& item : value->items) {
    if (--budget < 0) return std::nullopt;
    if (!out.empty()) out += ',';
    if (item->is(Kind::array)) {
      const Text inner = array_text(item, depth + 1, budget);
      if (!inner) return std::nullopt;
      out += *inner;
    } else if (item->is(Kind::number, Kind::boolean)) {
      out += *item->as_text();
    } else if (item->is(Kind::string)) {
      out += "\"" + item->text + "\"";
    } else {
      return std::nullopt;
    }
  }
  return "{" + out + "}";
}

class Renderer {
 public:
  Renderer(const SqlNames& names, bool bare) : names_(names), bare_(bare) {}

  // Of a value inside of sql`…`, or an operand.
  Text operand(const ValuePtr& value, int depth) {
    if (depth > max_depth || --budget_ < 0) return std::nullopt;
    switch (value->kind) {
      case Kind::string: return quote_literal(value->text);
      case Kind::number:
      case Kind::boolean:
      case Kind::null: return value->as_text();
      case Kind::undefined: return "";
      case Kind::array: return list(value->items, ", ", depth).in_parentheses();
      default: break;
    }
    if (const Text column = names_.column(value, bare_)) return column;
    if (const Text table = names_.table(value)) return table;
    return expression(value, depth + 1);
  }

  // Of what is SQL itself.
  Text expression(const ValuePtr& value, int depth) {
    if (depth > max_depth) return std::nullopt;
    if (value->is(Kind::tagged)) return tagged(*value, depth);
    if (!value->is(Kind::call) || value->partial) return std::nullopt;
    const Value& function = *value->base;
    if (function.is(Kind::member)) {
      if (drizzle_orm_name(*function.base) == "sql") return of_sql(function.name, *value, depth);
      for (const auto* passing : {"as", "mapWith", "inlineParams", "getSQL", "$type"})
        if (function.name == passing) return operand(function.base, depth + 1);
      return std::nullopt;
    }
    return operation(drizzle_orm_name(function), *value, depth);
  }

 private:
  struct List {
    Text text;
    Text in_parentheses() const { return text ? Text("(" + *text + ")") : std::nullopt; }
  };

  List list(const std::vector<ValuePtr>& items, std::string_view separator, int depth) {
    std::string out;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Text one = operand(items[i], depth + 1);
      if (!one || out.size() > max_text) return {};
      if (i > 0) out += separator;
      out += *one;
    }
    return {out};
  }

  Text tagged(const Value& value, int depth) {
    if (drizzle_orm_name(*value.base) != "sql") return std::nullopt;
    std::string out = value.strings.front();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const Text part = operand(value.items[i], depth + 1);
      if (!part || out.size() > max_text) return std::nullopt;
      out += *part + value.strings[i + 1];
    }
    return out;
  }

  // sql.raw(), sql.identifier() …
  Text of_sql(const std::string& name, const Value& call, int depth) {
    const ValuePtr first = argument(call, 0);
    if (name == "empty") return "";
    if (name == "raw") return text_of(first);
    if (name == "identifier") return text_of(first) ? Text(double_quoted(first->text)) : std::nullopt;
    if (name == "param" || name == "placeholder") return std::nullopt;
    if (name != "join" || !first->is(Kind::array) || first->partial) return std::nullopt;
    const Text separator = call.items.size() > 1 ? operand(call.items[1], depth + 1) : Text("");
    return separator ? list(first->items, *separator, depth).text : std::nullopt;
  }

  Text operation(const std::string& name, const Value& call, int depth) {
    static const std::map<std::string_view, std::string_view> binary = {
        {"eq", " = "},        {"ne", " <> "},
        {"gt", " > "},        {"gte", " >= "},
        {"lt", " < "},        {"lte", " <= "},
        {"like", " like "},   {"notLike", " not like "},
        {"ilike", " ilike "}, {"notIlike", " not ilike "},
        {"inArray", " in "},  {"notInArray", " not in "}};
    static const std::map<std::string_view, std::string_view> behind = {
        {"isNull", " is null"}, {"isNotNull", " is not null"}, {"asc", " asc"}, {"desc", " desc"}};
    if (const auto symbol = binary.find(name); symbol != binary.end() && call.items.size() == 2)
      return list(call.items, symbol->second, depth).text;
    if (const auto word = behind.find(name); word != behind.end() && call.items.size() == 1) {
      const Text one = operand(call.items[0], depth + 1);
      return one ? Text(*one + std::string(word->second)) : std::nullopt;
    }
    if (name == "not" && call.items.size() == 1) {
      const Text one = operand(call.items[0], depth + 1);
      return one ? Text("not " + *one) : std::nullopt;
    }
    if (name == "between" && call.items.size() == 3) {
      const Text one = operand(call.items[0], depth + 1);
      const Text range = list({call.items[1], call.items[2]}, " and ", depth).text;
      return one && range ? Text(*one + " between " + *range) : std::nullopt;
    }
    if (name != "and" && name != "or") return std::nullopt;
    std::vector<ValuePtr> parts;
    for (const auto& item : call.items)
      if (!item->is(Kind::undefined)) parts.push_back(item);
    if (parts.size() == 1) return operand(parts[0], depth + 1);
    return list(parts, name == "and" ? " and " : " or ", depth).in_parentheses();
  }

  const SqlNames& names_;
  bool bare_;
  int budget_ = max_values;
};

// Of a UTC time: whether the text has digits where the pattern has 0, and else the pattern's characters.
bool has_form(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char wanted) { return wanted == '0' ? c >= '0' && c <= '9' : c == wanted; });
}

// What toISOString() makes of a date's text; nullopt for a text in local time, and for other texts.
Text iso_time_of(std::string text) {
  if (has_form(text, "0000-00-00")) text += "T00:00:00.000Z";
  else if (has_form(text, "0000-00-00T00:00:00Z")) text.insert(text.size() - 1, ".000");
  if (!has_form(text, "0000-00-00T00:00:00.000Z")) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t length) { return std::stoi(text.substr(at, length)); };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const bool exists = date.ok() && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 60;
  return exists ? Text(std::move(text)) : std::nullopt;
}

// What toISOString() makes of `new Date(0)` or `new Date('2020-01-31')`. nullopt for other values, and for
// times before 1970.
Text iso_time(const Value& value) {
  constexpr double last = 253'402'300'799'999;  // milliseconds, of the year 9999
  constexpr std::int64_t day_length = 86'400'000;
  if (!value.is(Kind::call) || !value.is_new || value.partial || value.items.size() != 1) return std::nullopt;
  const Value& type = *value.base;
  if (!type.is(Kind::external) || !type.text.empty() || type.name != "Date") return std::nullopt;
  const Value& given = *value.items[0];
  if (given.is(Kind::string)) return iso_time_of(given.text);
  if (!given.is(Kind::number)) return std::nullopt;
  const double time = std::strtod(given.text.c_str(), nullptr);
  if (!(time >= 0 && time <= last)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(time), rest = whole % day_length;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(whole / day_length))};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3'600'000,
                     rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
}

// As drizzle-kit writes it for a column of the type, which is in lower case.
std::string date_default(const std::string& iso_time, const std::string& type) {
  if (type == "date") return "'" + iso_time.substr(0, 10) + "'";
  if (type == "timestamp") return "'" + iso_time.substr(0, 10) + " " + iso_time.substr(11, 12) + "'";
  return "'" + iso_time + "'";
}

}  // namespace

std::string double_quoted(const std::string& name) { return "\"" + replace_all(name, "\"", "\"\"") + "\""; }

std::optional<std::string> sql_text(const ValuePtr& value, const SqlNames& names, bool bare) {
  return Renderer(names, bare).expression(value, 0);
}

std::optional<std::string> default_literal(const ValuePtr& value, const std::string& type) {
  const std::string low = lower(type);
  int budget = max_values;
  if (value->is(Kind::string)) return "'" + replace_all(value->text, "'", "''") + "'";
  if (low == "json" || low == "jsonb") {
    const auto json = json_of(value, 0, budget);
    if (!json) return std::nullopt;
    return "'" + replace_all(json->dump(-1, ' ', false, Json::error_handler_t::replace), "'", "''") +
           "'::" + low;
  }
  if (const Text time = iso_time(*value)) return date_default(*time, low);
  if (value->is(Kind::array)) {
    const Text text = array_text(value, 0, budget);
    return text ? Text("'" + replace_all(*text, "'", "''") + "'") : std::nullopt;
  }
  if (value->is(Kind::number, Kind::boolean, Kind::null)) return value->as_text();
  return std::nullopt;
}

}  // namespace pgadvise::drizzle
