// How the committed files of a repository connect to its database: with TLS or without, with how many
// connections.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "files/tree.h"
#include "model/project.h"

namespace pgadvise::deploy {

void read_connections(files::Tree& tree, Project& project);

// Somewhere on the internet, as far as the name tells: no private address, no service of a compose file, no
// placeholder.
bool remote_host(std::string_view host);

}  // namespace pgadvise::deploy
