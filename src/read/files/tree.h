// The files of a repository, read on demand, and its package.json files.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/step_budget.h"
#include "files/files.h"
#include "files/json_file.h"

namespace pgadvise::files {

struct Package {
  std::string path;    // of package.json
  std::string folder;  // "" at the root
  std::string name;
  std::map<std::string, std::string> scripts;
  std::map<std::string, std::size_t> script_offsets;  // offset of the script's key in the file
  std::set<std::string> dependencies;                 // names, including development dependencies
  std::string prisma_seed;                            // the command that `prisma db seed` runs
  bool uses_drizzle = false;
  std::string drizzle_orm = {};    // the versions of drizzle-orm as written; "" if it is no dependency
  std::string prisma_schema = {};  // where Prisma's schema is: a file or a folder, from `folder`
};

class Tree {
 public:
  Tree(std::string root, Diagnostics& diagnostics, const LeaveOut& leave_out = {});

  const std::vector<std::string>& files() const { return files_; }  // relative, sorted
  bool has(const std::string& path) const { return set_.count(path) > 0; }
  // The text of a file, valid as long as the tree; nullptr if the file is missing, or too large or
  // unreadable, which is reported in the diagnostics.
  const std::string* text(const std::string& path);
  // The same for a file that may be irrelevant: it counts as read only after text(). The text is valid until
  // the next call.
  const std::string* peek(const std::string& path);
  const std::set<std::string>& read() const { return read_; }
  Diagnostics& diagnostics() { return diagnostics_; }
  // Of all who read the code of this repository.
  StepBudget& steps() { return steps_; }

  const std::vector<Package>& packages();
  // The nearest package.json at or above the folder.
  const Package* package_of(std::string_view folder);
  // Finds a package by the argument of --filter: its name, the last part of the name, or its folder.
  std::vector<const Package*> packages_named(std::string filter);
  // The only file with this base name; "" if none or several.
  std::string only_file_named(std::string_view base) const;
  // Adds the error of a file that does not parse, unless the file is a template ("name": "{{ name }}").
  void report_broken(const std::string& path, const std::string& text, Error error);

 private:
  void report_once(const std::string& path, Error error);
  std::optional<Package> read_package(const std::string& path, const std::string& text);

  std::string root_;
  Diagnostics& diagnostics_;
  std::set<std::string> reported_;  // files already reported in the diagnostics
  std::vector<std::string> files_;
  std::set<std::string> set_;
  std::set<std::string> read_;
  std::map<std::string, std::unique_ptr<std::string>> texts_;
  std::optional<std::vector<Package>> packages_;
  std::string peeked_;
  StepBudget steps_;
};

// Whether the file's name says that it is not for production: "docker-compose.dev.yml", "Dockerfile.test",
// "start-local.sh".
bool named_for_development(std::string_view file);
// Whether the file is in a folder of tests, documentation, fixtures or development containers, which is not
// deployed.
bool never_deployed(std::string_view path);
// The outermost such folder on the path, as a part of `path`; "" if none.
std::string_view folder_of_tests(std::string_view path);
// Whether the file is in a folder of examples or templates, which others may deploy.
bool deployed_by_others(std::string_view path);

}  // namespace pgadvise::files
