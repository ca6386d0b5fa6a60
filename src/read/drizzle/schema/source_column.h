// Columns in Drizzle source: varchar('name', { length: 20 }).notNull() and its like.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drizzle/schema/source_config.h"
#include "drizzle/schema/source_sql.h"
#include "drizzle/schema/source_value.h"
#include "model/schema/catalog.h"

namespace pgadvise::drizzle {

struct ColumnName {
  std::string name;
  std::string key_name;  // the name without casing: drizzle-orm makes names of unique constraints of it
};

// A column as written. What is not known is left out, and named in `unknown`.
struct SourceColumn {
  ColumnName name;
  std::string type;         // "varchar(20)[]"; "" if unknown
  std::string type_schema;  // of an enum
  bool not_null = false;
  bool primary_key = false;
  bool unique = false;
  bool nulls_not_distinct = false;
  std::string unique_name;  // "" if none is given
  std::optional<std::string> default_expression;
  std::optional<std::string> generated_expression;
  std::optional<Column::Identity> identity;
  std::string identity_sequence;
  typescript::ValuePtr references;  // the referenced column; null: none
  std::string on_delete;
  std::string on_update;
  std::vector<std::string> unknown;  // "the type", "the default" …
  SourceLocation location;
};

// What a column is read with.
struct ColumnContext {
  typescript::Program& program;
  Casing casing;
  const SqlNames& names;
  std::optional<bool> array_forgets;  // as of SourceConfig
};

// The name of the column that `value` builds under this key; nullopt for other values, and for an unknown
// name.
std::optional<ColumnName> column_name(const ColumnContext& context, const std::string& key,
                                      const typescript::ValuePtr& value);

// nullopt: the name is not known.
std::optional<SourceColumn> read_column(const ColumnContext& context, const typescript::Property& property);

// Whether the value is a column of drizzle-orm/pg-core.
bool is_column(const typescript::ValuePtr& value);

}  // namespace pgadvise::drizzle
