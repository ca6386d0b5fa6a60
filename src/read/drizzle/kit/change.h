// Applies a schema change to a drizzle snapshot, as drizzle-kit would.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema/catalog.h"

namespace pgadvise::drizzle {

struct SnapshotChange {
  std::string text;                // the new snapshot
  std::vector<std::string> notes;  // objects that schema.ts lacks
};

// `before` and `after`: the catalogs that the migrations create, without and with the change. Supports
// versions 7 and 8, and changes of indexes and of columns' types, defaults and NOT NULL. `id`: of the new
// snapshot; its only parent is `previous`. Errors (nonfatal): another version, or a change that only
// drizzle-kit can write.
Result<SnapshotChange> change_snapshot(std::string_view previous, const std::string& file,
                                       const Catalog& before, const Catalog& after, const std::string& id);

}  // namespace pgadvise::drizzle
