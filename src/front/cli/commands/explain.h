// The command explain.
#pragma once

#include "base/files/input_file.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// The callback stores the exit code. `user_paths`: the command line's.
void add_explain(CLI::App& app, const UserPaths& user_paths, int& exit_code);

}  // namespace pgadvise::cli
