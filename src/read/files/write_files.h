// Writes several files atomically: all of them, or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::files {

struct NewFile {
  std::string path;
  std::string content;
  std::optional<std::string>
      before;  // expected current content of a replaced file; nullopt: the file must not exist
};

// Creates new files, without replacing existing ones, then replaces the others by renaming. Creates folders
// as needed. Errors (usage): a file cannot be written, is reached by a symbolic link that leaves the
// repository or leads into its .git (base/boundary.h), exists already, or differs from `before`. Then all
// changes are undone, and the error names what could not be undone.
Result<void> write_files(const std::vector<NewFile>& files);

}  // namespace pgadvise::files
