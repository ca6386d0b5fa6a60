// Which functions of application code a branch changes: with --changed and --since, findings about code are
// reported for these alone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/git.h"
#include "model/project/code.h"
#include "model/project/project.h"
#include "model/results/finding.h"

namespace pgadvise::check {

class ChangedCode {
 public:
  // Reads the added and changed files with facts about code, now and at the revision. Errors: those of
  // changed_since().
  Result<void> add(files::Git& git, const Project& project, const std::string& revision);

  // Whether add() found no added or changed file that facts about code come from.
  bool empty() const { return files_.empty(); }

  // Whether the innermost function at the finding's location, or at one of its evidence, was added or
  // changed. A function is unchanged if the file had the same text at the revision, at any line. Outside of
  // functions, the line counts.
  bool touches(const Finding& finding) const;

 private:
  struct File {
    std::vector<std::string> lines;
    std::string before;  // "" of an added file
    std::vector<LineRange> functions;
  };
  bool touches(const SourceLocation& place) const;

  std::map<std::string, File> files_;  // by path as findings have it
};

}  // namespace pgadvise::check
