// What the parts of a DDL statement say, before anything is known of the schema that they meet. Internal to src/sql.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "sql/ast.h"

namespace pgadvise::sql {

// Of a List, or of a TypeName's name; empty for other nodes.
NodeList list_of(const Node* node);
// The last part of a qualified name; "" of none.
std::string last_name(NodeList names);
// "C", "de_DE"; with the schema where it isn't pg_catalog. The default collation is no collation: "".
std::string collation_name(NodeList names);

// nullopt: no constraint of its own (NOT NULL, DEFAULT, identity, DEFERRABLE …).
std::optional<Constraint::Kind> constraint_kind(const PgQuery__Constraint& node);
// Each column reference's last name, once, in order. nullptr-safe.
std::vector<std::string> column_names(const Node* expression);
IndexKey index_key(const PgQuery__IndexElem& element);

}  // namespace pgadvise::sql
