// How much is said besides the report, and in which dress: what the options of every command say of it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "check/observer.h"

namespace pgadvise::cli {

struct Talk {
  std::string colour = "auto";  // auto, always, never
  bool quiet = false;           // findings and errors
  bool verbose = false;         // what was read, what ran, and how long it took
  bool debug = false;           // what was sent to the server
};
const Talk& talk();

void add_colour(CLI::App& command);  // --color
void add_talk(CLI::App& command);    // --quiet, --verbose, --debug
// Takes them from in front of the command's name to behind it.
void move_talk_behind(std::vector<std::string>& words, const std::vector<std::string>& commands);
// Of the command that was parsed, before it runs: with --debug statements are traced on stderr from here on, constants masked unless it
// has --show-literals.
void begin_talk(const CLI::App& command);

// "pgadvise: …" on stderr with --verbose.
void tell_verbose(std::string_view line);

// A statement on one line, its constants and comments as ?, cut where it is long; as it is but for that with `literals`.
std::string traced(std::string_view statement, bool literals);

// A part of the work that may take long. On a terminal what it is stands on a line of stderr from the first second on; with --verbose its
// time is told at its end. One at a time.
class Phase {
 public:
  // `ticks`: no line of its own where the part itself tells how far it is.
  explicit Phase(std::string what, bool ticks = true);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  struct Ticker;
  std::string what_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Ticker> ticker_;
};

// Shows phases and progress of the library as this program does.
check::Observer console_observer();

// What `work` gives, as a phase of that name.
template <class Work>
auto during(const char* what, const Work& work) {
  const Phase phase(what);
  return work();
}

}  // namespace pgadvise::cli
