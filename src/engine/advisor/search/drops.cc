#include "advisor/search/drops.h"

#include <algorithm>

#include <fmt/format.h>

#include "advisor/ddl/index_ddl.h"
#include "model/schema/ddl.h"
#include "model/schema/index_comparison.h"

namespace pgadvise::advisor {
namespace {

constexpr double enough_days = 14;

}  // namespace

bool may_drop(const Index& index) {
  return index.valid && !index.building && !index.unique && !index.constraint && !index.replica_identity &&
         index.attached_to.empty() && !index.keys.empty();
}

namespace {

// Whether `wide` serves whatever `narrow` does. Of two alike the one that must stay, else the first by name,
// is the wide one.
bool covers(const Index& wide, const Index& narrow) {
  if (&wide == &narrow || !serves_instead(wide, narrow)) return false;
  const bool alike = wide.keys.size() == narrow.keys.size() && wide.include.size() == narrow.include.size();
  return !alike || !may_drop(wide) || wide.name < narrow.name;
}

std::string key_words(const std::vector<IndexKey>& keys) {
  std::string out;
  for (const auto& key : keys)
    out += (out.empty() ? "" : ", ") + (key.column.empty() ? key.expression : key.column);
  return out;
}

std::string reason(const Catalog& catalog, const Table& table, const Index& index,
                   const std::vector<IndexProposal>& made) {
  for (const auto& other : table.indexes)
    if (covers(other, index))
      return (other.keys.size() == index.keys.size() ? "duplicate of " : "redundant: a prefix of ") +
             other.name;
  for (const auto& proposal : made)
    if (proposal.table == table.name && serves_instead(ddl::index_of(proposal), index))
      return "replaced: a prefix of the proposed index on (" + key_words(proposal.keys) +
             "), once that index exists";
  const bool of_key = std::ranges::any_of(table.constraints, [&](const Constraint& key) {
    return key.kind == Constraint::Kind::foreign_key && !key.columns.empty() &&
           key.columns.front() == index.keys.front().column;
  });
  if (of_key) return {};
  const bool counted = catalog.statistics_days && *catalog.statistics_days >= enough_days;
  if (counted && index.statistics && index.statistics->scans == 0)
    return fmt::format(
        "not used in the {:.0f} days that the statistics cover; replicas have their own statistics",
        *catalog.statistics_days);
  return {};
}

}  // namespace

std::vector<IndexDrop> drops(const Catalog& catalog, const std::vector<IndexProposal>& made) {
  std::vector<IndexDrop> out;
  for (const auto& [name, table] : catalog.tables) {
    if (table.kind != Table::Kind::ordinary && table.kind != Table::Kind::materialized_view) continue;
    if (name.schema == "pg_catalog" || name.schema == "information_schema" || table.temporary) continue;
    for (const auto& index : table.indexes) {
      if (!may_drop(index)) continue;
      const std::string why = reason(catalog, table, index, made);
      if (why.empty()) continue;
      out.push_back({name, index.name, ddl::drop_index({name.schema, index.name}, true) + ";",
                     ddl::create_index(name, index, {.concurrently = true}) + ";", why,
                     index.statistics ? index.statistics->pages * page_bytes : 0});
    }
  }
  return out;
}

}  // namespace pgadvise::advisor
