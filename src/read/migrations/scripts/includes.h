// Scripts that include others, as psql runs them.
#pragma once

#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"

namespace pgadvise::migrations {

// A part of a script that psql runs in one go. In front of its first statement the text has the line ends of
// the parts before it, and blanks on the line on which it begins: lines and columns are those of the file.
struct ScriptPart {
  std::string path;
  std::string text;
};

// The parts of the script at `path` in the order in which psql runs them, with the files of \i (which is
// looked for below the working folder, then beside the script) and \ir (beside the script) in their places.
// One part if it includes none. Named in `diagnostics` (nonfatal): an included file that is missing, leaves
// the repository or has a variable in its name; the first command beyond 1,000 of them or 16 levels, with the
// number of those behind it; a part beyond 256 MiB in all. Time and memory are linear in these bounds.
std::vector<ScriptPart> with_includes(const std::string& path, std::string text, const UserPaths& user_paths,
                                      Diagnostics& diagnostics);

}  // namespace pgadvise::migrations
