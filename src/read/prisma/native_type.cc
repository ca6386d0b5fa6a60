#include "prisma/native_type.h"

#include <algorithm>
#include <array>

#include "base/text/text.h"
#include "model/schema/type_name.h"

namespace pgadvise::prisma {
namespace {

struct Type {
  std::string_view prisma;
  std::string_view sql;
};

constexpr std::array<Type, 9> scalars = {{{"String", "text"},
                                          {"Boolean", "boolean"},
                                          {"Int", "integer"},
                                          {"BigInt", "bigint"},
                                          {"Float", "double precision"},
                                          {"Decimal", "numeric(65,30)"},
                                          {"DateTime", "timestamp(3)"},
                                          {"Json", "jsonb"},
                                          {"Bytes", "bytea"}}};

// Behind "db."; arguments are added.
constexpr std::array<Type, 27> natives = {{{"Text", "text"},
                                           {"Char", "char"},
                                           {"VarChar", "varchar"},
                                           {"Bit", "bit"},
                                           {"VarBit", "varbit"},
                                           {"Uuid", "uuid"},
                                           {"Xml", "xml"},
                                           {"Inet", "inet"},
                                           {"Citext", "citext"},
                                           {"Integer", "integer"},
                                           {"Int", "integer"},
                                           {"SmallInt", "smallint"},
                                           {"Oid", "oid"},
                                           {"BigInt", "bigint"},
                                           {"DoublePrecision", "double precision"},
                                           {"Real", "real"},
                                           {"Decimal", "numeric"},
                                           {"Money", "money"},
                                           {"Timestamp", "timestamp"},
                                           {"Timestamptz", "timestamptz"},
                                           {"Date", "date"},
                                           {"Time", "time"},
                                           {"Timetz", "timetz"},
                                           {"Boolean", "boolean"},
                                           {"Json", "json"},
                                           {"JsonB", "jsonb"},
                                           {"ByteA", "bytea"}}};

template <std::size_t count>
std::string_view find(const std::array<Type, count>& types, std::string_view name) {
  const auto found = std::ranges::find_if(types, [&](const Type& one) { return one.prisma == name; });
  return found == types.end() ? std::string_view() : found->sql;
}

}  // namespace

std::optional<std::string> column_type(const Field& field) {
  if (!field.unsupported.empty()) return canonical_type(field.unsupported);
  const std::string_view scalar = find(scalars, field.type);
  if (scalar.empty()) return std::nullopt;
  const auto native = std::ranges::find_if(field.attributes, [](const Attribute& one) {
    const auto dot = one.name.find('.');  // "db" is the name of the datasource
    return dot != std::string::npos;
  });
  if (native == field.attributes.end()) return canonical_type(scalar);
  std::string type(find(natives, std::string_view(native->name).substr(native->name.find('.') + 1)));
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
