// The command snapshot.
#pragma once

namespace CLI {
class App;
}

namespace pgadvise::cli {

// The callback stores the exit code.
void add_snapshot(CLI::App& app, int& exit_code);

}  // namespace pgadvise::cli
