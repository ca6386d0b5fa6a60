// Finds the functions that a statement would run, from the server's parse tree, without planning or running
// it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pg/connection.h"
#include "pg/dependency_checker.h"
#include "plan/source.h"

namespace pgadvise::pg {

// Cache of objects that were checked completely and are harmless, so that the next statement does not check
// them again. Valid for some seconds only, as a function may be replaced.
struct Harmless {
  References oids;
  std::optional<Oids> unlisted;  // unlisted_catalogs(); empty: not asked yet
  std::chrono::steady_clock::time_point since;
};

// Both functions require a READ ONLY transaction, which the caller rolls back.

// Parses `statement` (which must be one plain statement) and checks every object in its tree. An object that
// cannot be determined is an entry of unknown_functions, so that nothing runs. Leaves search_path =
// pg_catalog. Reads and extends `harmless`.
Result<plan::Dependencies> find_dependencies(Connection& connection, std::string_view statement,
                                             Harmless& harmless);

// A word that a statement must not contain, since the server would run user-defined code while it parses the
// statement.
struct DangerousName {
  std::string name;  // in lower case; "*": every statement
  std::string code;  // "the code that reads values of slug"
};

// Types with a user-defined input function, which a literal of the type would run: the names through which
// such a literal could occur (types, relations, functions), or "*" if an operator could. And methods of
// TABLESAMPLE, whose handlers the parser calls.
Result<std::vector<DangerousName>> find_dangerous_names(Connection& connection);

}  // namespace pgadvise::pg
