// An index proposal -> DDL: concurrent, safe for partitions, named in the project's own pattern, with the way back.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::advisor {

// Chooses index names: the pattern that the catalog's own indexes follow ("{table}_{columns}_idx" when there is
// none), at most 63 bytes, no two alike in a schema.
class IndexNamer {
 public:
  explicit IndexNamer(const Catalog& catalog);
  std::string name(const IndexProposal& proposal);

 private:
  std::string prefix_, suffix_, separator_;
  std::set<QualifiedName> taken_;
};

// One CREATE INDEX on one line, not concurrent, without a name: what HypoPG takes.
std::string plain_create_index(const IndexProposal& proposal);

struct IndexDdl {
  std::string sql;
  std::string down_sql;
  std::string drizzle;  // the line for schema.ts
};
IndexDdl create_index(const IndexProposal& proposal, const std::string& index_name, const Catalog& catalog);

// Gives each finding with a proposal its Fix. An index that serves several findings (equal, or a prefix of another
// proposal) is proposed once: the others name the finding that carries it. Call after confirming.
void propose(std::vector<Finding>& findings, const Catalog& catalog, bool drizzle);

}  // namespace pgadvise::advisor
