// The command sandbox.
#pragma once

#include <string>
#include <vector>

#include "base/files/input_file.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// The callback stores the exit code. `user_paths`: the command line's. `command`: the words after "--", which
// CLI11 would take for options of its own.
void add_sandbox(CLI::App& app, const UserPaths& user_paths, const std::vector<std::string>& command,
                 int& exit_code);

}  // namespace pgadvise::cli
