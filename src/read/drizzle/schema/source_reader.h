// Reads the schemas that Drizzle source declares.
#pragma once

#include <vector>

#include "drizzle/schema/source_schema.h"
#include "files/tree.h"

namespace pgadvise::drizzle {

// Whether this build reads source. Without, read_source_schemas() returns nothing.
bool reads_source();

// One for each database of the configurations (source_config.h), without those that declare nothing although
// all of their files were read.
std::vector<SourceSchema> read_source_schemas(files::Tree& tree);

// configs_with_missing_files() of source_config.h; none in a build that does not read source.
std::vector<SourceConfig> configs_with_missing_files(files::Tree& tree);

}  // namespace pgadvise::drizzle
