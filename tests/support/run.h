// Runs the pgadvise program as a user would.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "support/paths.h"

namespace pgadvise::testing_support {

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// A folder of its own that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "pgadvise-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name = "") const {
    return name.empty() ? path_.string() : (path_ / name).string();
  }
  std::string write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

inline std::string quoted(const std::string& word) { return "'" + replace_all(word, "'", "'\\''") + "'"; }

// `arguments` as a shell would take them, in `folder` (the current one when empty).
inline Ran run(const std::string& arguments, const std::string& folder = "",
               const std::string& environment = "") {
  const Folder files;
  const std::string command = (folder.empty() ? "" : "cd " + quoted(folder) + " && ") + environment + " " +
                              quoted(testing_support::program) + " " + arguments + " >" +
                              quoted(files.path("out")) + " 2>" + quoted(files.path("err")) + " </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(files.path("out")).value_or(""),
          read_file(files.path("err")).value_or("")};
}

// The program while it runs. Killed if the test ends before it.
class RunningProgram {
 public:
  // `variables`: NAME=VALUE, in addition to the environment.
  explicit RunningProgram(std::vector<std::string> words, std::vector<std::string> variables = {}) {
    words.insert(words.begin(), testing_support::program);
    const std::string out = files_.path("out"), err = files_.path("err");
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    for (auto& variable : variables) ::putenv(variable.data());
    const int ends[] = {::open("/dev/null", O_RDONLY), ::creat(out.c_str(), 0600),
                        ::creat(err.c_str(), 0600)};
    if (::dup2(ends[0], 0) == 0 && ::dup2(ends[1], 1) == 1 && ::dup2(ends[2], 2) == 2)
      ::execv(pointers.front(), pointers.data());
    ::_exit(127);
  }
  ~RunningProgram() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  void send(int signal) const {
    if (pid_ > 0) ::kill(pid_, signal);
  }
  // What it has written on standard error so far.
  std::string err() const { return read_file(files_.path("err")).value_or(""); }
  // The exit code is -1 if a signal ended the program, or if it still runs after `most`.
  Ran wait(std::chrono::seconds most) {
    const auto end = std::chrono::steady_clock::now() + most;
    int status = 0;
    pid_t got = 0;
    while (pid_ > 0 && got == 0 && std::chrono::steady_clock::now() < end) {
      got = ::waitpid(pid_, &status, WNOHANG);
      if (got == 0) ::usleep(10'000);
    }
    if (got > 0) pid_ = -1;
    return {got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            read_file(files_.path("out")).value_or(""), read_file(files_.path("err")).value_or("")};
  }

 private:
  Folder files_;
  pid_t pid_ = -1;
};

}  // namespace pgadvise::testing_support
