#include "prisma/field_sql.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/type_name.h"

namespace pgadvise::prisma {
namespace {

using Names = std::map<std::string_view, std::string_view>;

const Names scalars = {{"String", "text"},
                       {"Boolean", "boolean"},
                       {"Int", "integer"},
                       {"BigInt", "bigint"},
                       {"Float", "double precision"},
                       {"Decimal", "numeric(65,30)"},
                       {"DateTime", "timestamp(3)"},
                       {"Json", "jsonb"},
                       {"Bytes", "bytea"}};

// Of what is behind "db.", without its arguments; "" for an unknown name.
std::string native_type(std::string_view name) {
  // The types have the same names, in lower case.
  static constexpr auto plain =
      word_list("Text", "Char", "VarChar", "Bit", "VarBit", "Uuid", "Xml", "Inet", "Citext", "Integer",
                "SmallInt", "Oid", "BigInt", "Real", "Money", "Timestamp", "Timestamptz", "Date", "Time",
                "Timetz", "Boolean", "Json", "JsonB", "ByteA");
  if (is_one_of(name, plain)) return lower(name);
  return name == "Int"               ? "integer"
         : name == "DoublePrecision" ? "double precision"
         : name == "Decimal"         ? "numeric"
                                     : "";
}

using Kind = Expression::Kind;

// "2020-01-01T00:00:00Z" -> "2020-01-01 00:00:00 +00:00", as Prisma writes it.
std::string date_text(std::string text) {
  if (text.size() < 19 || text[10] != 'T') return text;
  text[10] = ' ';
  if (text.back() == 'Z') {
    text.pop_back();
    return text + " +00:00";
  }
  if (const auto sign = text.find_first_of("+-", 19); sign != std::string::npos) text.insert(sign, " ");
  return text;
}

std::optional<std::string> literal(const Field& field, const Expression& value,
                                   const std::map<std::string, std::string>& labels) {
  if (value.is(Kind::number)) return value.text;
  if (value.is(Kind::text)) {
    if (field.type == "Decimal") return value.text;
    if (field.type == "Bytes") return "decode(" + quote_literal(value.text) + ", 'base64')";
    return quote_literal(field.type == "DateTime" ? date_text(value.text) : value.text);
  }
  if (!value.is(Kind::word)) return std::nullopt;
  if (field.type == "Boolean") return value.text;
  const auto label = labels.find(value.text);
  return label == labels.end() ? std::nullopt : std::optional(quote_literal(label->second));
}

Default call(const Expression& value) {
  static constexpr auto by_client = word_list("uuid", "cuid", "nanoid", "ulid", "auto");
  Default out;
  if (value.text == "autoincrement") out.serial = true;
  else if (value.text == "now") out.sql = "CURRENT_TIMESTAMP";
  else if (value.text == "dbgenerated") {
    if (!value.members.empty() && !trim(value.members[0].text).empty()) out.sql = value.members[0].text;
  } else {
    out.known = is_one_of(value.text, by_client);
  }
  return out;
}

}  // namespace

std::optional<std::string> column_type(const Field& field) {
  if (!field.unsupported.empty()) return canonical_type(field.unsupported);
  const auto scalar = scalars.find(field.type);
  if (scalar == scalars.end()) return std::nullopt;
  const auto native = std::ranges::find_if(field.attributes, [](const Attribute& one) {
    return contains(one.name, ".");  // "db" is the name of the datasource
  });
  if (native == field.attributes.end()) return canonical_type(scalar->second);
  std::string type = native_type(std::string_view(native->name).substr(native->name.find('.') + 1));
  if (type.empty()) return std::nullopt;
  std::vector<std::string> arguments;
  for (const auto& argument : native->arguments) arguments.push_back(argument.text);
  if (!arguments.empty()) type += "(" + join(arguments, ",") + ")";
  return canonical_type(type);
}

std::string operator_class(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out += '_';
    out += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (const auto& [words, one] : {std::pair{"min_max", "minmax"},
                                   {"timestamp_tz", "timestamptz"},
                                   {"time_tz", "timetz"},
                                   {"ts_vector", "tsvector"},
                                   {"ts_query", "tsquery"},
                                   {"var_bit", "varbit"},
                                   {"mac_addr", "macaddr"}})
    out = replace_all(std::move(out), words, one);
  return out;
}

Default default_value(const Field& field, const Expression& value,
                      const std::map<std::string, std::string>& labels, const std::string& type) {
  if (value.is(Kind::call)) return call(value);
  Default out;
  if (!value.is(Kind::array)) {
    out.sql = literal(field, value, labels);
    out.known = out.sql.has_value();
    return out;
  }
  std::vector<std::string> items;
  for (const auto& item : value.members) {
    auto text = literal(field, item, labels);
    if (!text) return {.known = false};
    items.push_back(std::move(*text));
  }
  out.sql = "ARRAY[" + join(items, ", ") + "]::" + type;
  return out;
}

}  // namespace pgadvise::prisma
