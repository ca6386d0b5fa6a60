// Reads Jenkinsfiles, declarative and scripted, as text: `sh` steps, and the stages, `when` and `if` around
// them.
#pragma once

#include "deploy/commands/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Passes the commands of stages that change a shared database to the resolver.
void read_jenkinsfiles(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
