// Which schemas of a run define the same database: migrations and a dump of what they create, or two dumps.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "check/run.h"
#include "model/catalog.h"

namespace pgadvise::check {

// Two schemas define one database if they belong to the same repository (or both to none) and agree in the
// names and columns of more than half of the tables of the larger. The relation is transitive: a database may
// have three dumps. Partitions, temporary tables and tables of migration tools do not count.
// Keeps pointers into `checked`, which must outlive it.
class Databases {
 public:
  explicit Databases(const std::vector<Checked>& checked);

  // Whether both schemas define one database, and a finding about `table` in one of them is true in the
  // other: lint::schema_differences() finds none in the table, in those that its foreign keys refer to, and
  // in those of which it is a partition or child. `table` null, or in neither schema: none in all tables.
  // Compares two schemas on the first call, and keeps the result.
  bool same(const Checked& one, const Checked& other, const QualifiedName* table);

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
