// How much is said besides the report, and in which dress: what the options of every command say of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "pg/connection.h"

namespace pgadvise::cli {

struct Verbosity {
  std::string colour = "auto";  // auto, always, never
  bool quiet = false;           // findings and errors
  bool verbose = false;         // what was read, what ran, and how long it took
  bool debug = false;           // what was sent to the server
};
const Verbosity& talk();

void add_colour(CLI::App& command);  // --color
void add_talk(CLI::App& command);    // --quiet, --verbose, --debug
// Takes them from in front of the command's name to behind it.
void move_talk_behind(std::vector<std::string>& words, const std::vector<std::string>& commands);
// Of the command that was parsed, before it runs.
void begin_talk(const CLI::App& command);

// With --debug: writes each statement on stderr, constants masked unless the command has --show-literals.
// Else empty.
pg::SentObserver sent_observer();

// "pgadvise: …" on stderr with --verbose.
void tell_verbose(std::string_view line);

// A statement on one line, its constants and comments as ?, cut where it is long; as it is but for that with
// `literals`.
std::string traced(std::string_view statement, bool literals);

}  // namespace pgadvise::cli
