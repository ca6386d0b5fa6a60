// A repository's files, read when asked for, and its package.json files.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/files.h"
#include "files/json_file.h"

namespace pgadvise::files {

struct Package {
  std::string path;    // of package.json
  std::string folder;  // "" at the root
  std::string name;
  std::map<std::string, std::string> scripts;
  std::map<std::string, std::size_t> script_offsets;  // of the script's key in the file
  std::set<std::string> dependencies;                 // names; those for development, too
  std::string prisma_seed;                            // the command that `prisma db seed` runs
  bool uses_drizzle = false;
};

class Tree {
 public:
  Tree(std::string root, Diagnostics& diagnostics, const LeaveOut& leave_out = {});

  const std::vector<std::string>& files() const { return files_; }  // relative, sorted
  bool has(const std::string& path) const { return set_.count(path) > 0; }
  // nullptr: missing, too large, unreadable; the last two are named in the diagnostics. The text lives as
  // long as the tree.
  const std::string* text(const std::string& path);
  // The same, diagnostics included, for a file that may be of no interest: counted as read only when text()
  // is asked for it too. The text lives until the next call.
  const std::string* peek(const std::string& path);
  const std::set<std::string>& read() const { return read_; }
  Diagnostics& diagnostics() { return diagnostics_; }

  const std::vector<Package>& packages();
  // The nearest package.json at or above the folder.
  const Package* package_of(std::string_view folder);
  // By --filter's argument: the name, its last part, or the folder.
  std::vector<const Package*> packages_named(std::string filter);
  // The only file of that base name; "" when there is none, or several.
  std::string only_file_named(std::string_view base) const;

 private:
  void tell_once(const std::string& path, Error error);

  std::string root_;
  Diagnostics& diagnostics_;
  std::set<std::string> told_;  // files that are named in the diagnostics
  std::vector<std::string> files_;
  std::set<std::string> set_;
  std::set<std::string> read_;
  std::map<std::string, std::unique_ptr<std::string>> texts_;
  std::optional<std::vector<Package>> packages_;
  std::string peeked_;
};

// "docker-compose.dev.yml", "Dockerfile.test", "start-local.sh": a name that says it is not for production.
bool named_for_development(std::string_view file);
// Under a folder of tests, documentation, fixtures, an editor's container …: nothing that is deployed.
bool never_deployed(std::string_view path);
// Under examples, templates …: deployed by others, perhaps.
bool deployed_by_others(std::string_view path);

}  // namespace pgadvise::files
