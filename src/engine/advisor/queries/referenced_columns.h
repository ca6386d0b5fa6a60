// The columns that a statement references, by table: the possible keys of an index, and the columns of an
// index-only scan. Also partition trees.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/queries/query_facts.h"
#include "model/schema/catalog.h"

namespace pgadvise::advisor {

struct ReferencedColumns {
  std::vector<std::string> columns;  // in the table's order
  std::set<std::string> leading;     // in a predicate or join, or sorted, grouped or made distinct by
  std::set<std::string> sorted;  // of those: sorted, grouped or made distinct by, or the least or largest of
  bool complete = true;          // false: `*` may read others, too
};

// For each table of the statement that can have an index. An unqualified column name that several tables have
// counts for each of them.
std::map<QualifiedName, ReferencedColumns> referenced_columns(std::string_view statement,
                                                              const QueryFacts& facts,
                                                              const Catalog& catalog);

// The partitioned tables that `table` is a partition of, the nearest first; usually empty.
std::vector<QualifiedName> partitioned_above(const QualifiedName& table, const Catalog& catalog);

// The partition tree of `table`: its ancestors, itself, and all partitions and inheriting tables below it;
// siblings are not included.
std::set<QualifiedName> partition_tree(const QualifiedName& table, const Catalog& catalog);

}  // namespace pgadvise::advisor
