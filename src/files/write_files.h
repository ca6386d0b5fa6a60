// Several files written as one: all of them, or none.
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
      before;  // of a file that is replaced: what must still be in it; nullopt: nothing may be there
};

// New files appear whole, and never in the place of another one; replaced ones are renamed over, after all
// new ones are there. Folders are made as needed. Errors (usage): one can't be written, is reached by a link
// that leaves the repository (base/boundary.h), is there already, or has changed since `before` was read;
// then all that was written is taken back, and the error says what could not be.
Result<void> write_files(const std::vector<NewFile>& files);

}  // namespace pgadvise::files
