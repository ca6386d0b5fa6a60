// The queries of catalog_reader.h: one member function for each part of a catalog.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"
#include "model/schema/catalog.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

// Of the schemas that are the user's own.
inline constexpr const char* own_schema =
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pgadvise_'";

// The OIDs of this database's relations that other sessions hold ACCESS EXCLUSIVE, in parentheses. Deparsing
// an expression and asking for a size take a lock, which would wait for a table that is being rewritten: such
// a table is read without them. Databases that were created from one template have relations of the same
// OIDs.
inline constexpr const char* locked_relations =
    "(SELECT l.relation FROM pg_locks l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND l.pid <> pg_backend_pid())";

// The condition that no extension owns the object of this catalog and OID.
inline std::string not_of_extension(std::string_view catalog, std::string_view oid) {
  return fmt::format(
      "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{}'::regclass AND e.objid = {} AND e.deptype = "
      "'e')",
      catalog, oid);
}

// Reads the parts of a catalog, one after the other, in one transaction.
class CatalogReader {
 public:
  // `values`: also reads the columns' most common values and histograms, which are row data. Fails after
  // `until`.
  CatalogReader(Connection& connection, Diagnostics& diagnostics, bool values,
                std::chrono::steady_clock::time_point until)
      : connection_(connection), diagnostics_(diagnostics), values_(values), until_(until) {}
  // As read_catalog() of catalog_reader.h, without naming leftovers. May be called once.
  Result<Catalog> read();

 private:
  Result<void> begin(const char* transaction);
  Result<void> check_pg_catalog();
  Result<void> read_parts();
  Result<void> tracking();
  Result<void> names();
  Result<void> tables();
  Result<void> inheritance();
  Result<void> columns();
  Result<void> indexes();
  Result<void> index_keys();
  Result<void> constraints();
  Result<void> policies();
  Result<void> triggers();
  Result<void> settings_and_age();
  Result<void> cluster_member();
  Result<void> types_and_sequences();
  Result<void> sessions();
  Result<void> lock_waits();
  void column_statistics();
  void sum_up_partitions();
  // Tries `query`, then `otherwise` when something in it is locked or not permitted; `missing` is what is
  // lost by that. Rows have `columns` columns.
  Result<Rows> ask(std::size_t columns, const std::string& query, const std::string& otherwise = {},
                   std::string_view missing = {});
  // query(), within what is left of the limits of the whole catalog.
  Result<Rows> ask_once(std::size_t columns, const std::string& query);
  Error no_catalog(std::string_view why) const;
  // One diagnostic for all of `tables`.
  void name_some(std::vector<std::string> tables, std::string_view what, std::string_view hint);
  Table* table(const std::optional<std::string>& oid);
  std::vector<std::string> column_names(const std::optional<std::string>& oid, std::string_view array);

  Connection& connection_;
  Diagnostics& diagnostics_;
  bool values_;
  std::chrono::steady_clock::time_point until_;
  std::uint64_t begin_bytes_ = connection_.bytes_received();
  Catalog catalog_;
  std::unordered_map<std::string, Table*> by_oid_;
  std::unordered_map<std::string, std::map<int, std::string>> attributes_;
  std::unordered_map<std::string, std::pair<Table*, std::size_t>> index_by_oid_;
};

}  // namespace pgadvise::pg
