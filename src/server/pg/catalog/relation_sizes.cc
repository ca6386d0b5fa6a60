#include "pg/catalog/relation_sizes.h"

#include <fmt/format.h>

#include "pg/catalog/catalog_queries.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {

static Result<std::vector<RelationSize>> read(Connection& connection, Diagnostics& diagnostics) {
  ReadOnly transaction(connection);
  TRY_VOID(transaction.begin(false));
  TRY_VOID(connection.query(server_search_path));
  TRY(const auto rows,
      connection.query(fmt::format("SELECT n.nspname, c.relname, c.relpages, c.reltuples, c.relallvisible, "
                                   "CASE WHEN c.oid NOT IN {0} AND coalesce(i.indrelid, 0) NOT IN {0} THEN "
                                   "pg_relation_size(c.oid) END FROM pg_class c JOIN pg_namespace n ON n.oid "
                                   "= c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE "
                                   "c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't' AND {1} ORDER "
                                   "BY 1, 2",
                                   locked_relations, own_schema)));
  std::vector<RelationSize> out;
  for (const auto& row : rows) {
    if (!row[5]) continue;
    RelationSize& size = out.emplace_back();
    read_row(row, size.name.schema, size.name.name, size.pages, size.rows, size.visible_pages, size.bytes);
  }
  if (out.size() < rows.size())
    diagnostics.push_back({Error::Kind::nonfatal, connection.where(),
                           fmt::format("the sizes of {} relations were not read: locked by another session",
                                       rows.size() - out.size()),
                           "try again later"});
  return out;
}

Result<std::vector<RelationSize>> read_relation_sizes(Connection& connection, Diagnostics& diagnostics) {
  auto out = read(connection, diagnostics);
  if (out) return out;
  out.error().kind = Error::Kind::database;
  out.error().what = "the sizes of relations can't be read: " + out.error().what;
  return out;
}

}  // namespace pgadvise::pg
