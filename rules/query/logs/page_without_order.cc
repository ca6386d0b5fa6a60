#include <algorithm>
#include <cstdlib>
#include <string>

#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::page_without_order {
namespace {

// Whether the query continues after a key: `id > $1 … LIMIT 100`.
const Predicate* continues_after(const Context& context, const QueryFacts& facts,
                                 const QualifiedName& table) {
  const Table* known = context.table(table);
  const Constraint* key = known ? primary_key(*known) : nullptr;
  if (!key || key->columns.size() != 1) return nullptr;
  for (const auto& predicate : facts.predicates)
    if (predicate.column == ColumnUse{table, key->columns[0]} && predicate.wrapper.empty() &&
        predicate.op == Predicate::Op::range && !predicate.under_or &&
        (predicate.op_name == ">" || predicate.op_name == "<") &&
        predicate.value == Predicate::Value::parameter)
      return &predicate;
  return nullptr;
}

// Whether a logged call has a LIMIT of several rows: the normalized text does not show it.
bool several_rows(const Query& query) {
  return std::ranges::any_of(query.samples, [&](const Sample& sample) {
    const std::string text = lower(sample.statement);
    const auto at = text.rfind("limit ");
    if (at == std::string::npos) return false;
    std::string value(trim(std::string_view(text).substr(at + 6)));
    if (value.starts_with("$")) {
      const std::size_t number = std::strtoul(value.c_str() + 1, nullptr, 10);
      if (!sample.parameters || number < 1 || number > sample.parameters->size()) return false;
      value = (*sample.parameters)[number - 1].value_or("");
    }
    return std::strtod(value.c_str(), nullptr) > 1;
  });
}

// The rows of a subquery may already be in order; one row needs none.
bool order_matters(const Context& context, const Query& query, const QualifiedName& table) {
  const QueryFacts& facts = query.facts;
  return facts.kind == StatementKind::select && facts.sort.empty() && !facts.catalog_query &&
         !facts.one_row && !facts.from_derived && !facts.locks_rows && !facts.from.empty() &&
         of_application(query) && !of_benchmark(query) && !asks_for_one_row(context, facts, table);
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    const QualifiedName table = main_table(query);
    if (!order_matters(context, query, table)) continue;
    const Predicate* after =
        facts.has_limit && several_rows(query) ? continues_after(context, facts, table) : nullptr;
    if (!facts.has_offset && !after) continue;
    Finding& finding = report(
        reporter, query, table,
        after ? "The query" + on_table(table) + " takes the rows after a value of " + after->column.column +
                    " without ORDER BY: the plan decides which rows the page has, and rows are skipped."
              : "The query" + on_table(table) +
                    " takes a page with OFFSET without ORDER BY: pages may repeat and skip rows.");
    finding.fix =
        manual_fix(after ? "Add ORDER BY " + after->column.column + (after->op_name == "<" ? " DESC" : "")
                         : "Add ORDER BY with a unique column at its end, such as the primary key");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "page-without-order",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::workload,
    .summary = "a page of a result without ORDER BY",
    .why =
        "Without ORDER BY, a query returns rows in the order in which the plan finds them. An UPDATE, a "
        "vacuum, another plan or a synchronized sequential scan changes that order between two pages, so "
        "that some rows appear twice and others never.\n\n"
        "The rule reports queries with OFFSET, and queries that continue after a key (`id > $1 LIMIT 100`), "
        "that have no ORDER BY. A LIMIT alone is not reported, because any rows may do; nor are queries that "
        "lock rows, or that read from a subquery.",
    .fix = "Add ORDER BY, ending with a unique column, and an index on the same columns.",
    .when_to_ignore = "Any rows will do, and none of them matters twice.",
    .check = check};

}  // namespace pgadvise::rules::page_without_order
