#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "lint/queries.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

// updated_at, lastModified, date_updated
bool keeps_last_change(const Column& column) {
  static constexpr std::array<std::string_view, 4> change = {"updated", "modified", "changed", "update"};
  static constexpr std::array<std::string_view, 14> beside = {
      "updated", "modified", "changed",   "update", "last", "at",  "on",
      "time",    "date",     "timestamp", "utc",    "ts",   "row", "record"};
  if (column.generated_expression || !(starts_with_nocase(column.type, "timestamp") || column.type == "date"))
    return false;
  const auto words = lint::words_of(column.name);
  return lint::any_of(words, change) && std::all_of(words.begin(), words.end(), [](const std::string& word) {
           return lint::one_of(word, beside);
         });
}

// Counters, leases and times of use are written without the row counting as changed.
bool changes_content(const Table& table, const Assignment& assignment) {
  static constexpr std::array<std::string_view, 31> tracking = {
      "count",  "counter", "attempt", "attempts",  "retry",   "retries", "lock",     "locked",
      "lease",  "leased",  "claimed", "heartbeat", "seen",    "used",    "accessed", "visited",
      "viewed", "views",   "hits",    "cursor",    "version", "token",   "expires",  "expiry",
      "synced", "login",   "logged",  "last",      "sync",    "active",  "score"};
  const Column* column = table.column(assignment.column.column);
  if (!column || assignment.from_itself || starts_with_nocase(column->type, "timestamp") ||
      column->type == "date" || column->type == "tsvector")
    return false;
  return !lint::any_of(lint::words_of(column->name), tracking);
}

// A time of the row that the statement itself makes (deleted_at = now()): it tells of this change in its own
// way.
bool notes_own_time(const QueryFacts& facts, const Table& table) {
  return std::any_of(facts.updated.begin(), facts.updated.end(), [&](const Assignment& assignment) {
    const Column* column =
        assignment.column.table == table.name ? table.column(assignment.column.column) : nullptr;
    if (!column || !starts_with_nocase(column->type, "timestamp")) return false;
    return std::none_of(facts.assigned_parameters.begin(), facts.assigned_parameters.end(),
                        [&](const auto& assigned) { return assigned.first == assignment.column; });
  });
}

// Rows of its choosing, by a value that it was given: not the work of a scheduler over all of them.
bool picks_rows(const QueryFacts& facts, const Table& table) {
  return facts.kind == StatementKind::insert ||
         std::any_of(facts.predicates.begin(), facts.predicates.end(), [&](const Predicate& predicate) {
           return predicate.column.table == table.name && predicate.value != Predicate::Value::column &&
                  !predicate.under_or &&
                  (predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list);
         });
}

// ON CONFLICT DO UPDATE SET key = EXCLUDED.key: for the sake of RETURNING.
bool sets_key_alone(const QueryFacts& facts, const Table& table) {
  if (facts.kind != StatementKind::insert || facts.updated.size() != 1) return false;
  return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint& key) {
    return lint::contains(key.columns, facts.updated.front().column.column);
  });
}

bool named_for_it(const std::string& function) {
  const auto words = lint::words_of(function.substr(function.find('.') + 1));
  static constexpr std::array<std::string_view, 6> of_time = {"updated",     "modified", "timestamp",
                                                              "moddatetime", "changed",  "modtime"};
  return lint::any_of(words, of_time);
}

// Triggers made in a loop of a DO block are not seen: a function that is there for them, and no trigger at
// all, says so.
bool triggers_unseen(const Catalog& catalog) {
  if (catalog.server_version > 0) return false;
  const bool any = std::any_of(catalog.tables.begin(), catalog.tables.end(),
                               [](const auto& item) { return !item.second.update_triggers.empty(); });
  return !any && (lint::contains(catalog.extensions, "moddatetime") ||
                  std::any_of(catalog.user_functions.begin(), catalog.user_functions.end(), named_for_it));
}

// Another statement of the log that sets the column.
const Query* setter(const Context& context, const ColumnUse& column) {
  for (const Query* query : context.queries_on(column.table))
    for (const auto& assignment : query->facts.updated)
      if (assignment.column == column) return query;
  return nullptr;
}

// What the statement changes of the table beside the column; empty when that is as it should be.
std::vector<std::string> changed_without(const Query& query, const Table& table) {
  std::vector<std::string> changed;
  for (const auto& assignment : query.facts.updated) {
    if (assignment.column.table != table.name) continue;
    const Column* column = table.column(assignment.column.column);
    if (column && keeps_last_change(*column)) return {};
    if (changes_content(table, assignment)) changed.push_back(assignment.column.column);
  }
  const bool judged = !query.facts.locks_rows && picks_rows(query.facts, table) &&
                      !sets_key_alone(query.facts, table) && !notes_own_time(query.facts, table);
  return judged ? changed : std::vector<std::string>{};
}

struct Stale {
  const Query* query = nullptr;
  std::vector<std::string> changed;
};

void explain(const Table& table, const Column& column, Finding& finding) {
  finding.evidence.push_back(
      lint::catalog_fact("no trigger of " + display(table.name) + " fires before an update",
                         column.origin.file.empty() ? std::nullopt : std::optional(column.origin)));
  finding.fix = Fix{
      .title = "Set " + column.name +
               " = now() in the statement, or once for all by a BEFORE UPDATE trigger (Drizzle: $onUpdate)",
      .safety = Fix::Safety::manual};
}

void report_statement(Reporter& reporter, const Table& table, const Column& column, const Stale& stale,
                      const Query& other) {
  const std::vector<std::string> named(
      stale.changed.begin(), stale.changed.begin() + std::min<std::ptrdiff_t>(3, std::ssize(stale.changed)));
  const std::string more =
      stale.changed.size() > 3 ? " and " + std::to_string(stale.changed.size() - 3) + " more" : "";
  Finding& finding =
      lint::report(reporter, *stale.query, table.name,
                   "A statement changes " + join(named, ", ") + more + " of " + display(table.name) +
                       " and leaves " + column.name +
                       " as it was: whoever goes by it (caches, syncs, people) takes the row for unchanged.");
  finding.evidence.push_back(
      {Evidence::Kind::statement,
       "another statement sets it: " + ellipsis(other.text, lint::shown_statement),
       other.samples.empty() ? std::nullopt : std::optional<SourceLocation>(other.samples.front().place),
       {}});
  explain(table, column, finding);
}

// Nobody sets it: that is one fact about the table, not one about each statement.
void report_table(Reporter& reporter, const Table& table, const Column& column,
                  const std::vector<Stale>& statements) {
  Finding& finding = reporter.add(
      {.kind = "column", .schema = table.name.schema, .table = table.name.name, .columns = {column.name}},
      "No logged statement sets " + column.name + " of " + display(table.name) + ", and " +
          (statements.size() == 1 ? "one changes" : std::to_string(statements.size()) + " change") +
          " its rows: nothing tells when they last changed.");
  if (!column.origin.file.empty()) finding.location = column.origin;
  for (std::size_t i = 0; i < statements.size() && i < 3; ++i) {
    const Query& query = *statements[i].query;
    finding.evidence.push_back(
        {Evidence::Kind::statement,
         lint::ran(query) + ": " + ellipsis(query.text, lint::shown_statement),
         query.samples.empty() ? std::nullopt : std::optional<SourceLocation>(query.samples.front().place),
         {}});
  }
  explain(table, column, finding);
}

void check(const Context& context, Reporter& reporter) {
  if (triggers_unseen(context.catalog())) return;
  std::map<const Table*, std::vector<Stale>> found;
  for (const auto& query : context.workload().queries) {
    if (query.facts.updated.empty() || lint::by_tool_alone(query)) continue;
    const Table* table = context.catalog().table(query.facts.updated.front().column.table);
    if (!table || !table->update_triggers.empty() ||
        std::none_of(table->columns.begin(), table->columns.end(), keeps_last_change))
      continue;
    if (auto changed = changed_without(query, *table); !changed.empty())
      found[table].push_back({&query, std::move(changed)});
  }
  for (const auto& [table, statements] : found) {
    const Column& column = *std::find_if(table->columns.begin(), table->columns.end(), keeps_last_change);
    if (const Query* other = setter(context, {table->name, column.name}))
      for (const Stale& stale : statements) report_statement(reporter, *table, column, stale, *other);
    else report_table(reporter, *table, column, statements);
  }
}

}  // namespace

constinit const Rule stale_updated_at{
    .id = "stale-updated-at",
    .severity = Severity::note,
    .needs = all(Input::workload, Input::schema),
    .summary = "an UPDATE that leaves updated_at as it was",
    .why =
        "PostgreSQL sets no column by itself: a default counts for INSERT alone. A statement that changes a "
        "row and does not set its updated_at leaves "
        "a time that is wrong, and every cache, sync and audit that goes by it misses the change.\n\n"
        "Not told: tables with a BEFORE UPDATE trigger; statements that only count, claim or note a time of "
        "their own (`deleted_at`, `last_seen`); rewrites of "
        "rows that no value picks. Where no statement sets the column, that is one finding on the column.",
    .fix =
        "Set it in the statement (`updated_at = now()`), in the ORM (Drizzle's `$onUpdate`, Prisma's "
        "`@updatedAt`), or by a BEFORE UPDATE trigger "
        "(`moddatetime`), which no statement can forget.",
    .when_to_ignore = "The column says when the content changed, and this statement changes none of it.",
    .check = check};

}  // namespace pgadvise::rules
