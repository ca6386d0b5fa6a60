// The source lines around findings, for display.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/results/finding.h"
#include "report/text/paint.h"

namespace pgadvise::cli {

class Sources {
 public:
  // Shows a file only if it has not changed since the Sources were created.
  Sources() : since_(std::filesystem::file_time_type::clock::now()) {}
  // Hides files with literals, and the lines of all findings about queries.
  void hide(std::set<std::string> files) { hidden_ = std::move(files), queries_ = false; }
  // The lines at the finding's location, with so many around. nullopt if it has no location, if the file is
  // hidden, or if the lines contain a password that cannot be masked.
  std::optional<report::Source> around(const Finding& finding, int lines);

 private:
  struct File {
    std::string text;
    std::vector<std::size_t> starts;  // of each line
    std::string_view line(int number) const;
  };
  const File* file(const std::string& path);

  std::filesystem::file_time_type since_;
  std::set<std::string> hidden_;
  bool queries_ = true;
  std::map<std::string, std::optional<File>> files_;
};

enum class Language { sql, commands, code };
// The length, from `from` on, of the part of the line to highlight: in SQL a name, or a clause up to its end;
// in commands (workflows, scripts, package.json) the whole command, which may be a list of words; in code a
// word. 0: the whole line.
std::size_t span(std::string_view line, std::size_t from, Language language);

}  // namespace pgadvise::cli
