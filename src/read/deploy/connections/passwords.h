// Finds passwords of PostgreSQL databases on other machines in the committed files of a repository.
#pragma once

#include <string>
#include <vector>

#include "drizzle/code/client_code.h"
#include "files/tree.h"
#include "model/project/connections.h"

namespace pgadvise::deploy {

// In URLs, in pairs of variables (PGHOST and PGPASSWORD), in objects of JSON, and in `written`, which source
// code gives to a driver. Left out: hosts of this machine and of containers, passwords and hosts that are
// placeholders or variables, samples, tests, documentation, comments, and files that .gitignore names. In the
// order of files and lines.
std::vector<CommittedPassword> committed_passwords(files::Tree& tree, const std::string& root,
                                                   const std::vector<drizzle::WrittenCredentials>& written);

}  // namespace pgadvise::deploy
