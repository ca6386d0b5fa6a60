// Databases by name: --db @production.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/files/input_file.h"
#include "base/result.h"

namespace pgadvise::cli {

// Thrown while the command line is parsed, for an unknown name or a database that the user did not allow.
struct ProfileError : CLI::ParseError {
  explicit ProfileError(Diagnostics found);
  Diagnostics errors;
};

// Lets every --db of the existing subcommands accept @NAME, and adds --allow-host and --allow-commands. A
// name in the user's own configuration takes precedence over the repository's pgadvise.toml. check/trust.h
// decides which servers are allowed. `names` gets each name that the command line has, by its connection
// string.
void add_profiles(CLI::App& app, const UserPaths& user_paths,
                  const std::shared_ptr<std::map<std::string, std::string>>& names);

}  // namespace pgadvise::cli
