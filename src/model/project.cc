#include "model/project.h"

#include <algorithm>

namespace pgadvise {

std::string Project::drizzle_name(const QualifiedName& table, std::string_view column) const {
  std::string key = table.schema + "." + table.name;
  if (!column.empty()) key.append(".").append(column);
  const auto it = std::find_if(drizzle_names.begin(), drizzle_names.end(),
                               [&](const auto& pair) { return pair.first == key; });
  return it == drizzle_names.end() ? std::string() : it->second;
}

}  // namespace pgadvise
