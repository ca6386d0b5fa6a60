// Reads CREATE INDEX statements that somebody wrote, without applying them to a catalog.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema/catalog.h"

namespace pgadvise::sql {

struct WrittenIndex {
  QualifiedName table;  // found by the search path
  Index index;          // "" as its name: the server's choice; `origin` is the statement's location
  bool concurrently = false;
  bool if_not_exists = false;
};

struct WrittenIndexes {
  std::vector<WrittenIndex> indexes;  // as written
  Diagnostics refused;                // other statements (nonfatal), and statements that do not parse (input)
};

// `file` is used in locations. Names are resolved by `search_path` among the tables of `catalog`; a table
// that the catalog lacks gets the schema where CREATE would put it.
WrittenIndexes read_indexes(std::string_view script, const std::string& file, const Catalog& catalog,
                            const std::vector<std::string>& search_path);

}  // namespace pgadvise::sql
