// Finds passwords of PostgreSQL databases on other machines in the committed files of a repository.
#pragma once

#include <string>
#include <vector>

#include "drizzle/code/client_code.h"
#include "files/tree.h"
#include "model/project/connections.h"

namespace pgadvise::deploy {

// Passwords in URLs, in pairs of variables (PGHOST and PGPASSWORD), in commands (PGPASSWORD=… psql -h …), in
// objects of JSON, and in `written`, the credentials that source code gives to a driver. Sorted by file and
// line. The result never contains a password.
//
// Skips hosts of this machine and of containers; passwords and hosts that are placeholders or variables;
// samples, tests, documentation and comments; files that .gitignore names. `root`: the folder of the tree,
// whose .gitignore files are read.
std::vector<CommittedPassword> committed_passwords(files::Tree& tree, const std::string& root,
                                                   const std::vector<drizzle::WrittenCredentials>& written);

}  // namespace pgadvise::deploy
