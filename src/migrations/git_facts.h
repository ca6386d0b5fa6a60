// What git knows of a project's migrations.
#pragma once

#include "base/result.h"
#include "model/project.h"

namespace pgadvise::migrations {

// Fills in MigrationEntry::git, changed_in and the like, for what lies in a git work tree; elsewhere all
// stays unknown. Runs git such that nothing in the repository's own configuration starts another program or
// reaches a network.
void read_git(Project& project, Diagnostics& diagnostics);

// The parts of git's answers, for tests. `log`: git log -z --name-status with \x01<hash> <time> before each
// commit.
struct GitChange {
  std::string commit;
  std::int64_t time = 0;
  char status = 'M';  // A D M …
  std::string path;
};
std::vector<GitChange> parse_git_log(std::string_view log);

}  // namespace pgadvise::migrations
