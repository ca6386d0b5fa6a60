// The `git` program, asked about a repository that is not trusted: never by a shell, and such that nothing in
// the repository's own configuration starts another program or reaches a network. Ask only for what hashes no
// file of the work tree through filters.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"

namespace pgadvise::files {

// How long git is waited for. The calls read the index, references and history of a few folders:
// milliseconds, and a second or two for a history of hundreds of thousands of commits. What takes longer is a
// repository that makes git wait, such as one with a pipe for a .gitignore.
struct GitBounds {
  std::chrono::milliseconds call{5'000};
  std::chrono::milliseconds repository{10'000};  // all calls about one repository in a run
};

// `git -C folder words… [-- files…]`; files are taken literally. git may allocate 2 GiB. Errors
// (Kind::nonfatal, with the file or repository): git is not installed; a bound was reached; the repository
// has a pipe or device where git would read a file, found before git starts (in .git and in the folders above
// the files; a deeper .gitignore is found by the bound). After an error each further call about this
// repository gets the same error at once. May be called from several threads.
Result<ProgramRun> run_git(const std::string& folder, std::vector<std::string> words,
                           const std::vector<std::string>& files = {}, const GitBounds& bounds = {});

// The error that run_git() gave for the folder's repository, if any.
std::optional<Error> git_failure(const std::string& folder);

// The names in output with -z.
std::set<std::string> git_names(std::string_view answer);

}  // namespace pgadvise::files
