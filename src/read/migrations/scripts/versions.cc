#include "migrations/scripts/versions.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/scripts/script_files.h"

namespace pgadvise::migrations {

std::string version_in_name(std::string_view folder) {
  static constexpr auto words = word_list("version", "release", "rel", "ver", "v", "r");
  const std::string low = lower(folder);
  std::string_view rest = low;
  for (const auto word : words)
    if (rest.starts_with(word)) {
      rest.remove_prefix(word.size());
      rest.remove_prefix(std::min(rest.find_first_not_of("-_."), rest.size()));
      break;
    }
  const std::size_t end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  const std::string_view version = rest.substr(0, end);
  const bool named = end == rest.size() || rest[end] == '_' || rest[end] == '-';
  const bool digits = !version.empty() && version.front() != '.' && version.back() != '.';
  return digits && named ? std::string(version) : std::string();
}

bool named_for_versions(std::string_view folder) {
  static constexpr auto words = word_list("migrat", "schema", "delta", "version", "upgrade", "update",
                                          "postgres", "sql", "db", "database", "ddl");
  return contains_any(lower(folder), words);
}

std::vector<std::string> folders_of_versions(const Folder& folder) {
  std::vector<std::string> out;
  for (const auto& name : folder.folders())
    if (!version_in_name(name).empty() && !sql_files(Folder(folder.path(name)), [](std::string_view file) {
                                             return is_sql(file) && !is_down(file);
                                           }).empty())
      out.push_back(name);
  std::ranges::stable_sort(out, [](const std::string& a, const std::string& b) {
    return compare_versions(version_in_name(a), version_in_name(b)) < 0;
  });
  return out;
}

bool holds_versions(const Folder& folder, const std::string& script) {
  const auto versions = folders_of_versions(folder);
  return std::ranges::any_of(versions, [&](const std::string& name) {
    const bool digit = name.front() >= '0' && name.front() <= '9';
    return !digit || contains(version_in_name(name), ".") || !folder.has(name + "/" + script);
  });
}

}  // namespace pgadvise::migrations
