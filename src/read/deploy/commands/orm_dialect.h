// Finds the database that commands of drizzle-kit, Prisma, Rails and Node's ORMs use: PostgreSQL, or another
// one.
#pragma once

#include <string>
#include <vector>

#include "drizzle/kit/config.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Whether a command in `folder` uses PostgreSQL: from its --config and --dialect options, else the nearest
// config at or above the folder, else any config of the repository. True if unknown.
bool drizzle_is_postgresql(const std::vector<drizzle::DrizzleConfig>& configs, const std::string& folder,
                           const std::vector<std::string>& words);
// Whether an ORM in the file uses PostgreSQL: from the file, else from the drivers in the nearest
// package.json.
bool node_is_postgresql(files::Tree& tree, const std::string& file, const std::string& folder);
// Whether the Gemfile has a driver for PostgreSQL; true without a Gemfile.
bool rails_is_postgresql(files::Tree& tree);
// Whether the schema.prisma of a command in `folder` uses PostgreSQL or CockroachDB: that of --schema, else
// one below the folder, else any of the repository. True if unknown.
bool prisma_is_postgresql(files::Tree& tree, const std::string& folder,
                          const std::vector<std::string>& words);

}  // namespace pgadvise::deploy
