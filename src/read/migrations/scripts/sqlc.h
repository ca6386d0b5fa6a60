// The scripts that sqlc generates code from: it runs none of them.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace pgadvise::migrations {

// Files and folders inside the repository.
struct SqlcPaths {
  std::set<std::string> schemas;
  std::set<std::string> queries;
};

// What each sqlc.yaml, sqlc.yml and sqlc.json among `files` (relative to the root) names, of at most 50 such
// files. Of a pattern (sql/*.sql), its folder.
SqlcPaths sqlc_paths(const std::string& root, const std::vector<std::string>& files);

}  // namespace pgadvise::migrations
