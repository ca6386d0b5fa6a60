// GitHub workflows (.github/workflows): which jobs change a database that is not theirs alone.
#pragma once

#include "deploy/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Hands the commands of those jobs on to the resolver.
void read_workflows(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
