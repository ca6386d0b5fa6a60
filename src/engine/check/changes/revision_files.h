// Files of a git revision, written to a folder of their own.
#pragma once

#include <string>

#include "base/result.h"
#include "files/files.h"
#include "files/git.h"

namespace pgadvise::check {

// Writes the files that `path`, a file or folder of a work tree, has at `commit` below `folder`, at their
// place relative to the repository, and returns the path of its counterpart: folder + "/app/drizzle". The
// result does not exist if the commit lacks `path`. `leave_out`: as in files::list_files(), called with paths
// below `path`. Leaves out symbolic links, submodules, and files of more than sql_limit. Errors (usage):
// those of git; more than 20,000 files; a file cannot be written. Cost: reads a file through git only if the
// work tree has it with another content; others are copied.
Result<std::string> write_revision(files::Git& git, const std::string& path, const std::string& commit,
                                   const std::string& folder, const files::LeaveOut& leave_out);

}  // namespace pgadvise::check
