// Finds scripts that run `drizzle-kit push` on a database of another machine without asking for a
// confirmation.
#pragma once

#include <string>
#include <vector>

#include "drizzle/code/client_code.h"
#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

// One for each configuration, with its first such script. Only what is known counts: a URL or host in the
// configuration or in a committed .env file, a request for TLS, a variable named for production or for a
// provider, a driver that reaches only a provider. Left out: scripts named for development or tests, and
// those that a deployment runs (`project.deploy_commands`).
std::vector<UnconfirmedPush> unconfirmed_pushes(files::Tree& tree, const Project& project,
                                                const std::vector<drizzle::PushTarget>& targets);

}  // namespace pgadvise::deploy
