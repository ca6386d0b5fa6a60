// The `git` program, asked about a repository that is not trusted: never by a shell, and such that nothing in
// the repository's own configuration starts another program or reaches a network. Do not call
// subcommands that may run the filters (clean, smudge) of a work tree's files: status, diff of the work tree,
// add, checkout.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/process/process.h"

namespace pgadvise::files {

// How long git may run. The calls read the index, references and history of a few folders: milliseconds, and
// a second or two for a history of hundreds of thousands of commits. A call that takes longer is most likely
// one that waits, for instance for a .gitignore that is a pipe.
struct GitBounds {
  std::chrono::milliseconds call{5'000};
  std::chrono::milliseconds repository{10'000};  // all calls about one repository
};

// The git of one run: it keeps how long the calls about each repository took, and which repositories failed.
// May be used by several threads; one call runs at a time.
class Git {
 public:
  explicit Git(GitBounds bounds = {}) : bounds_(bounds) {}

  // Runs `git -C folder words… [-- files…]`; files are taken literally. git's memory is limited to 2 GiB.
  // Before git starts, run() looks for pipes and devices in .git and in each folder from the repository to
  // `files`; the time limit ends a git that waits for one further down. Errors (Kind::nonfatal, with the file
  // or repository): git is not installed; a bound was reached; such a pipe or device. After an error each
  // further call about this repository returns the same error at once.
  Result<ProgramRun> run(const std::string& folder, const std::vector<std::string>& words,
                         const std::vector<std::string>& files = {});

  // The error that run() returned for the folder's repository; nullopt: none.
  std::optional<Error> failure(const std::string& folder) const;

 private:
  struct Repository {
    std::chrono::milliseconds used{0};
    std::set<std::string> folders;  // contain no file that git would wait for
    std::optional<Error> failed;
  };
  GitBounds bounds_;
  mutable std::mutex lock_;
  std::map<std::string, Repository> repositories_;  // by folder
};

// The names in output with -z.
std::set<std::string> git_names(std::string_view answer);

}  // namespace pgadvise::files
