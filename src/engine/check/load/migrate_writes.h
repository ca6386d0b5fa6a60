// The folders of a repository that its migrate command may write.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::check {

// The folders with symbolic links resolved. `boundary`: the repository, or the folder of the command, as
// boundary_of() gives it. Errors (usage), each with its reason: a path is not a folder; it is not below
// `boundary`; git's own files (`.git`, also as a file or link, and what that names) are the path, above or
// below it. At most 200,000 entries of a folder are looked through for those.
Result<std::vector<std::string>> folders_to_write(const std::vector<std::string>& paths,
                                                  const std::string& boundary);

}  // namespace pgadvise::check
