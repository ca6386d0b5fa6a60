#include "model/project/project.h"

#include <algorithm>

namespace pgadvise {

std::string Project::drizzle_name(const QualifiedName& table, std::string_view column) const {
  std::string key = table.schema + "." + table.name;
  if (!column.empty()) key.append(".").append(column);
  const auto it =
      std::lower_bound(drizzle_names.begin(), drizzle_names.end(), key,
                       [](const auto& pair, const std::string& name) { return pair.first < name; });
  return it == drizzle_names.end() || it->first != key ? std::string() : it->second;
}

}  // namespace pgadvise
