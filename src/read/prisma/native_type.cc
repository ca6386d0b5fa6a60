#include "prisma/native_type.h"

#include <algorithm>
#include <map>

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

}  // namespace pgadvise::prisma
