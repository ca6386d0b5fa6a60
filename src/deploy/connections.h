// Finds how the committed files of a repository connect to its database: with or without TLS, and with how
// many connections.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "files/tree.h"
#include "model/project.h"

namespace pgadvise::deploy {

void read_connections(files::Tree& tree, Project& project);

// Whether the host's name is that of a public server: not a private address, a service of a compose file, or
// a placeholder.
bool remote_host(std::string_view host);

}  // namespace pgadvise::deploy
