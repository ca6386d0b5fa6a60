#include <set>
#include <string>
#include <vector>

#include "base/text/text.h"
#include "lint/run/context.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/key_coverage.h"
#include "lint/schema/parent_deletes.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unindexed_foreign_key {

static constexpr Option large_rows{
    "large_rows", 100000,
    "rows from which an unindexed key of a child table is an error, if parent rows are deleted"};

static Severity severity(const Context& context, const Table& table, const Constraint& key) {
  if (references_constants(context, key) || references_lookup(context, key)) return Severity::note;
  const bool large = table.statistics && table.statistics->rows >= context.option(large_rows);
  if (large && parent_rows_deleted(context, key)) return Severity::error;
  return names_an_actor(key) ? Severity::note : context.rule().severity;
}

static std::string message_on_key(const Table& table, const Constraint& key) {
  const std::string parent = display(key.referenced_table);
  return "No index serves the foreign key " + display(table.name) + " (" + join(key.columns, ", ") + ") to " +
         parent + ": every DELETE in " + parent + ", and every UPDATE of its key, scans all of " +
         display(table.name) + ".";
}

// Of one of Table::logical_keys. Prisma's client looks for rows of the child before it deletes one of the
// parent, unless onDelete is NoAction.
static std::string message_on_relation(const Table& table, const Constraint& key) {
  const std::string parent = display(key.referenced_table);
  return "The Prisma relation " + key.name +
         " has no foreign key in the database, and no index serves its columns " + display(table.name) +
         " (" + join(key.columns, ", ") + "): " +
         (key.on_delete == "NO ACTION" ? "each query for the rows that belong to one row of " + parent
                                       : "the query that Prisma makes for each DELETE in " + parent) +
         " scans all of " + display(table.name) + ".";
}

static void check_key(const Context& context, Reporter& reporter, const Table& table, const Constraint& key,
                      bool in_database) {
  const KeyCoverage coverage = key_coverage(context, table, key.columns);
  if (coverage.coverage != Coverage::none) return;  // partially-indexed-foreign-key reports a prefix
  const std::string columns = join(key.columns, ", ");
  Finding& finding =
      reporter.add(subject_in(table.name, "foreign-key", key.columns, in_database ? key.name : ""),
                   key.origin, in_database ? message_on_key(table, key) : message_on_relation(table, key),
                   severity(context, table, key));
  if (!coverage.nearest)
    finding.evidence.push_back(
        catalog_fact(table.indexes.empty() ? display(table.name) + " has no index at all"
                     : table.indexes.size() == 1
                         ? display(table.name) + " has one index, which does not begin with " + columns
                         : display(table.name) + " has " + std::to_string(table.indexes.size()) +
                               " indexes, none of which begins with " + columns));
  if (coverage.nearest)
    finding.evidence.push_back(catalog_fact("index " + coverage.nearest->name + " " + coverage.why_not));
  finding.probe = Probe{Probe::Kind::referential_lookup, table.name, key.columns, {}};
  finding.proposal = proposed_index(table, key.columns);
}

static bool has_one_parent(const Context& context, const Constraint& key) {
  const Table* parent = context.table(key.referenced_table);
  return parent && at_most_one_row(*parent);
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    if (at_most_one_row(table)) continue;
    for (const Constraint& key : own_foreign_keys(table))
      if (!has_one_parent(context, key)) check_key(context, reporter, table, key, true);
    std::set<std::vector<std::string>> columns;
    for (const auto& key : table.logical_keys)
      if (!has_one_parent(context, key) && columns.insert(key.columns).second)
        check_key(context, reporter, table, key, false);
  }
}

constinit const Rule rule{
    .id = "unindexed-foreign-key",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "a foreign key that no index serves",
    .why =
        "PostgreSQL indexes the referenced side of a foreign key, but never the referencing side. Without an "
        "index there, every DELETE of a parent row, and every UPDATE of its key, scans the whole child table "
        "while it holds locks. So does a query that looks for the children of a parent row, without these "
        "locks.\n\n"
        "A key that names the user who did something (`closed_by`, `createdByUserId`, without ON DELETE "
        "CASCADE) is a note. Such parents are rarely deleted, and few queries join from them. A key is a "
        "note, too, if a CHECK limits the parent's key to constants (`name IN ('on', 'off')`), because only "
        "migrations change such a parent, and if the parent is a lookup table by its name and form "
        "(`countries`, `order_statuses`: no foreign keys, at most eight columns). A key of or to a table "
        "that holds at most one row, because a unique index is on a constant, is not reported.\n\n"
        "Relations of a schema.prisma with `relationMode = \"prisma\"` have no foreign key in the database. "
        "Prisma's client instead queries the child table before it deletes a parent row or changes its key. "
        "The rule reports such a relation, too, if no index serves its columns.",
    .fix =
        "Create an index whose leading columns are the columns of the key, in any order. In schema.prisma, "
        "write `@@index([…])` with the fields of the relation.",
    .when_to_ignore =
        "The child table stays small, or the parent's rows are never deleted and no query joins from the "
        "parent.",
    .options = {&large_rows},
    .check = check};

}  // namespace pgadvise::rules::unindexed_foreign_key
