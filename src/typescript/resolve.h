// Finds the file that an import names, as TypeScript's compiler and bundlers do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "files/tree.h"

namespace pgadvise::typescript {

// Whether the name ends in .ts, .tsx, .mts, .cts, .js, .jsx, .mjs or .cjs, and not in .d.ts and its like.
bool is_source(std::string_view file);

class Resolver {
 public:
  explicit Resolver(files::Tree& tree) : tree_(tree) {}

  // The path of the source file that `specifier` names in the file `from`; "" if it is outside of the
  // repository. Tries relative paths, `paths` and `baseUrl` of the nearest tsconfig.json (and what it
  // extends or refers to), `imports` of package.json, and packages of the repository: those that a dependency
  // links ("file:", "link:", "workspace:other@*"), those of the importing file's workspace
  // (pnpm-workspace.yaml, `workspaces` of package.json), else any of that name. "./a.js" names a.ts, also
  // if a.js is there, and "dist/a.js" of a package its src/a.ts. Remembers answers.
  std::string resolve(const std::string& from, const std::string& specifier);

 private:
  using Paths = std::vector<std::pair<std::string, std::vector<std::string>>>;  // pattern -> full paths
  struct Config {
    std::optional<std::string> base_url;  // a folder
    std::optional<Paths> paths;
  };

  struct Workspace {
    std::string folder;
    std::vector<std::string> patterns;  // folders of packages; "!…" leaves out
  };

  std::string find(const std::string& from, const std::string& specifier);
  std::string file_at(const std::string& path) const;
  std::string by_config(const std::string& folder, const std::string& specifier);
  std::string by_package(const std::string& from, const std::string& specifier);
  const files::Package* package_named(const std::string& from, const std::string& name);
  const files::Package* nearest_named(const std::string& from, const std::string& name);
  const files::Package* linked_package(const files::Package& own, const std::string& written);
  const std::vector<Workspace>& workspaces();
  const Workspace* workspace_of(const std::string& folder);
  std::string in_package(const files::Package& package, const std::string& subpath);
  std::string by_target(const std::string& folder, const std::string& target, const std::string& star) const;
  std::string by_exports(const std::string& folder, const files::Json& exports, const std::string& subpath,
                         int depth) const;
  const Config& config_of(const std::string& folder);
  Config read_config(const std::string& path, int depth);
  std::string extended(const std::string& from, const std::string& written);
  const files::Json& json_of(const std::string& path);

  files::Tree& tree_;
  std::map<std::pair<std::string, std::string>, std::string> found_;  // by folder and specifier
  std::map<std::string, Config> configs_;                             // by folder
  std::map<std::string, files::Json> json_;
  std::optional<std::vector<Workspace>> workspaces_;
};

}  // namespace pgadvise::typescript
