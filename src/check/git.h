// Which files of a folder changed, by the `git` program: never by a shell, without hooks, filters or drivers
// of the repository.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::check {

// The commit that the current branch left the default branch at: of the pull request's base in CI, else of
// origin's default branch, else of main or master. Errors (usage): git is not installed, no repository, no
// such branch, no common commit, git failed or gave no answer (files/git.h).
Result<std::string> branch_point(const std::string& folder);

// Of `files` (names relative to `folder`, with '/'), those that were added or changed after the revision:
// committed, staged, untracked, or edited. Errors (usage): git is not installed, no repository, no such
// revision, git failed or gave no answer.
Result<std::set<std::string>> changed_since(const std::string& folder, const std::string& revision,
                                            const std::vector<std::string>& files);

}  // namespace pgadvise::check
