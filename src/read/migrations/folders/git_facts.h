// Adds facts from git to a project's migrations.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "files/git.h"
#include "model/project/project.h"

namespace pgadvise::migrations {

// Sets MigrationEntry::git and the members about edits (changed_in and those after it) for files in a git
// work tree; for other files, `git` stays unknown and changed_in empty. Assumes that databases ran only the
// versions on the first-parent history of HEAD; changed_in is the commit that edited the file, not the merge
// of that commit. The repository's git configuration cannot make git start another program or use the
// network. Adds a diagnostic for each answer that git did not give in time.
void read_git(files::Git& git, Project& project, Diagnostics& diagnostics);

// The newest tag that is a release, neither a release candidate nor the like, if it has `file` (relative to
// `folder`) with the content that the file has now. nullopt: no such tag, the tag of the commit that is
// checked out, which a deployment may be about to release, another content, a file of tests or fixtures, no
// repository, or no answer. At most four calls of git.
std::optional<std::string> newest_release_with(files::Git& git, const std::string& folder,
                                               const std::string& file);

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
