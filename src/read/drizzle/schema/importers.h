// Which files import a file. Internal to this folder.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "typescript/program.h"

namespace pgadvise::drizzle {

class Importers {
 public:
  // `may_import`: which files count as importers.
  Importers(typescript::Program& program, std::function<bool(const std::string&)> may_import)
      : program_(program), may_import_(std::move(may_import)) {}

  // Whether another file imports `file`, or exports all of it. The first call reads all files of the
  // repository for the names that they may import. Each file is parsed at most once, when a file is asked for
  // whose name it has.
  bool is_imported(const std::string& file);

 private:
  void read_names();
  void add_imports(const std::string& path);

  typescript::Program& program_;
  std::function<bool(const std::string&)> may_import_;
  bool has_names_ = false;
  // By the part of a file's name before its first dot: the files that have it after a slash.
  std::map<std::string, std::vector<std::string>, std::less<>> by_name_;
  std::set<std::string> parsed_;
  std::set<std::string> imported_;  // by the parsed files
};

}  // namespace pgadvise::drizzle
