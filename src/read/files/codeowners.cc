#include "files/codeowners.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/gitignore.h"

namespace pgadvise::files {
namespace {

constexpr std::string_view blanks = " \t\r";

// The pattern, up to a blank that no backslash precedes.
std::string_view take_pattern(std::string_view& line) {
  std::size_t end = 0;
  while (end < line.size() && blanks.find(line[end]) == std::string_view::npos)
    end += line[end] == '\\' ? 2 : 1;
  const auto out = line.substr(0, end);
  line.remove_prefix(out.size());
  return out;
}

// Up to a comment.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  for (;;) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos || line[begin] == '#') return out;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(blanks), line.size());
    out.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// An entry for a folder covers everything below it; one that ends with "/*" only the files right below.
bool covers(std::string_view pattern, std::string_view path) {
  return pattern.ends_with("/*") ? ignore_pattern_matches(pattern, path, false)
                                 : ignore_pattern_covers(pattern, path);
}

}  // namespace

CodeOwners::CodeOwners(std::string_view text) {
  std::vector<std::string> of_section;
  for (std::string_view line : split(text, '\n')) {
    if (entries_.size() == max_entries) return;
    line = trim(line);
    if (line.empty() || line.starts_with('#') || line.starts_with('!')) continue;
    if (line.starts_with('[') || line.starts_with("^[")) {  // a section of GitLab
      ++sections_;
      of_section = words_of(
          line.substr(line.rfind(']') == std::string_view::npos ? line.size() : line.rfind(']') + 1));
      continue;
    }
    Entry entry;
    entry.pattern = take_pattern(line);
    entry.owners = words_of(line);
    if (entry.owners.empty()) entry.owners = of_section;
    entry.section = sections_ - 1;
    entries_.push_back(std::move(entry));
  }
}

std::vector<std::string> CodeOwners::of(std::string_view path) const {
  std::vector<const Entry*> last(sections_, nullptr);
  for (const auto& entry : entries_)
    if (covers(entry.pattern, path)) last[entry.section] = &entry;
  std::vector<std::string> out;
  for (const Entry* entry : last) {
    if (!entry) continue;
    for (const auto& owner : entry->owners)
      if (!is_one_of(owner, out)) out.push_back(owner);
  }
  return out;
}

}  // namespace pgadvise::files
