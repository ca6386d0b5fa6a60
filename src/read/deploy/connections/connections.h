// Finds how the committed files of a repository connect to its database: with or without TLS, and with how
// many connections.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "files/tree.h"
#include "model/project/project.h"

namespace pgadvise::deploy {

void read_connections(files::Tree& tree, Project& project);

// Whether the host's name is that of a public server: not a private address, a service of a compose file, or
// a placeholder.
bool remote_host(std::string_view host);

// Whether the host consists of digits and dots.
bool is_address(std::string_view host);
// Whether it is an IPv4 address of a private network: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.
bool private_address(std::string_view host);

// Whether the file, by its name in lower case, has environment variables: ".env", ".env.production",
// "app.env".
bool is_environment_file(std::string_view name);

}  // namespace pgadvise::deploy
