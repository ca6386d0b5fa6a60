// Type names as format_type() spells them. Internal to src/read/sql.
#pragma once

#include <string>

#include "model/schema/catalog.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// As format_type() spells the server's own types; others as written, quoted where needed, without "public.".
std::string type_spelling(const PgQuery__TypeName* type);

// The spelling of a user's type.
std::string type_spelling(const QualifiedName& name);

// The name of a type that isn't one of those with a spelling of their own, as written; empty name: it is one
// of those.
QualifiedName user_type_name(const PgQuery__TypeName* type);

// With ([]) or without, and what stands between parentheses.
std::string type_suffix(const PgQuery__TypeName* type);

}  // namespace pgadvise::sql
