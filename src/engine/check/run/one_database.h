// Which schemas of a run define the same database: migrations and a dump of what they create, or two dumps.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "check/run/run.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// Two schemas define one database if they belong to the same repository (or both to none) and agree in the
// names and columns of more than half of the tables of the larger. If A and B define one database, and B and
// C, so do A and C. Partitions, temporary tables and tables of migration tools do not count. Keeps pointers
// into `checked`, which must outlive it.
class Databases {
 public:
  explicit Databases(const std::vector<Checked>& checked);

  // Whether a finding about `table` in one schema is true in the other: both define one database, and
  // lint::schema_differences() reports no difference in `table`, in the tables that its foreign keys refer
  // to, and in its parents. If `table` is in neither schema, no table may differ.
  // Compares two schemas on the first call, and keeps the result.
  bool same(const Checked& one, const Checked& other, const QualifiedName& table);

 private:
  struct Differences {
    bool any = false;
    std::set<QualifiedName> tables;
  };

  const Differences& differences(const Schema& one, const Schema& other);

  std::map<const Schema*, std::size_t> database_;  // of schemas with a catalog
  std::map<std::pair<const Schema*, const Schema*>, Differences> compared_;
};

}  // namespace pgadvise::check
