// Names and expressions in a DDL statement's parse tree. Internal to src/sql.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"

namespace pgadvise::sql {

// Of a List, or of a TypeName's name; empty for other nodes.
NodeList list_of(const Node* node);
// The last part of a qualified name; "" of none.
std::string last_name(NodeList names);
// "C", "de_DE"; with the schema where it isn't pg_catalog. The default collation is no collation: "".
std::string collation_name(NodeList names);

// Each column reference's last name, once, in order. nullptr-safe.
std::vector<std::string> column_names(const Node* expression);

}  // namespace pgadvise::sql
