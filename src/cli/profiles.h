// --db @production: databases by name.
#pragma once

#include <CLI/CLI.hpp>

#include "base/input_file.h"
#include "base/result.h"

namespace pgadvise::cli {

// A name that stands for no database, or for one that the user did not allow. Thrown while the command line
// is parsed.
struct ProfileError : CLI::ParseError {
  explicit ProfileError(Diagnostics found);
  Diagnostics errors;
};

// Every --db of the subcommands that are there takes a profile's name behind an @, and gets --allow-host
// beside it. A name of the user's own configuration stands before the same name of the repository's
// pgadvise.toml. check/trust.h decides what is connected to.
void add_profiles(CLI::App& app, const UserPaths& user_paths);

}  // namespace pgadvise::cli
