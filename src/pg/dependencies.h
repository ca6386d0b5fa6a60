// What a statement would run: found in the tree that the server makes of it, without planning or running it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pg/connection.h"
#include "plan/source.h"

namespace pgadvise::pg {

// Both inside a READ ONLY transaction of the caller's, who rolls it back.

// Parses `statement` (which must be one plain statement) and judges all that its tree refers to. What can't
// be found out is an entry of unknown_functions, so that nothing runs. Leaves search_path = pg_catalog.
Result<plan::Dependencies> find_dependencies(Connection& connection, std::string_view statement);

// Types whose input runs somebody's own code: a literal of theirs would run it while the statement is merely
// parsed. Names of what could bring such a literal about (types, relations, functions), lower case; "*" when
// an operator could.
Result<std::vector<std::string>> find_dangerous_inputs(Connection& connection);

}  // namespace pgadvise::pg
