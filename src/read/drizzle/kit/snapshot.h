// Reads a drizzle-kit snapshot (meta/NNNN_snapshot.json) into a Catalog.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/schema/catalog.h"

namespace pgadvise::drizzle {

// Whether the text is a drizzle-kit snapshot, of any version and dialect.
bool looks_like_snapshot(std::string_view text);

// Supports versions 5 to 8, dialects pg, postgresql and postgres. Errors: invalid JSON, another version or
// dialect. Malformed parts (a column without a type …) are reported in `diagnostics` and skipped.
Result<Catalog> read_snapshot(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace pgadvise::drizzle
