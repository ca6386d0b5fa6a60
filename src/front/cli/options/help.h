// What -h and --help print of a command with many options.
#pragma once

namespace CLI {
class App;
}

namespace pgadvise::cli {

// Called when all commands have their options. If a command has more than twelve, -h prints the most used
// ones and the total, and --help prints all, grouped by purpose. Other commands print the same for both.
void group_options(CLI::App& app);

}  // namespace pgadvise::cli
