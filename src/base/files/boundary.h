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

// Whether `path`, with symbolic links resolved, is the folder `boundary` (resolved) or below it. For a
// missing path, its existing part decides, and for a link to a missing file the link's target. False if the
// path cannot be resolved, for example because links form a cycle.
bool lies_within(const std::string& path, const std::string& boundary);

// The first symbolic link below `folder` (at any depth, without following links) that leads out of
// `boundary`; "" if none. Visits at most 200,000 files and folders, and returns the folder itself if there
// are more.
std::string link_out_of(const std::string& folder, const std::string& boundary);

// Whether a symbolic link on the path to the file leaves a repository through which the path leads. False
// outside of repositories. Missing files: as in lies_within().
bool leaves_repository(const std::string& path);

// The same; outside of repositories, whether a symbolic link leaves the file's folder.
bool leads_outside(const std::string& path);

// Whether the file, with symbolic links resolved, lies in a folder of git (.git or a bare repository), where
// git runs and reads what it finds.
bool lies_in_git_folder(const std::string& path);

}  // namespace pgadvise
