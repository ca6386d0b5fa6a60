// Verbosity and colors: the options that all commands share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pg/connection/connection.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

struct Verbosity {
  std::string color = "auto";  // auto, always, never
  bool quiet = false;          // only findings and errors
  bool verbose = false;        // inputs, rules run, and durations
  bool debug = false;          // statements sent to the server
};
const Verbosity& verbosity();

void add_color(CLI::App& command);      // --color
void add_verbosity(CLI::App& command);  // --quiet, --verbose, --debug
// Moves these options from before the command's name to after it.
void move_verbosity_behind(std::vector<std::string>& words, const std::vector<std::string>& commands);
// Call after parsing, before the command runs.
void begin_verbosity(const CLI::App& command);

// With --debug: prints each statement on stderr, with constants masked unless --show-literals is set.
// Otherwise empty.
pg::SentObserver sent_observer();

// Prints "pgadvise: …" on stderr if --verbose is set.
void print_verbose(std::string_view line);

// The statement on one line, cut if long; constants and comments become ?, unless `literals`.
std::string traced(std::string_view statement, bool literals);

}  // namespace pgadvise::cli
