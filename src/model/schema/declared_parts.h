// Builds the parts of a Catalog from what an ORM says about them: drizzle-kit's snapshots, Drizzle source and
// schema.prisma.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise {

// "public" for "".
std::string or_public(const std::string& schema);

// "no action" -> "NO ACTION"; "NO ACTION" for "".
std::string referential_action_name(std::string_view written);

// As Policy::roles: empty if one of them is "public".
std::vector<std::string> policy_roles(std::vector<std::string> written);

// A column's type as format_type() spells it. `type_schema`: of an enum; "" for a type that may be an enum of
// `catalog`'s schema public. Takes `COLLATE "C"` at the end of the text as the collation.
void set_type(const Catalog& catalog, Column& column, std::string_view type, const std::string& type_schema);

// The sequence and default of a serial column, and of an identity column. `name`: of the sequence; "" for
// PostgreSQL's own.
void add_serial(Catalog& catalog, const Table& table, Column& column);
void add_identity(Catalog& catalog, const Table& table, Column& column, bool always, std::string name);

// A primary key or unique constraint with its index. `columns` is not empty; `name` "" is PostgreSQL's own
// for a unique constraint. Cuts names as PostgreSQL does.
void add_key(Table& table, Constraint::Kind kind, std::string name, std::vector<std::string> columns,
             bool nulls_not_distinct, const SourceLocation& origin);

// Of a key whose `expression` is the text of an index element: its order, operator class and collation. What
// is only a column becomes one: "created_at" DESC, "name" gin_trgm_ops.
void read_written_key(IndexKey& key, const Table& table);

// The columns of "c IS NOT NULL [AND …]"; empty if the predicate contains anything else.
std::vector<std::string> not_null_columns(std::string_view predicate, const Table& table);

}  // namespace pgadvise
