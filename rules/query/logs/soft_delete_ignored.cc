#include <algorithm>
#include <vector>

#include "base/text/text.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::soft_delete_ignored {
namespace {

constexpr Option least_statements{"statements", 4,
                                  "statements on the table with the filter, below which it is not reported"};
constexpr Option min_share{"share", 0.75, "share of the table's statements that must have the filter"};

// deleted_at, is_deleted: marks rows that count as deleted. nullptr: the table has none.
const Column* deletion_mark(const Table& table) {
  static constexpr std::string_view times[] = {"deleted at", "deleted on"};
  static constexpr std::string_view flags[] = {"is deleted", "deleted"};
  for (const auto& column : table.columns) {
    const std::string name = join(words_of(column.name), " ");
    if (is_one_of(name, times) && (column.type.starts_with("timestamp") || column.type == "date"))
      return &column;
    if (is_one_of(name, flags) && column.type == "boolean") return &column;
  }
  return nullptr;
}

bool mentions(const QueryFacts& facts, const ColumnUse& mark) {
  return std::ranges::any_of(facts.predicates,
                             [&](const Predicate& predicate) {
                               return predicate.column == mark || predicate.other == mark ||
                                      contains(predicate.expression, mark.column);
                             }) ||
         std::ranges::any_of(facts.updated,
                             [&](const Assignment& assignment) { return assignment.column == mark; });
}

// Whether the statement leaves out the deleted rows: `deleted_at IS NULL`, `NOT is_deleted`.
bool leaves_out(const QueryFacts& facts, const ColumnUse& mark) {
  return std::ranges::any_of(facts.predicates, [&](const Predicate& predicate) {
    return predicate.column == mark && predicate.wrapper.empty() &&
           (predicate.op == Predicate::Op::is_null || predicate.op == Predicate::Op::equality);
  });
}

// Statements of the application that read or change rows of the table, and whose only table it is: of a
// joined table, a deleted row may be wanted.
bool counts(const Query& query, const QualifiedName& table) {
  const QueryFacts& facts = query.facts;
  if (!filters_rows(facts) || facts.from_derived || !of_application(query)) return false;
  return std::ranges::all_of(facts.relations,
                             [&](const RelationUse& use) { return use.table == table && !use.through_view; });
}

struct Statements {
  std::vector<const Query*> with;
  std::vector<const Query*> without;
  std::vector<const Query*> deletes;
  const Query* marks = nullptr;  // an UPDATE that sets the mark
};

Statements statements_on(const Context& context, const Table& table, const Column& mark) {
  const ColumnUse use{table.name, mark.name};
  Statements out;
  for (const Query* query : context.queries_on(table.name)) {
    if (!counts(*query, table.name)) continue;
    const QueryFacts& facts = query->facts;
    const bool sets = std::ranges::any_of(
        facts.updated, [&](const Assignment& assignment) { return assignment.column == use; });
    if (facts.kind == StatementKind::update && sets && !out.marks) out.marks = query;
    if (leaves_out(facts, use)) {
      out.with.push_back(query);
    } else if (mentions(facts, use)) {
      continue;
    } else if (facts.kind == StatementKind::delete_) {
      out.deletes.push_back(query);
    } else if (facts.kind == StatementKind::select && !facts.locks_rows &&
               !asks_for_one_row(context, facts, table.name)) {
      out.without.push_back(query);
    }
  }
  return out;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    const Column* mark = deletion_mark(*table);
    if (!mark) continue;
    const Statements found = statements_on(context, *table, *mark);
    const auto with = static_cast<double>(found.with.size());
    const auto without = static_cast<double>(found.without.size());
    if (with < context.option(least_statements)) continue;
    const bool usual = with >= (with + without) * context.option(min_share);
    for (const Query* query : found.without) {
      if (!usual) break;
      Finding& finding =
          report(reporter, *query, table->name,
                 "The query on " + display(table->name) +
                     " also returns deleted rows: it has no condition on " + mark->name + ", and " +
                     grouped(with) + " of " + grouped(with + without) + " statements on the table have one.");
      finding.evidence.push_back(query_fact(*found.with.front(), "another statement leaves them out: "));
      finding.fix = manual_fix("Add the condition on " + mark->name +
                               ", or read from a view that has it, or use a row-level security policy");
    }
    if (!found.marks) continue;
    for (const Query* query : found.deletes) {
      Finding& finding =
          report(reporter, *query, table->name,
                 "A statement deletes rows of " + display(table->name) + ", where others only set " +
                     mark->name + ": what it deletes cannot be restored.");
      finding.evidence.push_back(query_fact(*found.marks, "another statement only marks them: "));
      finding.fix =
          manual_fix("Set " + mark->name + " instead, or delete only rows that were marked some time ago");
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "soft-delete-ignored",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = all(Input::workload, Input::schema),
    .summary = "a statement that ignores the mark of deleted rows",
    .why =
        "Where rows are not deleted but marked (`deleted_at`, `is_deleted`), each query has to leave the "
        "marked rows out. One that forgets it shows what users deleted. A DELETE on the same table removes "
        "rows that the application promises to keep.\n\n"
        "The rule compares the logged statements on a table. It reports queries without a condition on the "
        "mark if most statements have one, and DELETE statements if others set the mark. Not reported: "
        "queries for one row by a unique key, joins, statements that mention the mark in any way, and DELETE "
        "of marked rows.",
    .fix =
        "Add `deleted_at IS NULL`. A view or a row-level security policy adds it to all statements. A "
        "partial index `WHERE deleted_at IS NULL` serves them.",
    .when_to_ignore =
        "The statement is meant to see deleted rows (an administration page, statistics), or to remove data "
        "for good (a request for erasure).",
    .options = {&least_statements, &min_share},
    .check = check};

}  // namespace pgadvise::rules::soft_delete_ignored
