// The errors of a configuration file with its extended files, and the readers of values that check their
// type.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/config/toml.h"
#include "model/source_location.h"

namespace pgadvise::check {

// For one thread. Every error is of kind usage and names path:line:column.
class ConfigErrors {
 public:
  // `user`: the files are the user's own, which may name commands.
  explicit ConfigErrors(bool user) : of_user_(user) {}

  // Errors up to the matching close() are in `path`. Files nest: a file that `extends` names is opened while
  // the file that names it is open. close() sorts the errors of its file by line.
  void open(const std::string& path);
  void close();
  // The open files; the innermost one is the last.
  const std::vector<std::string>& files() const { return reading_; }
  bool of_user() const { return of_user_; }

  // An error outside the open file, such as a file that cannot be read.
  void add(Error error) { errors_.push_back(std::move(error)); }
  void complain(const toml::source_region& region, std::string what, std::string hint);
  void unknown(const toml::key& key, const std::vector<std::string>& known);
  // Whether no more errors of the open file will be shown: then hints that take time are not made.
  bool full() const;
  // The first 100 errors, then their number.
  Diagnostics take(const std::string& path);

  SourceLocation place(const toml::source_region& region) const;

  static constexpr std::size_t max_entries = 1'000;  // of a list, or of [databases]
  static constexpr std::size_t max_pattern = 1'000;  // characters

  // False, with an error that names the bound, for more than `bound` entries.
  bool bounded(const toml::source_region& region, std::string_view name, std::size_t count,
               std::size_t bound = max_entries);
  // False, with an error, for a pattern that takes long to compare: more than 1,000 characters, or 20 `*`.
  bool short_pattern(const toml::source_region& region, std::string_view name, const std::string& pattern);
  // Calls `take` for a string, or for each string of a list; anything else is an error.
  void texts(const toml::node& node, std::string_view name,
             const std::function<void(const toml::node&, const std::string&)>& take,
             std::size_t bound = max_entries);

 private:
  struct Reported {
    Error error;
    toml::source_index line, column;
  };

  bool of_user_;
  Diagnostics errors_;
  std::vector<std::vector<Reported>> reported_;  // of each open file
  std::vector<std::string> reading_;
};

}  // namespace pgadvise::check
