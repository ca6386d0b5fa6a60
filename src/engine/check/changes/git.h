// Changed files of a folder, according to the `git` program. Runs git without a shell, and without hooks,
// filters or drivers of the repository.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/git.h"

namespace pgadvise::check {

// The commit at which the current branch left its base: the pull request's base branch in CI, else origin's
// default branch, else main or master. Errors (usage): git is not installed, no repository, no such branch,
// no common commit, git failed or did not answer (files/git.h).
Result<std::string> branch_point(files::Git& git, const std::string& folder);

// The commit that a revision names. `option`: the one that named it, for the error. Errors (usage): git is
// not installed, no repository, no such revision, git failed or did not answer.
Result<std::string> find_commit(files::Git& git, const std::string& folder, const std::string& option,
                                const std::string& revision);

// The members of `files` (paths relative to `folder`, with '/') that were added or changed after the
// revision: committed, staged, untracked, or edited. A file that was moved within the repository, with the
// same content, is not changed. Errors (usage): git is not installed, no repository, no such revision, git
// failed or did not answer.
Result<std::set<std::string>> changed_since(files::Git& git, const std::string& folder,
                                            const std::string& revision,
                                            const std::vector<std::string>& files);

// The hashes of files (paths relative to `folder`) that git would give their bytes, without what the
// repository's configuration names as a filter. Lacks files that git could not read.
std::map<std::string, std::string> file_hashes(files::Git& git, const std::string& folder,
                                               const std::vector<std::string>& files);

}  // namespace pgadvise::check
