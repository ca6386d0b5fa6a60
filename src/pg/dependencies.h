// What a statement would run: found in the tree that the server makes of it, without planning or running it.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pg/connection.h"
#include "plan/source.h"

namespace pgadvise::pg {

// What node trees refer to, by OID.
struct References {
  std::set<std::uint32_t> functions, operators, types, relations;
  std::set<std::uint32_t> others;  // under a key that is not known here, and not built in

  void add(std::string_view key, std::uint32_t oid);
};

// What was followed to its end and runs nothing that matters: the next statement of the same tables and types
// need not follow it again. For some seconds only: a function may be replaced meanwhile.
struct Harmless {
  References oids;
  std::chrono::steady_clock::time_point since;
};

// Both inside a READ ONLY transaction of the caller's, who rolls it back.

// Parses `statement` (which must be one plain statement) and judges all that its tree refers to. What can't
// be found out is an entry of unknown_functions, so that nothing runs. Leaves search_path = pg_catalog.
// `harmless` is read, and added to.
Result<plan::Dependencies> find_dependencies(Connection& connection, std::string_view statement,
                                             Harmless& harmless);

// Types whose input runs somebody's own code: a literal of theirs would run it while the statement is merely
// parsed. Names of what could bring such a literal about (types, relations, functions), lower case; "*" when
// an operator could.
Result<std::vector<std::string>> find_dangerous_inputs(Connection& connection);

}  // namespace pgadvise::pg
