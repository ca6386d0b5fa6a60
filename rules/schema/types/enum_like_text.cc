#include <algorithm>

#include "base/text/identifier.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::enum_like_text {
namespace {

constexpr Option max_values{"most_values", 12,
                            "distinct values up to which a column counts as a list of choices"};
constexpr Option least_rows =
    size_option("least_rows", 10000, "rows of the table below which few distinct values are no evidence");

bool named_like_choice(const Column& column) {
  static constexpr std::string_view choices[] = {
      "status", "state", "type", "kind",       "role",   "level",    "priority", "severity", "mode",
      "stage",  "phase", "tier", "visibility", "method", "category", "interval", "frequency"};
  return ends_with_word(column.name, choices);
}

bool constrained(const Table& table, const Column& column) {
  return std::ranges::any_of(table.constraints, [&](const Constraint& constraint) {
    return contains(constraint.columns, column.name) ||
           contains(tokens_of(constraint.expression), column.name);
  });
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (!table->statistics || table->statistics->rows < context.option(least_rows)) continue;
    for (const auto& column : table->columns) {
      const bool text = column.type == "text" || column.type.compare(0, 17, "character varying") == 0;
      const double values = distinct_values(*table, column);
      if (!text || column.generated_expression || values < 2 || values > context.option(max_values) ||
          !named_like_choice(column) || constrained(*table, column))
        continue;
      Finding& finding = reporter.add(column_subject(table->name, column.name), column.origin,
                                      display(table->name) + "." + column.name + " holds " + grouped(values) +
                                          " distinct values in " + grouped(table->statistics->rows) +
                                          " rows, but no constraint restricts the values.");
      const Constraint values_check{
          .kind = Constraint::Kind::check,
          .name = cut_identifier(table->name.name + "_" + column.name, longest_identifier - 6) + "_check",
          .expression = quote_identifier(column.name) + " IN (…)"};
      finding.fix = manual_fix("Add a CHECK constraint with the allowed values, NOT VALID first: " +
                               ddl::add_constraint(table->name, values_check) + " NOT VALID");
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "enum-like-text",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::statistics,
    .summary = "a text column with a few distinct values and no constraint",
    .why =
        "A status column without a constraint accepts a typing error as well as a new state. Every reader "
        "has to guess which values exist. A CHECK constraint (or an enum) defines the list for all "
        "writers.\n\n"
        "The rule reports columns whose name suggests a choice, with few distinct values in many rows, and "
        "without a check, key or foreign key.",
    .fix =
        "Add `CHECK (status IN (…)) NOT VALID`, then VALIDATE. Or use an enum, if values are rarely removed.",
    .when_to_ignore = "The values come from another system that adds new ones.",
    .options = {&max_values, &least_rows},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::enum_like_text
