#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::not_in_subquery {

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    if (query.facts.catalog_query) continue;
    for (const auto& [column, nulls_left_out] : query.facts.not_in) {
      if (nulls_left_out || column.column.empty()) continue;
      const Table* table = context.table(column.table);
      const Column* known = table ? table->column(column.column) : nullptr;
      if (known && known->not_null) continue;
      const bool view = table && !stores_rows(*table);
      const bool sure = known && !view;
      const std::string name = sure ? display(column.table) + "." + column.column : column.column;
      Finding& finding = report(reporter, query, sure ? column.table : main_table(query),
                                "NOT IN compares with " + name + ", which " + (sure ? "may be" : "could be") +
                                    " NULL: with one NULL among the rows the condition is never true, and "
                                    "the query returns no rows without an error.",
                                sure ? std::nullopt : std::optional(Severity::note));
      if (sure)
        finding.evidence.push_back(catalog_fact(
            name + " is nullable", known->origin.file.empty() ? std::nullopt : std::optional(known->origin)));
      finding.fix = manual_fix("Use NOT EXISTS (SELECT 1 FROM … WHERE " + column.column + " = …) instead");
      break;
    }
  }
}

constinit const Rule rule{
    .id = "not-in-subquery",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::workload,
    .summary = "NOT IN with a subquery that may return NULL",
    .why =
        "`x NOT IN (SELECT c …)` is never true once one c is NULL: the statement returns nothing, without an "
        "error. The planner cannot use an anti-join either. The server keeps the rows of the subquery in "
        "memory or, if they do not fit into work_mem, scans them for each row.\n\n"
        "The finding is a warning if the catalog says that the column may be NULL and the subquery does not "
        "exclude NULLs. It is a note if the column is not known.",
    .fix =
        "Use `NOT EXISTS (SELECT 1 FROM … WHERE c = x)`: NULLs do not affect it, and the planner uses an "
        "anti-join.",
    .when_to_ignore =
        "The column is never NULL and the subquery returns few rows. `NOT NULL` on the column documents "
        "this.",
    .check = check};

}  // namespace pgadvise::rules::not_in_subquery
