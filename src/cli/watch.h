// The command `watch`: checks a database again and again.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace pgadvise::cli {

void add_watch(CLI::App& app, int& exit_code);

// The options of watch that each check gets.
struct WatchedCheck {
  std::string db;
  std::string store;   // "": nothing is stored
  std::string target;  // "": check's default
  std::string output;  // "": no metrics
};

struct CheckCommand {
  std::vector<std::string> words;                              // behind the program's name
  std::vector<std::pair<std::string, std::string>> variables;  // in addition to the environment
};

// The command of one check. Its words hold no connection string, since one may have a password.
CheckCommand command_of(const WatchedCheck& check);

}  // namespace pgadvise::cli
