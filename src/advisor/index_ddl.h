// An index proposal -> DDL: concurrent, safe for partitions, named in the project's own pattern, with the way
// back.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/finding.h"
#include "model/project.h"

namespace pgadvise::advisor {

// Chooses index names: the pattern that most of the catalog's own indexes follow ("{table}_{columns}_idx"
// when none does), at most 63 bytes, no two alike in a schema (relations share one name space, so tables
// count too).
class IndexNamer {
 public:
  explicit IndexNamer(const Catalog& catalog);
  std::string name(const QualifiedName& table, const std::vector<IndexKey>& keys);

 private:
  std::string pattern_;           // with {table} and {columns}
  std::string column_separator_;  // "_", or "_and_" as in Rails
  std::set<QualifiedName> taken_;
};

// A B-tree, unless for ranges of values that lie in the rows' order (BRIN), or for equality on long texts
// (hash).
enum class Method { btree, brin, hash };

// CREATE INDEX statements on one line each, not concurrent, without names: what HypoPG takes. One for an
// ordinary table, one for each leaf of a partitioned one (HypoPG refuses the parent).
std::vector<std::string> hypothetical_indexes(const IndexProposal& proposal, const Catalog& catalog,
                                              Method method = Method::btree);

struct IndexDdl {
  std::string sql;
  std::string down_sql;
  std::string drizzle;  // the line for schema.ts
};
// `project` (may be null) gives the spelling in schema.ts. On a partitioned table the parent's index is made
// ON ONLY, each partition's concurrently, and then attached: CREATE INDEX CONCURRENTLY refuses a partitioned
// table.
IndexDdl create_index(const IndexProposal& proposal, IndexNamer& namer, const Catalog& catalog,
                      const Project* project, Method method = Method::btree);

}  // namespace pgadvise::advisor
