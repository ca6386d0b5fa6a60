// How far a repository reaches: the files that its configuration and its symbolic links may lead to.
//
// A repository is known by a `.git` (a folder, or the file of a worktree or submodule). git itself is not
// asked, since a hostile repository's core.worktree may name any folder. A nested `.git` only narrows the
// boundary. All answers are those of the moment: these functions protect from what a repository contains, not
// from a process that replaces files while pgadvise runs.
#pragma once

#include <string>

namespace pgadvise {

// The folder with `.git` at or above `path` (a file or a folder), symbolic links resolved; "" when there is
// none.
std::string work_tree_of(const std::string& path);

// The work tree of `path`; without one the folder itself, or the folder that holds the file. Symbolic links
// are resolved, but not the file's own: pgadvise.toml -> /etc/x belongs to the folder that holds the link. ""
// when the folder is missing.
std::string boundary_of(const std::string& path);

// Is `path`, symbolic links resolved, the folder `boundary` (resolved) or below it? A missing path counts by
// its existing part. False for what can't be resolved, such as links in a circle.
bool lies_within(const std::string& path, const std::string& boundary);

// The first symbolic link below `folder` (at any depth, links not followed) that leads out of `boundary`; ""
// when there is none. Looks at 200,000 files and folders at most, and reports the folder itself when there
// are more.
std::string link_out_of(const std::string& folder, const std::string& boundary);

// Does a symbolic link on the way to the file `path`, as it is written, leave a repository that the way leads
// through, or, outside of repositories, the folder of the file? A missing file counts by the existing part of
// its path.
bool leads_outside(const std::string& path);

}  // namespace pgadvise
