// Finds the functions that a statement would run, from the server's parse tree, without planning or running
// it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "pg/plans/dependency_checker.h"
#include "plan/run/source.h"

namespace pgadvise::pg {

// Built-in objects that were checked completely and are harmless, so that the next statement does not check
// them again; for some seconds only.
struct Harmless {
  References oids;
  std::optional<Oids> unlisted;  // unlisted_catalogs(); empty: not asked yet
  std::chrono::steady_clock::time_point since;
};

// A word that a statement must not contain, since the server would run user-defined code while it parses the
// statement.
struct DangerousName {
  std::string name;  // in lower case; "*": every statement
  std::string code;  // "the CHECK of the domain public.slug"
};

// What statements could run, remembered for a few seconds: whoever owns a table, type or function that they
// reach may change it. REQUIRES a READ ONLY transaction in which the statement is planned next, and which the
// caller rolls back; its settings stay.
class HarmlessStatements {
 public:
  static constexpr std::chrono::seconds trusted{10};

  // Parses `statement` (which must be one plain statement) and checks every object in its tree. An object
  // that cannot be determined is an entry of unknown_functions, so that nothing runs. If parsing would run
  // user code, returns that code without parsing. Leaves search_path = pg_catalog.
  Result<plan::Dependencies> find(Connection& connection, const std::string& statement);
  // Errors (nonfatal): find() finds something. Asks again after `trusted`.
  Result<void> check(Connection& connection, const std::string& statement);

 private:
  Result<std::string> code_of_parsing(Connection& connection, std::string_view statement);

  Harmless objects_;
  std::vector<DangerousName> names_;
  bool utf8_ = false;
  std::optional<std::chrono::steady_clock::time_point> names_read_;
  std::map<std::string, std::chrono::steady_clock::time_point> checked_;
};

// PostgreSQL 12 evaluates the expressions of a partition key as soon as it opens the table: to parse a
// statement, or to print a definition. False: some key calls a function that is not known to be harmless.
// REQUIRES a READ ONLY transaction, which the caller rolls back. Leaves search_path = pg_catalog.
Result<bool> partition_keys_are_safe(Connection& connection);

}  // namespace pgadvise::pg
