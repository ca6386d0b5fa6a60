// The schemas that Drizzle source declares: pgTable(), pgEnum() and the like, read from TypeScript without
// running it.
//
// Follows constants, spreads, modules and functions of the project (typescript/program.h). What cannot be
// known without running code is listed as unknown and never guessed: a table with an unknown part is
// incomplete, and a table with an unknown name is only in the list.
#pragma once

#include <string>
#include <vector>

#include "drizzle/schema/source_config.h"
#include "model/schema/declared_catalog.h"

namespace pgadvise::drizzle {

struct SourceSchema : DeclaredCatalog {
  SourceConfig config;
  std::vector<std::string> read;  // files that were parsed, sorted
  // Files, of config.files and of those whose names they export, of which something is not known: they were
  // not read, have a syntax error, export from a file that is missing, or are not followed to their end
  // (Program::unfollowed()). The tree's diagnostics have the
  // reasons.
  std::vector<std::string> unread;
};

}  // namespace pgadvise::drizzle
