// A statement's parse tree as a value of definitions.h. Internal to src/read/sql.
#pragma once

#include "sql/definitions/definitions.h"
#include "sql/definitions/schema_state.h"
#include "sql/parse/ast.h"

namespace pgadvise::sql {

// `state`: the schema that the statement will find, which decides what its names refer to.
Statement read_statement(const Node& node, const SchemaState& state);

}  // namespace pgadvise::sql
