// Names and expressions in a DDL statement's parse tree. Internal to src/read/sql.
#pragma once

#include <string>

#include "model/schema/catalog.h"
#include "sql/definitions/schema_names.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// A relation's name as written: "" as its schema where none is.
QualifiedName written(const PgQuery__RangeVar& range);
// The last two parts of a qualified name; "" as its schema where there is one part.
QualifiedName written(NodeList names);

// Where CREATE would put the relation, or the type or function.
QualifiedName new_name(const PgQuery__RangeVar& range, const SchemaNames& state);
QualifiedName new_name(NodeList names, const SchemaNames& state);

// The type as format_type() spells it, with the schema of a user's type that the search path finds.
std::string type_of(const PgQuery__TypeName* type, const SchemaNames& state);

// Of a List, or of a TypeName's name; empty for other nodes.
NodeList list_of(const Node* node);
// "C", "de_DE"; with the schema where it isn't pg_catalog. The default collation is no collation: "".
std::string collation_name(NodeList names);

}  // namespace pgadvise::sql
