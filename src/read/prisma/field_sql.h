// The SQL of Prisma's fields on PostgreSQL: types and default values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "prisma/syntax.h"

namespace pgadvise::prisma {

// The type of a scalar field as format_type() spells it, without "[]": "String" -> "text", with
// `@db.VarChar(20)` "character varying(20)". nullopt: neither a scalar type nor Unsupported, or an unknown
// native type.
std::optional<std::string> column_type(const Field& field);

// An operator class of an index: "JsonbPathOps" -> "jsonb_path_ops", "Int4MinMaxOps" -> "int4_minmax_ops".
std::string operator_class(std::string_view name);

struct Default {
  bool known = true;
  bool serial = false;                  // autoincrement()
  std::optional<std::string> sql = {};  // nullopt: none in the database, as for cuid()
};

// Of the value of @default. `labels`: database names of an enum's values, by their names in the schema; empty
// for other types. `type`: the column's, for lists.
Default default_value(const Field& field, const Expression& value,
                      const std::map<std::string, std::string>& labels, const std::string& type);

}  // namespace pgadvise::prisma
