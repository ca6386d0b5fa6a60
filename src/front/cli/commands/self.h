// The commands completion and manual, of all subcommands added before.
#pragma once

namespace CLI {
class App;
}

namespace pgadvise::cli {

// The callback stores the exit code.
void add_self(CLI::App& app, int& exit_code);

}  // namespace pgadvise::cli
