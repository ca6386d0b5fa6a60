// Finds the entry points of a deployment, and passes their commands to the resolver.
#pragma once

#include "deploy/commands/resolver.h"
#include "files/tree.h"

namespace pgadvise::deploy {

void read_package_scripts(files::Tree& tree, Resolver& resolver);  // build, start, postinstall, deploy …
void read_dockerfiles(files::Tree& tree, Resolver& resolver);
void read_compose_files(files::Tree& tree, Resolver& resolver);
void read_makefiles(files::Tree& tree, Resolver& resolver);  // targets named deploy, release, …-prod
void read_shell_entry_points(files::Tree& tree,
                             Resolver& resolver);  // docker-entrypoint.sh, start.sh, deploy.sh …
void read_schema_calls(files::Tree& tree,
                       Resolver& resolver);  // schema changes that an ORM makes when the application connects
void read_application_code(files::Tree& tree,
                           Resolver& resolver);  // pushSchema and exec in code that runs with the application

// The file's target, from its path and name; nullopt: it is never deployed.
std::optional<Target> target_of_file(const std::string& path);

}  // namespace pgadvise::deploy
