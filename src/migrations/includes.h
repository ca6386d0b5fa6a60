// Scripts that include others, as psql runs them.
#pragma once

#include <string>
#include <vector>

#include "base/input_file.h"
#include "base/result.h"

namespace pgadvise::migrations {

// A part of a script that psql runs in one go. Before its first statement the text has blanks in place of
// earlier parts, so that offsets are those of the file.
struct ScriptPart {
  std::string path;
  std::string text;
};

// The parts of the script at `path` in the order in which psql runs them, with the files of \i (which is
// looked for below the working folder, then beside the script) and \ir (beside the script) in their places.
// One part if it includes none. An included file that is missing, leaves the repository, has a variable in
// its name, or is beyond 1,000 files, 16 levels or 256 MiB in all is named in `diagnostics` (nonfatal).
std::vector<ScriptPart> with_includes(const std::string& path, std::string text, const UserPaths& user_paths,
                                      Diagnostics& diagnostics);

}  // namespace pgadvise::migrations
