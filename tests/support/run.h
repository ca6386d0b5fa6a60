// Runs the pgadvise program as a user would.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/wait.h>

#include "base/input_file.h"
#include "base/text.h"
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

}  // namespace pgadvise::testing_support
