// Finds scripts that run `drizzle-kit push` on a database of another machine without asking for a
// confirmation.
#pragma once

#include <string>
#include <vector>

#include "drizzle/code/client_code.h"
#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// One push for each configuration of `targets` without `strict`: the first script that runs it. A database
// counts as one of another machine only if the repository says so: by a URL or host in the configuration or
// in a committed .env file, a request for TLS, a variable named for production or for a provider, or a driver
// that reaches only a provider. Skips scripts named for development or tests, and scripts that a deployment
// runs (`project.deploy_commands`).
std::vector<UnconfirmedPush> unconfirmed_pushes(files::Tree& tree, const Project& project,
                                                const std::vector<drizzle::PushTarget>& targets);

}  // namespace pgadvise::deploy
