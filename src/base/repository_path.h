// File names as a repository knows them.
#pragma once

#include <string>

namespace pgadvise {

// Where relative file names start, and the repository that they lie in. Both absolute; `root` is "" outside
// of a repository.
struct RepositoryPaths {
  std::string root;
  std::string folder;  // the working folder

  // The file's path below `root` (below `folder` outside of a repository), with '/'. A file elsewhere: its
  // normalized name.
  std::string relative(const std::string& file) const;
};

// For the process's working folder: `root` is the nearest folder upwards that holds .git.
RepositoryPaths current_repository();

}  // namespace pgadvise
