#include <algorithm>

#include "base/text.h"
#include "lint/index_sql.h"
#include "lint/key_coverage.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

// The key's columns that lead in the index.
static std::vector<std::string> served(const Index& index, const Constraint& key) {
  std::vector<std::string> out;
  for (const auto& part : index.keys) {
    if (!contains(key.columns, part.column)) break;
    out.push_back(part.column);
  }
  return out;
}

// The served columns alone pick one row of the parent, or one of the child: the rest of the key narrows
// nothing.
static bool enough(const Context& context, const Table& table, const Constraint& key,
                   const std::vector<std::string>& columns) {
  if (unique_among(table, columns)) return true;
  const Table* parent = context.catalog().table(key.referenced_table);
  if (!parent) return false;
  std::vector<std::string> referenced;
  for (std::size_t at = 0; at < std::min(key.columns.size(), key.referenced_columns.size()); ++at)
    if (contains(columns, key.columns[at])) referenced.push_back(key.referenced_columns[at]);
  if (contains(referenced, "id")) return true;  // as good as unique, whatever stands beside it in the key
  return unique_among(*parent, referenced) != nullptr;
}

static void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& key : table->constraints) {
      if (key.kind != Constraint::Kind::foreign_key || key.inherited) continue;
      const KeyCoverage coverage = key_coverage(context, *table, key.columns);
      if (coverage.coverage != Coverage::partial || !coverage.index) continue;
      const auto front = served(*coverage.index, key);
      if (front.empty() || enough(context, *table, key, front)) continue;
      Finding& finding =
          reporter.add({.kind = "foreign-key",
                        .schema = table->name.schema,
                        .table = table->name.name,
                        .columns = key.columns,
                        .constraint = key.name},
                       "The foreign key " + display(table->name) + " (" + join(key.columns, ", ") +
                           ") is served by an index on " + join(front, ", ") +
                           " alone: its look-ups read every row that agrees in that.");
      finding.location = key.origin;
      finding.evidence.push_back(
          catalog_fact(coverage.index->name + ": " + definition(*coverage.index), coverage.index->origin));
      IndexProposal proposal{.table = table->name};
      for (const auto& column : key.columns) proposal.keys.push_back({.column = column});
      finding.proposal = std::move(proposal);
    }
  }
}

constinit const Rule partially_indexed_foreign_key{
    .id = "partially-indexed-foreign-key",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a foreign key of several columns that an index serves in part",
    .why =
        "The look-up of a key over (a, b) through an index on (a) reads every row with that a, and filters. "
        "That is fine while few rows "
        "share it, and slow when many do (a tenant, a status). Nothing is reported where the indexed part "
        "picks one row by itself: it is "
        "unique in the table or in the one that is referenced, or references a column named id.",
    .fix = "Create an index that begins with all of the key's columns, in any order.",
    .when_to_ignore = "Few rows share the indexed part.",
    .check = check};

}  // namespace pgadvise::rules
