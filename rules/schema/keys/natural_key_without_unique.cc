#include "lint/schema/index_sql.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::natural_key_without_unique {
namespace {

constexpr Option least_rows =
    size_option("least_rows", 1000, "rows of the table below which distinct values are no evidence");

bool named_like_key(const Column& column) {
  static constexpr std::string_view names[] = {"email",  "username",  "slug",     "sku",     "isbn", "ean",
                                               "handle", "subdomain", "hostname", "barcode", "iban", "vin"};
  return ends_with_word(column.name, names);
}

// Whether ANALYZE found no value twice. n_distinct is then exactly -1, or less by the share of NULLs. A share
// near it is an estimate, and above 30,000 rows, of which ANALYZE reads some, says nothing about uniqueness.
bool no_value_twice(const Column& column) {
  constexpr double rounding = 1e-5;
  return column.statistics && column.statistics->n_distinct < 0 &&
         column.statistics->n_distinct <= -(1 - column.statistics->null_fraction) + rounding;
}

Fix fix_of(const Context& context, const Table& table, const Column& column) {
  if (table.kind == Table::Kind::partitioned)
    return manual_fix(
        "A unique index on a partitioned table must include the partition key: keep the values in a separate "
        "table");
  return create_index(table, new_unique_index(context.catalog(), table, {column.name}),
                      "Create a unique index; this fails while there are duplicate values");
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    const double rows = table->statistics ? table->statistics->rows : 0;
    if (rows < context.option(least_rows)) continue;
    for (const auto& column : table->columns) {
      if (!named_like_key(column) || !no_value_twice(column) || in_unique_index(*table, column.name))
        continue;
      Finding& finding = reporter.add(column_subject(table->name, column.name), column.origin,
                                      display(table->name) + "." + column.name +
                                          " has no duplicates in the rows that ANALYZE read (of " +
                                          grouped(rows) + "), but no unique index prevents them.");
      finding.fix = fix_of(context, *table, column);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "natural-key-without-unique",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::statistics,
    .summary = "a column such as an email address that is unique only by chance",
    .why =
        "Two concurrent sign-ups both pass the application's look-up, and then two accounts have the same "
        "address. Only a unique index prevents that. Whether a slug or an address must be unique depends on "
        "the project, so this rule is off by default.\n\n"
        "The rule reports columns named email, username, slug, sku and similar that no unique index "
        "includes, if ANALYZE found no value twice (n_distinct = -1). Of a table of more than 30,000 rows, "
        "ANALYZE reads only some.",
    .fix = "CREATE UNIQUE INDEX CONCURRENTLY. For an address, index lower(email).",
    .when_to_ignore = "The value is unique only within another column, or need not be unique.",
    .options = {&least_rows},
    .check = check,
    .on_by_default = false,
    .guesses = true};

}  // namespace pgadvise::rules::natural_key_without_unique
