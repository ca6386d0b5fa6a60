// What -h and --help print of a command with many options.
#pragma once

namespace CLI {
class App;
}

namespace pgadvise::cli {

// Called when all commands have their options. A command with more than twelve: -h prints the most used ones
// and how many there are, --help all of them in groups, by what a person wants. The others print the same for
// both.
void group_options(CLI::App& app);

}  // namespace pgadvise::cli
