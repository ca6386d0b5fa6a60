// --db @production: the databases that pgadvise.toml names.
#pragma once

#include <CLI/CLI.hpp>

namespace pgadvise::cli {

// Every --db of the subcommands that are there takes a profile's name behind an @.
void add_profiles(CLI::App& app);

}  // namespace pgadvise::cli
