#include "lint/schema/key_coverage.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "model/schema/index_comparison.h"

namespace pgadvise::lint {
namespace {

bool any_position_serves(const std::string& method) { return method == "gist" || method == "gin"; }

// A predicate leaves no row out of a look-up by equality when it only says that key columns are not null.
bool predicate_harmless(const Index& index, const std::vector<std::string>& columns) {
  if (!index.predicate) return true;
  return !index.predicate_not_null.empty() &&
         std::ranges::all_of(index.predicate_not_null,
                             [&](const std::string& column) { return contains(columns, column); });
}

bool key_usable(const IndexKey& key, const Table& table) {
  if (key.column.empty()) return false;
  if (key.collation.empty()) return true;
  const Column* column = table.column(key.column);
  return column && column->collation == key.collation;
}

// How many of the columns stand usefully in the index.
std::size_t served(const Index& index, const Table& table, const std::vector<std::string>& columns) {
  std::vector<std::string> found;
  for (const auto& key : index.keys) {
    const bool match = key_usable(key, table) && contains(columns, key.column);
    if (match && !contains(found, key.column)) found.push_back(key.column);
    if (!match && !any_position_serves(index.method)) break;
  }
  return found.size();
}

std::string explain_miss(const Index& index, const Table& table, const std::vector<std::string>& columns) {
  if (!index.valid) return "is invalid";
  if (index.method == "brin") return "is a BRIN index, which finds no single rows";
  if (!predicate_harmless(index, columns))
    return "is partial (WHERE " + *index.predicate + "), so that it cannot serve all rows";
  for (const auto& key : index.keys)
    if (contains(columns, key.column) && !key_usable(key, table))
      return "has another collation than the column " + key.column;
  if (contains(index.include, columns.front())) return "contains " + columns.front() + " only in INCLUDE";
  std::vector<std::string> contained;
  for (const auto& column : columns)
    if (has_column(index.keys, column)) contained.push_back(column);
  return "contains " + join(contained, ", ") + ", but not as its first column" +
         (contained.size() == 1 ? "" : "s");
}

KeyCoverage own_coverage(const Context& context, const Table& table,
                         const std::vector<std::string>& columns) {
  KeyCoverage best;
  bool nearest_leads = false;  // the one that people take for the key's index: it begins with its columns,
                               // and something else is wrong
  for (const Index* index : indexes_with_any(context, table, columns)) {
    const Coverage coverage = covers(*index, table, columns);
    // Of several that serve a part, the one that serves most; then the first by name, so that the order in
    // which they were created does not matter.
    const bool better_part =
        coverage == Coverage::partial && best.coverage == Coverage::partial &&
        std::pair(served(*best.index, table, columns), std::string_view(index->name)) <
            std::pair(served(*index, table, columns), std::string_view(best.index->name));
    if (coverage > best.coverage || better_part) best.coverage = coverage, best.index = index;
    if (coverage == Coverage::full) break;
    const bool leads = served(*index, table, columns) > 0;
    if (coverage == Coverage::none && (!best.nearest || (leads && !nearest_leads))) {
      nearest_leads = leads;
      best.nearest = index;
      best.why_not = explain_miss(*index, table, columns);
    }
  }
  return best;
}

}  // namespace

std::vector<const Index*> indexes_with_any(const Context& context, const Table& table,
                                           const std::vector<std::string>& columns) {
  std::vector<const Index*> out;
  for (const auto& column : columns) {
    const auto& found = context.indexes_with(table, column);
    out.insert(out.end(), found.begin(), found.end());
  }
  if (columns.size() == 1) return out;
  std::ranges::sort(out);  // all are in one vector
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Coverage covers(const Index& index, const Table& table, const std::vector<std::string>& columns) {
  if (!index.valid || index.method == "brin" || !predicate_harmless(index, columns)) return Coverage::none;
  const std::size_t count = served(index, table, columns);
  if (count == 0) return Coverage::none;
  return count == columns.size() ? Coverage::full : Coverage::partial;
}

KeyCoverage key_coverage(const Context& context, const Table& table,
                         const std::vector<std::string>& columns) {
  KeyCoverage best = own_coverage(context, table, columns);
  if (best.coverage == Coverage::full || table.kind != Table::Kind::partitioned) return best;
  const auto& partitions = context.partitions_of(table.name);
  if (partitions.empty()) return best;
  KeyCoverage least;
  least.coverage = Coverage::full;
  for (const Table* partition : partitions) {
    const KeyCoverage coverage = key_coverage(context, *partition, columns);
    if (coverage.coverage < least.coverage) least = coverage;
    if (!least.index) least.index = coverage.index;
  }
  return least.coverage > best.coverage ? least : best;
}

}  // namespace pgadvise::lint
