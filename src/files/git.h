// The `git` program, asked about a repository that is not trusted: never by a shell, and such that nothing in
// the repository's own configuration starts another program or reaches a network. Ask only for what hashes no
// file of the work tree through filters.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"

namespace pgadvise::files {

// Runs `git -C folder words… [-- files…]`; files are taken literally. Errors (Kind::nonfatal): git is not
// installed, or took too long.
Result<ProgramRun> run_git(const std::string& folder, std::vector<std::string> words,
                           const std::vector<std::string>& files = {});

// The names in output with -z.
std::set<std::string> git_names(std::string_view answer);

}  // namespace pgadvise::files
