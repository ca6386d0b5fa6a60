// A change of the schema, as drizzle-kit would have put it into its next snapshot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"

namespace pgadvise::drizzle {

struct SnapshotChange {
  std::string text;                // the new snapshot
  std::vector<std::string> notes;  // objects that schema.ts does not know
};

// `before` and `after`: what the migrations make, without and with the change. Of versions 7 and 8; indexes
// and columns' types, defaults and NOT NULL. `id`: of the new snapshot; its parent is `previous` alone.
// Errors (nonfatal): another version, or a change that only drizzle-kit can write, since how it would be told
// in schema.ts is not known.
Result<SnapshotChange> change_snapshot(std::string_view previous, const std::string& file,
                                       const Catalog& before, const Catalog& after, const std::string& id);

}  // namespace pgadvise::drizzle
