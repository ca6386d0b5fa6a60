// Adds facts from git to a project's migrations.
#pragma once

#include "base/result.h"
#include "files/git.h"
#include "model/project.h"

namespace pgadvise::migrations {

// Sets MigrationEntry::git, changed_in and related members for files in a git work tree; for others they stay
// unknown. The main line decides which versions databases may have run; changed_in names the commit that made
// the content, not the merge that brought it there. The repository's git configuration cannot make git start
// another program or use the network.
void read_git(files::Git& git, Project& project, Diagnostics& diagnostics);

// Parsers of git's output, for tests. `log`: git log -z --raw --no-abbrev with \x01<hash> <time> before each
// commit.
struct GitChange {
  std::string commit;
  std::int64_t time = 0;
  char status = 'M';  // A D M …
  std::string blob;   // of the file after the commit
  std::string path;
};
std::vector<GitChange> parse_git_log(std::string_view log);

}  // namespace pgadvise::migrations
