// The schemas that Drizzle source declares: pgTable(), pgEnum() and the like, read from TypeScript without
// running it.
//
// Follows constants, spreads, modules and functions of the project (typescript/program.h). What cannot be
// known without running code is listed as unknown and never guessed: a table with an unknown part is
// incomplete, and a table with an unknown name is only in the list.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "drizzle/source_config.h"
#include "files/tree.h"
#include "model/catalog.h"

namespace pgadvise::drizzle {

// Something that only running the program would tell.
struct SourceGap {
  SourceLocation location;
  std::string what;                    // "the name of a table", "the default of orders.total"
  std::optional<QualifiedName> table;  // to which it belongs, if that is known
};

struct SourceSchema {
  SourceConfig config;
  std::vector<std::string> read;       // files that were parsed, sorted
  Catalog catalog;                     // with locations in the source
  std::set<QualifiedName> existing;    // views with .existing(), which are not in `catalog`
  std::set<QualifiedName> incomplete;  // tables of `catalog` with an unknown part
  std::vector<SourceGap> unknown;      // in the order of the files
};

}  // namespace pgadvise::drizzle
