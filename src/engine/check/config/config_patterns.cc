// Compares the patterns of a configuration with the files that exist.
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "check/config/config.h"
#include "lint/run/suppress.h"

namespace pgadvise::check {

namespace fs = std::filesystem;

files::LeaveOut Config::leave_out(const std::string& root) const {
  std::vector<std::string> patterns;
  const std::string top = absolute_path(root);
  for (const auto& [pattern, place] : inputs.exclude)
    if (!lint::matches(pattern, top) && !lint::matches(pattern, top + "/")) patterns.push_back(pattern);
  if (patterns.empty()) return {};
  return [patterns = std::move(patterns)](const std::string& file) {
    const std::string name = absolute_path(file);
    return std::ranges::any_of(patterns,
                               [&](const std::string& pattern) { return lint::matches(pattern, name); });
  };
}

Diagnostics Config::fits_nothing(const std::vector<std::string>& folders) const {
  Diagnostics out, of_listing;
  const bool by_path =
      std::ranges::any_of(ignores, [](const Suppression& entry) { return !entry.path.empty(); });
  if (!by_path && inputs.exclude.empty()) return out;
  const std::string home =
      path.empty() ? std::string() : fs::path(absolute_path(path)).parent_path().generic_string();
  std::vector<std::string> roots, seen;
  for (const auto& folder : folders) {
    roots.push_back(absolute_path(folder));
    files::list_files(folder, of_listing,
                      [&](const std::string& file) { return seen.push_back(absolute_path(file)), false; });
  }
  const auto within_roots = [&](const std::string& name) {
    return std::ranges::any_of(roots, [&](const std::string& root) {
      return name == root || name.starts_with(root == "/" ? root : root + "/");
    });
  };
  std::size_t left = 20'000'000;  // comparisons; an entry beyond them counts as one that fits
  const auto any = [&](const std::string& pattern) {
    if (left < seen.size()) return true;
    left -= seen.size();
    return std::ranges::any_of(seen, [&](const std::string& name) { return lint::matches(pattern, name); });
  };
  const auto report = [&](const SourceLocation& place, const std::string& what) {
    warn(out, place.str(), what, "fix or remove it");
  };
  for (const auto& exclude : inputs.exclude) {
    const std::string& pattern = exclude.pattern;
    const bool whole = std::ranges::any_of(roots, [&](const std::string& root) {
      return lint::matches(pattern, root) || lint::matches(pattern, root + "/");
    });
    if (!whole && within_roots(pattern.substr(0, pattern.find('*'))) && !any(pattern))
      report(exclude.place, "exclude matches none of the inputs");
  }
  if (!within_roots(home)) return out;  // entries may apply to other files there
  for (const auto& entry : ignores)
    if (!entry.path.empty() && !any(home + "/" + entry.path) && !any(home + "/*/" + entry.path))
      report(entry.place, "the path of this [[ignore]] matches no file");
  return out;
}

}  // namespace pgadvise::check
