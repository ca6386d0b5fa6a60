// Writes the DDL of an index proposal: concurrent, safe for partitions, with a name in the project's pattern,
// and the DDL to undo it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/project/project.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

// Chooses index names by the pattern that most of the catalog's indexes follow (by default
// "{table}_{columns}_idx"): at most 63 bytes, and unique in the schema, also among tables, as all relations
// share a name space.
class IndexNamer {
 public:
  explicit IndexNamer(const Catalog& catalog);
  std::string name(const QualifiedName& table, const std::vector<IndexKey>& keys);
  // Of an index that somebody else creates.
  void reserve(const QualifiedName& name) { taken_.insert(name); }

 private:
  std::string pattern_;           // with {table} and {columns}
  std::string column_separator_;  // "_", or "_and_" as in Rails
  std::set<QualifiedName> taken_;
};

// CREATE INDEX statements for HypoPG: one line each, not concurrent, without names. One for an ordinary
// table, one for each leaf of a partitioned table, as HypoPG rejects the parent.
std::vector<std::string> hypothetical_indexes(const IndexProposal& proposal, const Catalog& catalog);

struct IndexDdl {
  std::string sql;
  std::string down_sql;
  std::string drizzle;  // the line for schema.ts
};
// `project` (may be null) provides the names in schema.ts. On a partitioned table: CREATE INDEX ON ONLY the
// parent, a concurrent one on each partition, then ATTACH, as CREATE INDEX CONCURRENTLY rejects a partitioned
// table.
IndexDdl create_index(const IndexProposal& proposal, IndexNamer& namer, const Catalog& catalog,
                      const Project* project);

}  // namespace pgadvise::advisor
