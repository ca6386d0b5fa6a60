// Follows objects of the catalogs to every function that the server may run for them while it plans a
// statement and starts its executor.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "plan/run/source.h"

namespace pgadvise::pg {

using Oid = std::uint32_t;
using Oids = std::set<Oid>;

inline constexpr Oid first_user_oid = 16384;

// The value of a parameter of type oid[]: "{1,2}".
std::string array_of(const Oids& oids);

// Objects by OID.
struct References {
  Oids functions, operators, types, relations;
  Oids targets;  // relations of a statement that writes: their generated columns are prepared, too
  Oids others;   // references under an unknown key, to objects that are not built in

  // `key`: the field of a node that holds the OID.
  void add(std::string_view key, Oid oid);
};

// REQUIRES a transaction with search_path = pg_catalog. Principle: what is not known to be harmless is not
// harmless. An object of a catalog that object_classes() does not list is unknown.
class DependencyChecker {
 public:
  // `harmless`: objects that were checked before. `unlisted`: see unlisted_catalogs().
  explicit DependencyChecker(Connection& connection, References harmless = {}, Oids unlisted = {});

  // Takes the rewritten parse tree of a statement, as the server prints it.
  void take_statement(std::string_view tree);
  void take_type(Oid type) { pending_.types.insert(type); }

  // Follows everything that was taken. Costs at most one query for each kind of object and round, and none
  // for objects that are known to be harmless.
  Result<plan::Dependencies> run();

  // After run() without a finding: `harmless`, and the built-in objects that were followed; users may
  // change theirs.
  References followed() &&;

 private:
  Result<void> relations(const Oids& oids);
  Result<void> types(const Oids& oids);
  Result<void> operators(const Oids& oids);
  Result<void> others(const Oids& oids);
  Result<void> functions(const Oids& oids);
  Result<void> text_search();
  Result<void> values_of_any_type();
  Result<void> text_casts(const Oids& oids);
  Result<void> unlisted_dependents(const References& reached);
  // Runs a query of (what, value) rows and takes what it finds.
  Result<void> expand(const std::string& query, const Oids& oids);
  int version() const { return connection_.server_version(); }

  Connection& connection_;
  References pending_;
  References done_;
  Oids unlisted_;
  bool writes_ = false;
  bool text_search_ = false, text_search_followed_ = false;
  bool any_type_ = false, any_type_followed_ = false;
  Oids of_any_type_;  // types that have a part of the type anyarray
  bool to_text_ = false;
  Oids text_casts_of_;  // types whose casts to text were followed
  std::set<std::string> unknown_, refused_, foreign_;
};

// The server's catalogs of objects, by the OID of the catalog, that object_classes() does not list. Empty
// for versions 12 to 18.
Result<Oids> unlisted_catalogs(Connection& connection);

}  // namespace pgadvise::pg
