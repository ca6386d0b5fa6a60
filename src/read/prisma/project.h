// Finds the Prisma schemas of a repository.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "files/tree.h"
#include "prisma/schema.h"

namespace pgadvise::prisma {

struct ProjectSchema {
  std::vector<std::string> files;  // from the root; the one with the datasource first
  std::string migrations;          // their folder, which need not exist
  Schema schema;
};

// A schema is what `schema` of prisma.config.ts or package.json names (a file, or a folder with its
// subfolders), and else each file with a datasource, with the files beside it and below that have none: as
// long as these do not declare a model twice. Beside schema.prisma, or a file
// that a configuration names, other files with a datasource are copies.
// Only PostgreSQL's; those of other databases are named in `diagnostics`. Files in folders of tests and
// documentation are left out. Runs nothing: of prisma.config.ts it reads literals.
std::vector<ProjectSchema> project_schemas(files::Tree& tree, Diagnostics& diagnostics);

}  // namespace pgadvise::prisma
