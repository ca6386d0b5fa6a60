// Schemas that a repository declares in Drizzle source.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drizzle/source_schema.h"
#include "migrations/schema_in_code.h"

namespace pgadvise::migrations {

struct FoundSource {
  std::shared_ptr<const drizzle::SourceSchema> schema;
  // Its schema was read already: what drizzle-kit migrates to the folder of a schema that was read, or what
  // lies in the package of one.
  bool covered = false;
};

// The schemas with tables that Drizzle source declares. `files`: relative to the root, sorted. `read`: the
// schemas that were read. Empty in a build that does not read source. Files that do not parse are reported in
// `diagnostics`.
std::vector<FoundSource> source_schemas(const std::string& root, const std::vector<std::string>& files,
                                        const std::vector<ReadSchema>& read, Diagnostics& diagnostics);

// The catalog with absolute locations.
Catalog declared_catalog(const drizzle::SourceSchema& schema, const std::string& root);
// The same without the tables of which a part is unknown, which are reported in `diagnostics`.
Catalog known_part(const drizzle::SourceSchema& schema, const std::string& root, Diagnostics& diagnostics);
// Reports what is unknown, if anything; `not_done`: "not checked".
void report_unknown(const drizzle::SourceSchema& schema, const std::string& root, const std::string& not_done,
                    Diagnostics& diagnostics);

}  // namespace pgadvise::migrations
