#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/identifier.h"
#include "lint/tables.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option warn_percent{.name = "warn_percent",
                              .fallback = 50,
                              .meaning = "percent of the values used from which it is a warning"};
constexpr Option error_percent{.name = "error_percent",
                               .fallback = 80,
                               .meaning = "percent of the values used from which it is an error"};
constexpr const Option* options[] = {&warn_percent, &error_percent};

// The largest value that both the column and its sequence allow. Returns 0 if the sequence cycles or
// descends, or the column has another type.
double ceiling(const Column& column, const Sequence& sequence) {
  if (sequence.cycles || sequence.increment < 0) return 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (column.type == "smallint") most = std::numeric_limits<std::int16_t>::max();
  else if (column.type == "integer") most = std::numeric_limits<std::int32_t>::max();
  else if (column.type != "bigint") return 0;
  if (sequence.maximum) most = std::min(most, *sequence.maximum);
  return static_cast<double>(most);
}

Fix fix_of(const Table& table, const Column& column) {
  const std::string alter = ddl::alter_column(table.name, column.name);
  Fix fix;
  fix.title =
      "Change the column and the columns that reference it to bigint: this rewrites the table under an "
      "ACCESS EXCLUSIVE lock; to avoid downtime, add a bigint column, fill it in batches, and swap the "
      "columns";
  if (column.type != "bigint") {
    fix.sql = alter + " TYPE bigint;";
    fix.down_sql = alter + " TYPE " + column.type + ";";
  }
  fix.safety = Fix::Safety::manual;
  return fix;
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, sequence] : context.catalog().sequences) {
    const Table* table = sequence.owner_table ? context.catalog().table(*sequence.owner_table) : nullptr;
    const Column* column = table ? table->column(sequence.owner_column) : nullptr;
    if (!column || !sequence.last_value) continue;
    const double most = ceiling(*column, sequence);
    const double used = most > 0 ? 100 * static_cast<double>(*sequence.last_value) / most : 0;
    if (used < context.option(warn_percent)) continue;
    Finding& finding = reporter.add(
        {.kind = "column",
         .schema = table->name.schema,
         .table = table->name.name,
         .columns = {column->name}},
        display(table->name) + "." + column->name + " has used " + std::to_string(static_cast<int>(used)) +
            " % of its values: after " + grouped(most) + " every INSERT fails.",
        used >= context.option(error_percent) ? Severity::error : Severity::warning);
    finding.location = column->origin;
    finding.evidence.push_back(catalog_fact("the sequence " + display(name) + " is at " +
                                            grouped(static_cast<double>(*sequence.last_value)) +
                                            ", the column is " + column->type));
    for (const auto& reference : context.references_to(table->name))
      if (!reference.key->inherited && contains(reference.key->referenced_columns, column->name))
        finding.evidence.push_back(
            catalog_fact("referenced by " + display(reference.child->name) + " (" + reference.key->name + ")",
                         reference.key->origin));
    finding.fix = fix_of(*table, *column);
  }
}

}  // namespace

constinit const Rule primary_key_running_out{
    .id = "primary-key-running-out",
    .severity = Severity::error,
    .needs = Input::statistics,
    .summary = "a sequence that will run out of values",
    .why =
        "An integer column ends at 2,147,483,647, a smallint column at 32,767. After the last value, every "
        "INSERT fails. Changing the type of a large table takes hours, and the columns that reference it "
        "must change too: start early. Failed inserts and ON CONFLICT also consume values, so the table may "
        "have far fewer rows than the value of the sequence.",
    .fix = "Use bigint for the column, its sequence, and the columns that reference it.",
    .when_to_ignore = "No more rows are inserted into the table.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
