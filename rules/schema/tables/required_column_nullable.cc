#include "base/text/identifier.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::required_column_nullable {
namespace {

constexpr Option least_rows =
    size_option("least_rows", 10000, "rows of the table below which the absence of NULLs is no evidence");

Fix fix_of(const Table& table, const Column& column) {
  const std::string check =
      cut_identifier(table.name.name + "_" + column.name, longest_identifier - 9) + "_not_null";
  return {.title =
              "Set NOT NULL after validating a CHECK constraint, which avoids a long lock (PostgreSQL 12 and "
              "later); run each statement in a transaction of its own",
          .sql = ddl::set_not_null_by_check(table.name, column.name, check),
          .down_sql = ddl::alter_column(table.name, column.name) + " DROP NOT NULL;"};
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(least_rows)) continue;
    for (const auto& column : table->columns) {
      if (column.not_null || column.generated_expression || !column.statistics ||
          column.statistics->null_fraction > 0)
        continue;
      Finding& finding =
          reporter.add(column_subject(table->name, column.name), column.origin,
                       display(table->name) + "." + column.name + " may be NULL, but is NULL in none of " +
                           grouped(table->statistics->rows) + " rows.");
      finding.evidence.push_back(catalog_fact("pg_stats.null_frac is 0, from a sample"));
      finding.fix = fix_of(*table, column);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "required-column-nullable",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::statistics,
    .summary = "a column that is never NULL but not declared NOT NULL",
    .why =
        "A column without NULLs is required in practice. NOT NULL enforces that, documents it, and lets the "
        "planner optimize NOT IN and outer joins. The statistics come from a sample, and a column that is "
        "filled today may be optional by design. Therefore this rule is off by default.",
    .fix = "SET NOT NULL. On a large table, validate a CHECK constraint first.",
    .when_to_ignore = "The column is optional, and all rows happen to have a value.",
    .options = {&least_rows},
    .check = check,
    .on_by_default = false,
    .guesses = true};

}  // namespace pgadvise::rules::required_column_nullable
