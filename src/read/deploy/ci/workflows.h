// Reads GitHub workflows (.github/workflows), and finds jobs that change a database that they share with
// others.
#pragma once

#include "deploy/commands/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Passes the commands of these jobs to the resolver.
void read_workflows(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
