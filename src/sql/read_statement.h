// A statement's parse tree as a value of definitions.h. Internal to src/sql.
#pragma once

#include "sql/ast.h"
#include "sql/definitions.h"
#include "sql/schema_state.h"

namespace pgadvise::sql {

// `state`: the schema that the statement will find, which decides what its names refer to.
Statement read_statement(const Node& node, const SchemaState& state);

}  // namespace pgadvise::sql
