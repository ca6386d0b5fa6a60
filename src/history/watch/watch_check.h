// The commands that one round of `watch` runs, each in a process of its own.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pgadvise::watch {

// A database that watch checks at regular intervals.
struct WatchedDatabase {
  std::string db;    // as --db takes it, names resolved
  std::string name;  // for the store, for metrics, and for messages
};

// The options of a check that are the same in each round.
struct WatchedCheck {
  WatchedDatabase database;
  std::string store;      // "": nothing is stored
  std::string spool;      // the folder for what the store does not take; "": the default
  std::string counters;   // the file for check --counters; "": no statistics of queries are stored
  std::string page;       // the file for the HTML report; "": none
  std::string otlp_logs;  // the files for the bodies of --otlp; "": none
  std::string otlp_metrics;
  std::string log;  // whose new lines are stored; "": none
  std::string line_prefix;
  std::string log_position;  // the file that keeps where the reader of the log is
  std::string log_lines;     // the file for its new lines
};

struct ChildCommand {
  std::vector<std::string> words;                              // behind the program's name
  std::vector<std::pair<std::string, std::string>> variables;  // in addition to the environment
};

// The command of one check, which writes its metrics to stdout. Its words hold no connection string, since
// one may have a password.
ChildCommand command_of(const WatchedCheck& check);

// The command that stores the statistics of the lines in `check.log_lines`. The same holds for its words.
ChildCommand digest_command_of(const WatchedCheck& check);

// The name of a database without one of its own: that of the database in the connection string, else of its
// user; "database" if neither is known. Reads the environment, as libpq does.
std::string name_of(const std::string& db);

}  // namespace pgadvise::watch
