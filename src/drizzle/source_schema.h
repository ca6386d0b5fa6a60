// The schemas that Drizzle source declares: pgTable(), pgEnum() and the like, read from TypeScript without
// running it.
//
// Follows constants, spreads, modules and functions of the project (typescript/program.h). What cannot be
// known without running code is listed as unknown and never guessed: a table with an unknown part is
// incomplete, and a table with an unknown name is only in the list.
#pragma once

#include <string>
#include <vector>

#include "drizzle/source_config.h"
#include "model/declared_catalog.h"

namespace pgadvise::drizzle {

struct SourceSchema : DeclaredCatalog {
  SourceConfig config;
  std::vector<std::string> read;    // files that were parsed, sorted
  std::vector<std::string> unread;  // of config.files: the tree's diagnostics have the reasons
};

}  // namespace pgadvise::drizzle
