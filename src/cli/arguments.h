// The words of the command line, and what other users of the machine can see of them in the process list.
#pragma once

#include <string>
#include <vector>

namespace pgadvise::cli {

struct Arguments {
  std::vector<std::string> words;   // without the program's name
  bool hid_password = false;        // one of them is a connection string with a password, in front of "--"
  std::vector<std::string> logins;  // "user:password" of each word that holds user:password@host
};

// Copies the words, then overwrites in argv each connection string that holds a password with "***": behind
// --db and --allow-host, after "--option=" and by itself. A value of --db that libpq would not understand and
// that has an "@" counts as one. To be called before anything else.
Arguments take_arguments(int argc, char** argv);

// `text` with the passwords of these logins as "***", also where a message cut one short ("joe:hid…").
std::string without_passwords(std::string text, const std::vector<std::string>& logins);

}  // namespace pgadvise::cli
