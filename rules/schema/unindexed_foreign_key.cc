#include "base/text.h"
#include "lint/context.h"
#include "lint/key_coverage.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static void check_key(const Context& context, Reporter& reporter, const Table& table, const Constraint& key) {
  const KeyCoverage coverage = key_coverage(context, table, key.columns);
  if (coverage.coverage != Coverage::none) return;  // a prefix is partially-indexed-foreign-key's business
  const std::string columns = join(key.columns, ", ");
  Finding& finding = reporter.add(
      {.kind = "foreign-key", .schema = table.name.schema, .table = table.name.name, .columns = key.columns,
       .constraint = key.name},
      "No index serves the foreign key " + display(table.name) + " (" + columns + ") to " +
          display(key.referenced_table) + ": each DELETE of a parent row, and each join from it, reads the whole table.");
  finding.location = key.origin;
  finding.evidence.push_back({Evidence::Kind::catalog,
                              display(table.name) + " has " + std::to_string(table.indexes.size()) +
                                  " indexes, none with " + columns + " in front",
                              std::nullopt, {}});
  if (coverage.nearest)
    finding.evidence.push_back({Evidence::Kind::catalog,
                                "index " + coverage.nearest->name + " holds it, but " + coverage.why_not,
                                std::nullopt, {}});
  finding.probe = Probe{Probe::Kind::referential_lookup, table.name, key.columns, {}};
  IndexProposal proposal{.table = table.name};
  for (const auto& column : key.columns) proposal.keys.push_back({.column = column});
  finding.proposal = std::move(proposal);
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables)
    for (const auto& key : table.constraints)
      if (key.kind == Constraint::Kind::foreign_key && !key.inherited) check_key(context, reporter, table, key);
}

constinit const Rule unindexed_foreign_key{
    .id = "unindexed-foreign-key",
    .severity = Severity::warning,
    .needs = Needs::catalog,
    .summary = "a foreign key that no index serves",
    .why = "PostgreSQL indexes the referenced side of a foreign key, never the referencing side. Without an index there, "
           "every DELETE (and every UPDATE of the key) on the parent reads the whole child table, once per row, while it "
           "holds locks; joins from parent to child read it too.",
    .fix = "Create an index that begins with the key's columns, in any order.",
    .when_to_ignore = "The child table stays small, or the parent's rows are never deleted and nobody joins from it.",
    .check = check};

}  // namespace pgadvise::rules
