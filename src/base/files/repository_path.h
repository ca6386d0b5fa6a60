// File paths relative to a repository.
#pragma once

#include <string>

namespace pgadvise {

// The folder in which relative paths start, and its repository. Both are absolute; `root` is "" outside of a
// repository.
struct RepositoryPaths {
  std::string root;
  std::string folder;  // the working folder

  // The file's path relative to `root` (to `folder` outside of a repository), with '/'. For a file elsewhere,
  // its normalized path.
  std::string relative(const std::string& file) const;
};

// For the working folder of the process: `root` is the nearest folder upwards that has .git.
RepositoryPaths current_repository();

}  // namespace pgadvise
