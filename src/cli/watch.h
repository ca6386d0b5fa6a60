// The command `watch`: checks a database again and again.
#pragma once

#include <CLI/CLI.hpp>

namespace pgadvise::cli {

void add_watch(CLI::App& app, int& exit_code);

}  // namespace pgadvise::cli
