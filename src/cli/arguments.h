// The words of the command line, and what other users of the machine can see of them in the process list.
#pragma once

#include <string>
#include <vector>

namespace pgadvise::cli {

struct Arguments {
  std::vector<std::string> words;  // without the program's name
  bool hid_password = false;       // one of them is a connection string with a password, in front of "--"
};

// Copies the words, then overwrites in argv each connection string that holds a password with "***": behind
// --db, after "--option=" and by itself. A value of --db that libpq would not understand and that has an "@"
// counts as one. To be called before anything else.
Arguments take_arguments(int argc, char** argv);

}  // namespace pgadvise::cli
