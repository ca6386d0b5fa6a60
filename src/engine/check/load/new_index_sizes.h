// Sizes of indexes that a changed schema has and production does not.
#pragma once

#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/relation_size.h"

namespace pgadvise::check {

// The list for a sandbox with production's statistics: `known`, production's, and the indexes of `built`, the
// sandbox's catalog, that production lacks or has with another definition. An index that only has another
// name keeps production's size; of others the size is estimated (advisor/size.h), and a partial index counts
// as a tenth. Without it the planner would take an index without rows for one of a single page, and prefer it
// everywhere. Returns `known` if it is empty.
std::vector<RelationSize> with_new_indexes(std::vector<RelationSize> known, const Catalog& production,
                                           const Catalog& built);

}  // namespace pgadvise::check
