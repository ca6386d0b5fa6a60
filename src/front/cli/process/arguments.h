// The arguments of the command line, and hiding passwords in them from the process list.
#pragma once

#include <string>
#include <vector>

namespace pgadvise::cli {

struct Arguments {
  std::vector<std::string> words;   // without the program's name
  bool hid_password = false;        // an argument before "--" was a connection string with a password
  std::vector<std::string> logins;  // "user:password" of each argument that holds user:password@host
};

// Copies the arguments, then overwrites in argv each connection string with a password by "***": after --db
// and --allow-host, after "--option=" and on its own, and each URL with a password after --store and --otlp.
// A value of --db with an "@" that libpq would not parse also counts. Call before anything else.
Arguments take_arguments(int argc, char** argv);

// `text` with the passwords of these logins as "***", also where a message cut one short ("joe:hid…").
std::string without_passwords(std::string text, const std::vector<std::string>& logins);

}  // namespace pgadvise::cli
