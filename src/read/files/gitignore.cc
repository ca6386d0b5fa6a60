#include "files/gitignore.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "files/glob.h"

namespace pgadvise::files {
namespace {

namespace fs = std::filesystem;

// How much of the pattern matches the character: ?, [a-z], [!a-z], \c or the character itself; 0: nothing.
std::size_t ignore_width(std::string_view pattern, char c) {
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  const auto close = pattern[0] == '[' ? pattern.find(']', 2) : std::string_view::npos;
  if (close == std::string_view::npos) return pattern[0] == c ? 1 : 0;
  std::string_view set = pattern.substr(1, close - 1);
  const bool inverted = set[0] == '!' || set[0] == '^';
  if (inverted) set.remove_prefix(1);
  bool in = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const bool range = i + 2 < set.size() && set[i + 1] == '-';
    in = in || (range ? set[i] <= c && c <= set[i + 2] : set[i] == c);
    i += range ? 2 : 0;
  }
  return in != inverted ? close + 1 : 0;
}

// Within one folder or file name: *, ?, [a-z] and \.
bool name_matches(std::string_view pattern, std::string_view name) {
  const auto end = match_stars(
      pattern.size(), name.size(), [&](std::size_t at) { return pattern[at] == '*'; },
      [&](std::size_t at, std::size_t i) { return ignore_width(pattern.substr(at), name[i]); });
  return end && pattern.find_first_not_of('*', *end) == std::string_view::npos;
}

// All names of the path, where ** stands for any number of them, at the end for at least one.
bool names_match(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& names) {
  return match_stars(
             pattern.size(), names.size(), [&](std::size_t at) { return pattern[at] == "**"; },
             [&](std::size_t at, std::size_t i) { return name_matches(pattern[at], names[i]) ? 1U : 0U; }) ==
         pattern.size();
}

struct Decision {
  bool ignored = false;
  std::string line;
};

// The last line of one .gitignore that matches the file or a folder on the way to it.
std::optional<Decision> decision_of(const std::string& ignore_file, std::string_view path) {
  if (leads_outside(ignore_file)) return std::nullopt;
  const auto text = read_file(ignore_file, text_limit);
  if (!text) return std::nullopt;
  std::optional<Decision> out;
  int number = 0;
  for (const auto raw : split(*text, '\n')) {
    ++number;
    std::string_view line = trim(raw);
    if (line.empty() || line.front() == '#') continue;
    const bool again = line.front() == '!';
    const std::string_view pattern = line.substr(again ? 1 : 0);
    if (ignore_pattern_covers(pattern, path))
      out = {!again, ignore_file + ":" + std::to_string(number) + ": " + ellipsis(std::string(line), 80)};
  }
  return out;
}

}  // namespace

bool ignore_pattern_matches(std::string_view pattern, std::string_view path, bool is_folder) {
  if (pattern.ends_with('/')) {
    if (!is_folder) return false;
    pattern.remove_suffix(1);
  }
  const bool anchored = pattern.find('/') != std::string_view::npos;
  if (pattern.starts_with('/')) pattern.remove_prefix(1);
  if (pattern.empty()) return false;
  if (!anchored) return name_matches(pattern, base_of(path));
  return names_match(split(pattern, '/'), split(path, '/'));
}

bool ignore_pattern_covers(std::string_view pattern, std::string_view path) {
  if (ignore_pattern_matches(pattern, path, false)) return true;
  for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (ignore_pattern_matches(pattern, path.substr(0, slash), true)) return true;
  return false;
}

std::string ignoring_line(const std::string& file) {
  const fs::path path = fs::path(file).lexically_normal();
  std::error_code code;
  fs::path there = path.parent_path();
  while (!there.empty() && !fs::exists(there, code) && there != there.parent_path())
    there = there.parent_path();
  const fs::path top = fs::weakly_canonical(boundary_of(there.empty() ? "." : there.string()), code);
  const fs::path whole = fs::weakly_canonical(path, code);
  std::string up;  // from the file's folder to the one that is read, as the user writes it
  for (fs::path folder = whole.parent_path(); !code && !top.empty();
       folder = folder.parent_path(), up += "../") {
    const std::string shown = (path.parent_path() / up / ".gitignore").lexically_normal().generic_string();
    if (const auto decision = decision_of(shown, whole.lexically_relative(folder).generic_string()))
      return decision->ignored ? decision->line : std::string();
    if (folder == top || folder == folder.parent_path()) break;
  }
  return {};
}

}  // namespace pgadvise::files
