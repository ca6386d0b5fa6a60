// The lines of files that findings are about, as people are shown them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/finding.h"
#include "report/paint.h"

namespace pgadvise::cli {

class Sources {
 public:
  // A file is shown as long as it is the one that was read: not changed since the Sources were made.
  Sources() : since_(std::filesystem::file_time_type::clock::now()) {}
  // Of a workload nothing is shown, whose statements hold literals: neither these files, nor what is said of
  // a query.
  void hide(std::set<std::string> files) { hidden_ = std::move(files), queries_ = false; }
  // What stands at the finding's place, with so many lines around it. nullopt where there is none, where it
  // is hidden, and where a password stands that can't be masked.
  std::optional<report::Source> around(const Finding& finding, int lines);

 private:
  struct File {
    std::string text;
    std::vector<std::size_t> starts;  // of its lines
    std::string_view line(int number) const;
  };
  const File* file(const std::string& path);

  std::filesystem::file_time_type since_;
  std::set<std::string> hidden_;
  bool queries_ = true;
  std::map<std::string, std::optional<File>> files_;
};

enum class Written { sql, commands, code };
// How many bytes of the line, from `from` on, are meant: in SQL a name, or a clause up to its end; where
// commands are (workflows, scripts, package.json) all of one, which may be a list of words; in code a word.
// 0: the line as a whole.
std::size_t span(std::string_view line, std::size_t from, Written written);

}  // namespace pgadvise::cli
