// A schema that a project declares in the source of an ORM: Drizzle's TypeScript, Prisma's schema.prisma.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/schema/catalog.h"
#include "model/source_location.h"

namespace pgadvise {

// Something that the source does not tell.
struct SourceGap {
  SourceLocation location;
  std::string what;                    // "the name of a table", "the default of orders.total"
  std::optional<QualifiedName> table;  // to which it belongs, if that is known
};

struct DeclaredCatalog {
  Catalog catalog;                     // with locations in the source
  std::set<QualifiedName> existing;    // views that the source only names, which are not in `catalog`
  std::set<QualifiedName> incomplete;  // tables of `catalog` with an unknown part
  std::vector<SourceGap> unknown;      // in the order of the files
};

}  // namespace pgadvise
