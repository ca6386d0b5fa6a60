// Schemas that a repository declares in Drizzle source and for which it has no migrations.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drizzle/source_schema.h"
#include "migrations/schema_in_code.h"

namespace pgadvise::migrations {

using SourceSchemas = std::vector<std::shared_ptr<const drizzle::SourceSchema>>;

// `files`: relative to the root, sorted. `read`: the schemas that were read; what drizzle-kit migrates to one
// of their folders, or what lies in the package of one, is left out. Empty in a build that does not read
// source. Files that do not parse are reported in `diagnostics`.
SourceSchemas unmigrated_schemas(const std::string& root, const std::vector<std::string>& files,
                                 const std::vector<ReadSchema>& read, Diagnostics& diagnostics);

// The tables about which all is known, with absolute locations. Reports in `diagnostics` what is left out.
Catalog known_part(const drizzle::SourceSchema& schema, const std::string& root, Diagnostics& diagnostics);

}  // namespace pgadvise::migrations
