// Finds the entry points of a deployment, and passes their commands to the resolver.
#pragma once

#include <optional>
#include <string>

#include "deploy/commands/resolver.h"
#include "files/tree.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {

// Scripts of package.json that a deployment runs: build, start, postinstall, deploy …
void read_package_scripts(files::Tree& tree, Resolver& resolver);
void read_dockerfiles(files::Tree& tree, Resolver& resolver);
void read_compose_files(files::Tree& tree, Resolver& resolver);
// Targets of Makefiles that are named deploy, release or …-prod.
void read_makefiles(files::Tree& tree, Resolver& resolver);
// Shell scripts that are named as entry points: docker-entrypoint.sh, start.sh, deploy.sh …
void read_shell_entry_points(files::Tree& tree, Resolver& resolver);
// Schema changes that an ORM makes when the application connects.
void read_schema_calls(files::Tree& tree, Resolver& resolver);
// Drizzle's pushSchema(), and commands, in code that runs with the application.
void read_application_code(files::Tree& tree, Resolver& resolver);

// The target of a file, from its path and name. nullopt: no deployment has the file.
std::optional<Target> target_of_file(const std::string& path);

// The YAML of a file of the tree; nullopt if its syntax is broken, which the tree's diagnostics report.
std::optional<YAML::Node> yaml_of(files::Tree& tree, const std::string& path, const std::string& text);

// The folder of the nearest package.json at or above the file; without one, the folder of the file.
std::string folder_of_package(files::Tree& tree, const std::string& path);

}  // namespace pgadvise::deploy
