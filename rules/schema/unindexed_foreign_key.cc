#include <algorithm>

#include "base/text.h"
#include "lint/context.h"
#include "lint/key_coverage.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option large_rows{
    .name = "large_rows",
    .fallback = 100000,
    .meaning = "rows from which an unindexed key of a child table is an error, if parent rows are deleted"};
static constexpr const Option* options[] = {&large_rows};

// Whether rows of the parent are deleted, so that each DELETE scans the child: the key has an ON DELETE
// action, or the log has a DELETE on the parent.
static bool parent_rows_deleted(const Context& context, const Constraint& key) {
  if (key.on_delete != "NO ACTION" && key.on_delete != "RESTRICT") return true;
  const auto& queries = context.queries_on(key.referenced_table);
  return std::any_of(queries.begin(), queries.end(), [&](const Query* query) {
    return query->facts.kind == StatementKind::delete_ && !query->facts.relations.empty() &&
           query->facts.relations.front().table == key.referenced_table;
  });
}

// Whether the key names the user who did something (closed_by, approvedById). Such parents are rarely
// deleted, and few queries join from a user to such rows. Not referred_by, owned_by and the like, which
// queries do join by.
static bool names_an_actor(const Constraint& key) {
  static constexpr std::string_view deeds[] = {
      "added",     "approved",  "archived",  "blocked",  "cancelled",  "canceled", "changed",   "closed",
      "completed", "confirmed", "created",   "deleted",  "edited",     "granted",  "inserted",  "locked",
      "modified",  "processed", "published", "recorded", "registered", "rejected", "released",  "removed",
      "requested", "resolved",  "reviewed",  "revoked",  "updated",    "uploaded", "validated", "verified"};
  if (key.columns.size() != 1 || key.on_delete == "CASCADE") return false;
  auto words = words_of(key.columns.front());
  if (words.size() > 1 && words.back() == "id") words.pop_back();
  return words.size() > 1 && words.back() == "by" &&
         std::find(std::begin(deeds), std::end(deeds), words[words.size() - 2]) != std::end(deeds);
}

static Severity severity(const Context& context, const Table& table, const Constraint& key) {
  const bool large = table.statistics && table.statistics->rows >= context.option(large_rows);
  if (large && parent_rows_deleted(context, key)) return Severity::error;
  return names_an_actor(key) ? Severity::note : context.rule().severity;
}

static void check_key(const Context& context, Reporter& reporter, const Table& table, const Constraint& key) {
  const KeyCoverage coverage = key_coverage(context, table, key.columns);
  if (coverage.coverage != Coverage::none) return;  // partially-indexed-foreign-key reports a prefix
  const std::string columns = join(key.columns, ", ");
  Finding& finding = reporter.add(
      {.kind = "foreign-key",
       .schema = table.name.schema,
       .table = table.name.name,
       .columns = key.columns,
       .constraint = key.name},
      "No index serves the foreign key " + display(table.name) + " (" + columns + ") to " +
          display(key.referenced_table) +
          ": every DELETE of a parent row, and every join from the parent, scans the whole table.",
      severity(context, table, key));
  finding.location = key.origin;
  if (!coverage.nearest)
    finding.evidence.push_back(
        {Evidence::Kind::catalog,
         table.indexes.empty() ? display(table.name) + " has no index at all"
         : table.indexes.size() == 1
             ? display(table.name) + " has one index, which does not begin with " + columns
             : display(table.name) + " has " + std::to_string(table.indexes.size()) +
                   " indexes, none of which begins with " + columns,
         std::nullopt,
         {}});
  if (coverage.nearest)
    finding.evidence.push_back(
        {Evidence::Kind::catalog,
         "index " + coverage.nearest->name + " includes the key, but " + coverage.why_not,
         std::nullopt,
         {}});
  finding.probe = Probe{Probe::Kind::referential_lookup, table.name, key.columns, {}};
  IndexProposal proposal{.table = table.name};
  for (const auto& column : key.columns) proposal.keys.push_back({.column = column});
  finding.proposal = std::move(proposal);
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables)
    for (const auto& key : table.constraints)
      if (key.kind == Constraint::Kind::foreign_key && !key.inherited)
        check_key(context, reporter, table, key);
}

constinit const Rule unindexed_foreign_key{
    .id = "unindexed-foreign-key",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "a foreign key that no index serves",
    .why =
        "PostgreSQL indexes the referenced side of a foreign key, but never the referencing side. Without an "
        "index there, every DELETE of a parent row, and every UPDATE of its key, scans the whole child table "
        "while it holds locks. Joins from parent to child scan it too.\n\n"
        "A key that names the user who did something (`closed_by`, without ON DELETE CASCADE) is a note. "
        "Such parents are rarely deleted, and few queries join from them.",
    .fix = "Create an index whose leading columns are the columns of the key, in any order.",
    .when_to_ignore =
        "The child table stays small, or the parent's rows are never deleted and no query joins from the "
        "parent.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
