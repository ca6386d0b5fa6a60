#include <algorithm>
#include <array>
#include <map>

#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::stale_updated_at {
namespace {

// Whether the name means the time of the last change: updated_at, lastModified, date_updated.
bool records_last_change(const Column& column) {
  static constexpr std::array<std::string_view, 4> change = {"updated", "modified", "changed", "update"};
  static constexpr std::array<std::string_view, 14> beside = {
      "updated", "modified", "changed",   "update", "last", "at",  "on",
      "time",    "date",     "timestamp", "utc",    "ts",   "row", "record"};
  if (column.generated_expression || !(starts_with_nocase(column.type, "timestamp") || column.type == "date"))
    return false;
  const auto words = words_of(column.name);
  return any_of(words, change) &&
         std::ranges::all_of(words, [](const std::string& word) { return is_one_of(word, beside); });
}

// Whether the assignment changes the content of the row. Counters, leases and times of use do not count.
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
  return !any_of(words_of(column->name), tracking);
}

// Whether the statement sets a time of its own, such as deleted_at = now(), which records the change.
bool sets_own_time(const QueryFacts& facts, const Table& table) {
  return std::ranges::any_of(facts.updated, [&](const Assignment& assignment) {
    const Column* column =
        assignment.column.table == table.name ? table.column(assignment.column.column) : nullptr;
    if (!column || !starts_with_nocase(column->type, "timestamp")) return false;
    return std::ranges::none_of(facts.assigned_parameters,
                                [&](const auto& assigned) { return assigned.first == assignment.column; });
  });
}

// Whether the statement selects rows by a given value, unlike a scheduled job over all rows.
bool picks_rows(const QueryFacts& facts, const Table& table) {
  return facts.kind == StatementKind::insert ||
         std::ranges::any_of(facts.predicates, [&](const Predicate& predicate) {
           return predicate.column.table == table.name && predicate.value != Predicate::Value::column &&
                  !predicate.under_or &&
                  (predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list);
         });
}

// Whether ON CONFLICT DO UPDATE only sets the key (key = EXCLUDED.key), which makes RETURNING return the row.
bool sets_key_alone(const QueryFacts& facts, const Table& table) {
  if (facts.kind != StatementKind::insert || facts.updated.size() != 1) return false;
  return std::ranges::any_of(table.constraints, [&](const Constraint& key) {
    return contains(key.columns, facts.updated.front().column.column);
  });
}

bool named_for_timestamps(const std::string& function) {
  const auto words = words_of(function.substr(function.find('.') + 1));
  static constexpr std::array<std::string_view, 6> of_time = {"updated",     "modified", "timestamp",
                                                              "moddatetime", "changed",  "modtime"};
  return any_of(words, of_time);
}

// Whether the schema probably has triggers that pgadvise cannot see, because a DO block creates them in a
// loop: a trigger function exists, but no trigger.
bool triggers_unseen(const Catalog& catalog) {
  if (catalog.server_version > 0) return false;
  const bool any = std::ranges::any_of(catalog.tables,
                                       [](const auto& item) { return !item.second.update_triggers.empty(); });
  return !any && (contains(catalog.extensions, "moddatetime") ||
                  std::ranges::any_of(catalog.user_functions, named_for_timestamps));
}

// Another statement of the log that sets the column.
const Query* setter(const Context& context, const ColumnUse& column) {
  for (const Query* query : context.queries_on(column.table))
    for (const auto& assignment : query->facts.updated)
      if (assignment.column == column) return query;
  return nullptr;
}

// The content columns that the statement changes without setting the time of the last change; empty if
// nothing is wrong.
std::vector<std::string> changed_without(const Query& query, const Table& table) {
  std::vector<std::string> changed;
  for (const auto& assignment : query.facts.updated) {
    if (assignment.column.table != table.name) continue;
    const Column* column = table.column(assignment.column.column);
    if (column && records_last_change(*column)) return {};
    if (changes_content(table, assignment)) changed.push_back(assignment.column.column);
  }
  const bool relevant = !query.facts.locks_rows && picks_rows(query.facts, table) &&
                        !sets_key_alone(query.facts, table) && !sets_own_time(query.facts, table);
  return relevant ? changed : std::vector<std::string>{};
}

struct Stale {
  const Query* query = nullptr;
  std::vector<std::string> changed;
};

void explain(const Table& table, const Column& column, Finding& finding) {
  finding.evidence.push_back(
      catalog_fact("no trigger of " + display(table.name) + " fires before an UPDATE",
                   column.origin.file.empty() ? std::nullopt : std::optional(column.origin)));
  finding.fix = manual_fix(
      "Set " + column.name +
      " = now() in the statement, or use a BEFORE UPDATE trigger for all statements (Drizzle: $onUpdate)");
}

void report_statement(Reporter& reporter, const Table& table, const Column& column, const Stale& stale,
                      const Query& other) {
  Finding& finding =
      report(reporter, *stale.query, table.name,
             "A statement changes " + join_first(stale.changed, 3) + " of " + display(table.name) +
                 " without setting " + column.name + ": caches, synchronization and users that rely on " +
                 column.name + " miss the change.");
  finding.evidence.push_back(query_fact(other, "another statement sets the column: "));
  explain(table, column, finding);
}

// No statement sets the column: one finding for the table instead of one for each statement.
void report_table(Reporter& reporter, const Table& table, const Column& column,
                  const std::vector<Stale>& statements) {
  Finding& finding = reporter.add(
      column_subject(table.name, column.name),
      "No logged statement sets " + column.name + " of " + display(table.name) + ", and " +
          (statements.size() == 1 ? "one changes" : std::to_string(statements.size()) + " change") +
          " its rows: the time of their last change is not recorded.");
  if (!column.origin.file.empty()) finding.location = column.origin;
  for (std::size_t i = 0; i < statements.size() && i < 3; ++i) {
    const Query& query = *statements[i].query;
    finding.evidence.push_back(query_fact(query, ran(query) + ": "));
  }
  explain(table, column, finding);
}

void check(const Context& context, Reporter& reporter) {
  if (triggers_unseen(context.catalog())) return;
  std::map<const Table*, std::vector<Stale>> found;
  for (const auto& query : context.workload().queries) {
    if (query.facts.updated.empty() || by_tool_alone(query)) continue;
    const Table* table = context.table(query.facts.updated.front().column.table);
    if (!table || !table->update_triggers.empty() ||
        std::ranges::none_of(table->columns, records_last_change))
      continue;
    if (auto changed = changed_without(query, *table); !changed.empty())
      found[table].push_back({&query, std::move(changed)});
  }
  for (const auto& [table, statements] : found) {
    const Column& column = *std::ranges::find_if(table->columns, records_last_change);
    if (const Query* other = setter(context, {table->name, column.name}))
      for (const Stale& stale : statements) report_statement(reporter, *table, column, stale, *other);
    else report_table(reporter, *table, column, statements);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "stale-updated-at",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = all(Input::workload, Input::schema),
    .summary = "an UPDATE that does not set updated_at",
    .why =
        "PostgreSQL applies a column default only on INSERT. A statement that changes a row without setting "
        "its updated_at leaves a wrong time. Every cache, synchronization and audit that relies on the "
        "column misses the change.\n\n"
        "Not reported: tables with a BEFORE UPDATE trigger; statements that only count, claim or record a "
        "time of their own (`deleted_at`, `last_seen`); statements that select no rows by a value. If no "
        "statement sets the column, there is one finding for the column.",
    .fix =
        "Set the column in the statement (`updated_at = now()`), in the ORM (Drizzle's `$onUpdate`, Prisma's "
        "`@updatedAt`), or with a BEFORE UPDATE trigger (`moddatetime`), which no statement can bypass.",
    .when_to_ignore =
        "The column records when the content changed, and this statement does not change the content.",
    .check = check};

}  // namespace pgadvise::rules::stale_updated_at
