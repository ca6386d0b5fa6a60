// What a planner knows of a table's or an index's size.
#pragma once

#include <cstdint>

#include "model/schema/catalog.h"

namespace pgadvise {

struct RelationSize {
  QualifiedName name;
  std::int64_t bytes = 0;          // of its file
  std::int64_t pages = 0;          // relpages, as of the last VACUUM or ANALYZE
  double rows = -1;                // reltuples
  std::int64_t visible_pages = 0;  // relallvisible: what an index-only scan need not look at
};

}  // namespace pgadvise
