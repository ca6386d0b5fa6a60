#include "check/load/outside_references.h"

#include <cstddef>
#include <map>

#include <fmt/format.h>

namespace pgadvise::check {

Diagnostics outside_references(std::vector<std::pair<Error, QualifiedName>> remarks,
                               const std::set<QualifiedName>& created) {
  std::map<QualifiedName, std::size_t> keys;
  for (const auto& [remark, table] : remarks) ++keys[table];
  Diagnostics out;
  for (auto& [remark, table] : remarks) {
    const std::size_t count = std::exchange(keys[table], 0);
    if (count == 0 || created.contains(table)) continue;
    if (count > 1)
      remark.what +=
          fmt::format(" ({} more foreign key{} it)", count - 1, count == 2 ? " references" : "s reference");
    out.push_back(std::move(remark));
  }
  return out;
}

}  // namespace pgadvise::check
