// Reads what a repository's code does with its database, from the syntax of its TypeScript and JavaScript.
// Nothing is run.
#pragma once

#include <memory>

#include "drizzle/code/client_code.h"
#include "drizzle/schema/names.h"
#include "files/tree.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// nullptr: this build does not read source, no package uses drizzle-orm, or no file has a query. Tests,
// seeds, migrations, scripts, build output and components of the browser are not read. Files that do not
// parse are reported in the tree's diagnostics.
std::shared_ptr<const CodeFacts> read_code(files::Tree& tree);

struct RepositoryCode {
  ClientCode client;  // empty in a build that does not read source
  std::shared_ptr<const CodeFacts> facts;
  Names names;  // empty if no package uses drizzle-orm
};
// What read_client_code(), read_code() and names_in_source() return. Parses each file once.
RepositoryCode read_repository_code(files::Tree& tree);

}  // namespace pgadvise::drizzle
