// How much is said besides the report, and in which dress: what the options of every command say of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace pgadvise::cli {

struct Verbosity {
  std::string color = "auto";  // auto, always, never
  bool quiet = false;          // findings and errors
  bool verbose = false;        // what was read, what ran, and how long it took
  bool debug = false;          // what was sent to the server
};
const Verbosity& verbosity();

void add_color(CLI::App& command);      // --color
void add_verbosity(CLI::App& command);  // --quiet, --verbose, --debug
// Takes them from in front of the command's name to behind it.
void move_verbosity_behind(std::vector<std::string>& words, const std::vector<std::string>& commands);
// Of the command that was parsed, before it runs: with --debug statements are traced on stderr from here on,
// constants masked unless it has --show-literals.
void begin_verbosity(const CLI::App& command);

// "pgadvise: …" on stderr with --verbose.
void print_verbose(std::string_view line);

// A statement on one line, its constants and comments as ?, cut where it is long; as it is but for that with
// `literals`.
std::string traced(std::string_view statement, bool literals);

}  // namespace pgadvise::cli
