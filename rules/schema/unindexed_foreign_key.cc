#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "lint/context.h"
#include "lint/key_coverage.h"
#include "lint/table_growth.h"
#include "lint/tables.h"
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

// Whether the key names the user who did something (closed_by, approvedById, createdByUserId). Such parents
// are rarely deleted, and few queries join from a user to such rows. Not referred_by, owned_by and the like,
// which queries do join by.
static bool names_an_actor(const Constraint& key) {
  static constexpr std::string_view deeds[] = {
      "added",    "approved",   "archived",  "blocked",  "cancelled", "canceled",  "changed",
      "closed",   "completed",  "confirmed", "created",  "deleted",   "edited",    "granted",
      "inserted", "invited",    "issued",    "locked",   "modified",  "processed", "published",
      "recorded", "registered", "rejected",  "released", "removed",   "requested", "resolved",
      "reviewed", "revoked",    "updated",   "uploaded", "validated", "verified",  "voided"};
  static constexpr std::string_view persons[] = {"user", "account", "member", "admin", "person", "profile"};
  if (key.columns.size() != 1 || key.on_delete == "CASCADE") return false;
  auto words = words_of(key.columns.front());
  if (words.size() > 1 && (words.back() == "id" || words.back() == "uuid")) words.pop_back();
  if (words.size() > 2 && one_of(words.back(), persons)) words.pop_back();
  return words.size() > 1 && words.back() == "by" && one_of(words[words.size() - 2], deeds);
}

// Whether a CHECK limits the column to constants: c IN ('a', 'b'), c = ANY (ARRAY['a', 'b']). The rows of
// such a table are part of the schema: only a migration adds or deletes one.
static bool limited_to_constants(const Table& table, const std::string& column) {
  return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint& check) {
    if (check.kind != Constraint::Kind::check) return false;
    auto tokens = tokens_of(check.expression);  // without strings
    std::erase_if(tokens, [](const std::string& token) { return token == "(" || token == ")"; });
    std::size_t at = 0;
    const auto next = [&](std::string_view word) { return at < tokens.size() && tokens[at] == word && ++at; };
    if (!next(column)) return false;
    while (next("::")) ++at;
    if (!next("in") && !(next("=") && next("any") && next("array"))) return false;
    return std::none_of(tokens.begin() + static_cast<std::ptrdiff_t>(std::min(at, tokens.size())),
                        tokens.end(), [&](const std::string& token) {
                          return token == "or" || token == "and" || token == "select" || table.column(token);
                        });
  });
}

static bool references_constants(const Context& context, const Constraint& key) {
  const Table* parent = context.catalog().table(key.referenced_table);
  return parent && key.referenced_columns.size() == 1 &&
         limited_to_constants(*parent, key.referenced_columns.front());
}

// Rows of a lookup table are part of the application, and are hardly ever deleted.
static bool references_lookup(const Context& context, const Constraint& key) {
  const Table* parent = context.catalog().table(key.referenced_table);
  return parent && key.on_delete != "CASCADE" && growth_of(*parent) == Growth::lookup;
}

static Severity severity(const Context& context, const Table& table, const Constraint& key) {
  if (references_constants(context, key) || references_lookup(context, key)) return Severity::note;
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
          display(key.referenced_table) + ": every DELETE of a row of " + display(key.referenced_table) +
          ", and every join from there, scans all of " + display(table.name) + ".",
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
  proposal.equality_keys = proposal.keys.size();
  finding.proposal = std::move(proposal);
}

static bool has_one_parent(const Context& context, const Constraint& key) {
  const Table* parent = context.catalog().table(key.referenced_table);
  return parent && at_most_one_row(*parent);
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    if (at_most_one_row(table)) continue;
    for (const auto& key : table.constraints)
      if (key.kind == Constraint::Kind::foreign_key && !key.inherited && !has_one_parent(context, key))
        check_key(context, reporter, table, key);
  }
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
        "A key that names the user who did something (`closed_by`, `createdByUserId`, without ON DELETE "
        "CASCADE) is a note. Such parents are rarely deleted, and few queries join from them. A key is a "
        "note, "
        "too, if a CHECK limits the parent's key to constants (`name IN ('on', 'off')`), because only "
        "migrations change such a parent, and if the parent is a lookup table by its name and form "
        "(`countries`, `order_statuses`: no foreign keys, at most eight columns). A key of or to a table "
        "that holds at most one row, because a "
        "unique index is on a constant, is not reported.",
    .fix = "Create an index whose leading columns are the columns of the key, in any order.",
    .when_to_ignore =
        "The child table stays small, or the parent's rows are never deleted and no query joins from the "
        "parent.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
