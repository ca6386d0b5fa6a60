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
#include "pg/connection.h"
#include "pg/dependency_checker.h"
#include "plan/source.h"

namespace pgadvise::pg {

// Built-in objects that were checked completely and are harmless, so that the next statement does not check
// them again; for some seconds only.
struct Harmless {
  References oids;
  std::optional<Oids> unlisted;  // unlisted_catalogs(); empty: not asked yet
  std::chrono::steady_clock::time_point since;
};

// These functions require a READ ONLY transaction, which the caller rolls back.

// Parses `statement` (which must be one plain statement) and checks every object in its tree. An object that
// cannot be determined is an entry of unknown_functions, so that nothing runs. Leaves search_path =
// pg_catalog. Reads and extends `harmless`.
Result<plan::Dependencies> find_dependencies(Connection& connection, std::string_view statement,
                                             Harmless& harmless);

// Statements that were found harmless. Whoever owns a table, type or function that they reach may change it:
// what was checked counts for a few seconds, then the statement is checked again before it is planned.
class HarmlessStatements {
 public:
  static constexpr std::chrono::seconds trusted{10};

  void add(const std::string& key) { checked_[key] = std::chrono::steady_clock::now(); }
  // Checks the statement unless that was done, under the same key, within `trusted`. REQUIRES the transaction
  // and search_path in which it is planned next, which stay. Errors (nonfatal): it is not known to be
  // harmless.
  Result<void> check(Connection& connection, const std::string& key, std::string_view statement);
  Harmless& objects() { return objects_; }

 private:
  Harmless objects_;
  std::map<std::string, std::chrono::steady_clock::time_point> checked_;
};

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

// PostgreSQL 12 evaluates the expressions of a partition key as soon as it opens the table: to parse a
// statement, or to print a definition. False: some key calls a function that is not known to be harmless.
// Leaves search_path = pg_catalog.
Result<bool> partition_keys_are_safe(Connection& connection);

}  // namespace pgadvise::pg
