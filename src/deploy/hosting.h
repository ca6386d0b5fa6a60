// Files of hosting services. TOML is read line by line: `key = "command"`.
#pragma once

#include "deploy/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

void read_hosting_files(files::Tree& tree, Resolver& resolver);

}  // namespace pgadvise::deploy
