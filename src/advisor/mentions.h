// Which columns a statement names, by table: what an index could serve, and what an index alone would have to hold.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.h"
#include "model/query_facts.h"

namespace pgadvise::advisor {

struct Mentions {
  std::vector<std::string> columns;  // in the table's order
  std::set<std::string> leading;     // in a predicate or join, or sorted, grouped or made distinct by
  std::set<std::string> sorted;      // of those: sorted, grouped or made distinct by, or the least or largest of
  bool complete = true;              // false: `*` may read others, too
};

// Of the tables that could have an index; names that several tables share count for each of them, unless qualified.
std::map<QualifiedName, Mentions> mentions(std::string_view statement, const QueryFacts& facts, const Catalog& catalog);

// A table and, of a partition or partitioned table, everything above and below it.
std::set<QualifiedName> family(const QualifiedName& table, const Catalog& catalog);

}  // namespace pgadvise::advisor
