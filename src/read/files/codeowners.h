// CODEOWNERS: who owns which files of a repository, as GitHub and GitLab read it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

class CodeOwners {
 public:
  static constexpr std::size_t max_entries = 5'000;  // what follows is not read
  static constexpr std::size_t max_bytes = std::size_t{3} << 20;

  CodeOwners() = default;
  explicit CodeOwners(std::string_view text);

  bool empty() const { return entries_.empty(); }

  // The owners of a file, whose path is relative to the repository's root: those of the last matching entry
  // of each section, in the order of the file, without duplicates. Empty if the entry has no owners. Linear
  // in the entries.
  std::vector<std::string> of(std::string_view path) const;

 private:
  struct Entry {
    std::string pattern;
    std::vector<std::string> owners;
    std::size_t section = 0;
  };
  std::vector<Entry> entries_;
  std::size_t sections_ = 1;
};

}  // namespace pgadvise::files
