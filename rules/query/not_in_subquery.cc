#include "lint/loops.h"
#include "lint/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    if (query.facts.catalog_query) continue;
    for (const auto& [column, nulls_left_out] : query.facts.not_in) {
      if (nulls_left_out || column.column.empty()) continue;
      const Table* table = context.has_catalog() ? context.catalog().table(column.table) : nullptr;
      const Column* known = table ? table->column(column.column) : nullptr;
      if (known && known->not_null) continue;
      const bool view =
          table && table->kind != Table::Kind::ordinary && table->kind != Table::Kind::partitioned;
      const bool sure = known && !view;
      const std::string name = sure ? display(column.table) + "." + column.column : column.column;
      Finding& finding =
          lint::report(reporter, query, sure ? column.table : lint::main_table(query),
                       "NOT IN compares with " + name + ", which " + (sure ? "may be" : "could be") +
                           " NULL: with one such row the condition holds for nothing, and the query silently "
                           "finds no rows.",
                       sure ? std::nullopt : std::optional(Severity::note));
      if (sure)
        finding.evidence.push_back({Evidence::Kind::catalog,
                                    name + " is nullable",
                                    known->origin.file.empty() ? std::nullopt : std::optional(known->origin),
                                    {}});
      finding.fix = Fix{.title = "NOT EXISTS (SELECT 1 FROM … WHERE " + column.column + " = …) in its place",
                        .safety = Fix::Safety::manual};
      break;
    }
  }
}

constinit const Rule not_in_subquery{
    .id = "not-in-subquery",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "NOT IN with a subquery that can give NULL",
    .why =
        "`x NOT IN (SELECT c …)` is never true once one c is NULL: the statement then returns nothing, "
        "without an error. It can't become an "
        "anti-join either: the server keeps the subquery's rows in memory, or, when they don't fit into "
        "work_mem, goes through them for each "
        "row.\n\n"
        "A warning where the catalog says that the column may be NULL and nothing in the subquery leaves "
        "NULLs out; a note where the column is "
        "not known.",
    .fix =
        "`NOT EXISTS (SELECT 1 FROM … WHERE c = x)`: it means what was meant, and is planned as an "
        "anti-join.",
    .when_to_ignore =
        "The column never is NULL and the subquery gives few rows; `NOT NULL` on the column says so to "
        "everybody.",
    .check = check};

}  // namespace pgadvise::rules
