#include <algorithm>

#include "base/text/text.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/key_coverage.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::partially_indexed_foreign_key {

// The columns of the foreign key that are leading columns of the index.
static std::vector<std::string> indexed_columns(const Index& index, const Constraint& key) {
  std::vector<std::string> out;
  for (const auto& part : index.keys) {
    if (!contains(key.columns, part.column)) break;
    out.push_back(part.column);
  }
  return out;
}

// Whether these columns alone identify a row of the parent or of the child, so that the rest of the key
// filters nothing.
static bool identifies_row(const Context& context, const Table& table, const Constraint& key,
                           const std::vector<std::string>& columns) {
  if (unique_among(table, columns)) return true;
  const Table* parent = context.table(key.referenced_table);
  if (!parent) return false;
  std::vector<std::string> referenced;
  for (std::size_t at = 0; at < std::min(key.columns.size(), key.referenced_columns.size()); ++at)
    if (contains(columns, key.columns[at])) referenced.push_back(key.referenced_columns[at]);
  if (contains(referenced, "id")) return true;  // assumed to be unique
  return unique_among(*parent, referenced) != nullptr;
}

// Whether any of the indexes that serve a part of the key reaches a single row.
static bool reaches_row(const Context& context, const Table& table, const Constraint& key) {
  const auto indexes = indexes_with_any(context, table, key.columns);
  return std::ranges::any_of(indexes, [&](const Index* index) {
    return covers(*index, table, key.columns) == Coverage::partial &&
           identifies_row(context, table, key, indexed_columns(*index, key));
  });
}

static void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context)) {
    if (at_most_one_row(*table)) continue;
    for (const Constraint& key : own_foreign_keys(*table)) {
      const KeyCoverage coverage = key_coverage(context, *table, key.columns);
      if (coverage.coverage != Coverage::partial || !coverage.index) continue;
      const auto front = indexed_columns(*coverage.index, key);
      if (front.empty() || identifies_row(context, *table, key, front) || reaches_row(context, *table, key))
        continue;
      Finding& finding =
          reporter.add(key_subject(table->name, key), key.origin,
                       "The foreign key " + display(table->name) + " (" + join(key.columns, ", ") +
                           ") is only partly indexed, by " + join(front, ", ") +
                           ": each look-up reads all rows with the same " + join(front, ", ") + ".");
      finding.evidence.push_back(
          catalog_fact(coverage.index->name + ": " + definition(*coverage.index), coverage.index->origin));
      finding.proposal = proposed_index(*table, key.columns);
    }
  }
}

constinit const Rule rule{
    .id = "partially-indexed-foreign-key",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a foreign key of several columns of which an index covers only some",
    .why =
        "A look-up of a key over (a, b) through an index on (a) reads every row with the same a and filters "
        "them. This is fast while few rows share the value and slow when many do (a tenant, a status). The "
        "rule does not report a key whose indexed part identifies a row: it is unique in the table or in the "
        "referenced table, or it references a column named id.",
    .fix = "Create an index whose leading columns are all columns of the key, in any order.",
    .when_to_ignore = "Few rows share a value in the indexed columns.",
    .check = check};

}  // namespace pgadvise::rules::partially_indexed_foreign_key
