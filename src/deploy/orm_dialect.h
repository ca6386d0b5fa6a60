// Which database the commands of drizzle-kit, Prisma, Rails and Node's ORMs connect to: PostgreSQL, or
// another one.
#pragma once

#include <string>
#include <vector>

#include "drizzle/config.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Does a command in `folder` speak to PostgreSQL? By its --config and --dialect options, the nearest config
// at or above the folder, and else by any config of the repository. True when nothing tells.
bool drizzle_is_postgresql(const std::vector<drizzle::DrizzleConfig>& configs, const std::string& folder,
                           const std::vector<std::string>& words);
// Does an ORM in that file speak to PostgreSQL? By what the file says, else by the drivers of the nearest
// package.json.
bool node_is_postgresql(files::Tree& tree, const std::string& file, const std::string& folder);
// By the Gemfile; true without one.
bool rails_is_postgresql(files::Tree& tree);
bool prisma_is_postgresql(files::Tree& tree, const std::string& folder,
                          const std::vector<std::string>& words);

}  // namespace pgadvise::deploy
