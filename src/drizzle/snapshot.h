// A drizzle-kit snapshot (meta/NNNN_snapshot.json) -> Catalog.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/catalog.h"

namespace pgadvise::drizzle {

// Is this text one of drizzle-kit's snapshots, of whatever version and dialect?
bool looks_like_snapshot(std::string_view text);

// Versions 5 to 8, dialects pg, postgresql and postgres. Errors: broken JSON, another version or dialect.
// What does not fit the form inside (a column without a type …) is named in `diagnostics` and left out.
Result<Catalog> read_snapshot(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace pgadvise::drizzle
