// The PostgreSQL types of Prisma's fields.
#pragma once

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

}  // namespace pgadvise::prisma
