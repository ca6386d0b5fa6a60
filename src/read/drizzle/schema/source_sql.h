// The SQL text of sql`…` and of Drizzle's operators in source.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "typescript/value.h"

namespace pgadvise::drizzle {

// What a table's or column's value is called in SQL.
struct SqlNames {
  // "orders"."total", or with `bare` only "total"; nullopt for other values.
  std::function<std::optional<std::string>(const typescript::ValuePtr& value, bool bare)> column;
  // "orders" or "billing"."orders"; nullopt for other values.
  std::function<std::optional<std::string>(const typescript::ValuePtr& value)> table;
};

// The name in double quotes, as drizzle-orm writes each name.
std::string double_quoted(const std::string& name);

// The text of sql`…`, sql.raw('…'), eq(a, b) and the like, with values as literals. `bare`: columns without
// their table, as in an index's expressions. nullopt for other values, and for an unknown part.
std::optional<std::string> sql_text(const typescript::ValuePtr& value, const SqlNames& names, bool bare);

// A literal as drizzle-kit writes a column's default: 'it''s', 1, true, '{"a":1}'::jsonb, '{1,2}', and
// '1970-01-01' of `new Date(0)`. `type` is the column's, as written. nullopt for what is not known.
std::optional<std::string> default_literal(const typescript::ValuePtr& value, const std::string& type);

}  // namespace pgadvise::drizzle
