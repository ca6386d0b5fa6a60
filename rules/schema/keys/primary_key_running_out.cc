#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::primary_key_running_out {
namespace {

constexpr Option warn_percent{"warn_percent", 50, "percent of the values used from which it is a warning"};
constexpr Option error_percent{"error_percent", 80, "percent of the values used from which it is an error"};

// The last value that both the column and its sequence allow, in the direction in which the sequence counts.
// Returns 0 if the sequence cycles, or the column has another type.
double limit_of(const Column& column, const Sequence& sequence) {
  if (sequence.cycles) return 0;
  const bool down = sequence.increment < 0;
  const auto within = [&](auto type) {
    using Limits = std::numeric_limits<decltype(type)>;
    return static_cast<std::int64_t>(down ? Limits::min() : Limits::max());
  };
  std::int64_t limit = 0;
  if (column.type == "smallint") limit = within(std::int16_t{});
  else if (column.type == "integer") limit = within(std::int32_t{});
  else if (column.type == "bigint") limit = within(std::int64_t{});
  else return 0;
  if (down && sequence.minimum) limit = std::max(limit, *sequence.minimum);
  if (!down && sequence.maximum) limit = std::min(limit, *sequence.maximum);
  return static_cast<double>(limit);
}

// The column that a sequence numbers: its owner, else the one whose default calls nextval() of it.
struct Numbered {
  const Table* table = nullptr;
  const Column* column = nullptr;
};
using NumberedBy = std::map<std::string, Numbered>;  // by the sequence's name as defaults write it

// The name of the sequence in nextval('schema.name'::regclass), without the schema public; "" of others.
std::string sequence_of(const Column& column) {
  const std::string text = column.default_expression.value_or("");
  const auto call = lower(text).find("nextval('");
  if (call == std::string::npos) return {};
  const auto end = text.find('\'', call + 9);
  if (end == std::string::npos) return {};
  const std::string name = replace_all(text.substr(call + 9, end - call - 9), "\"", "");
  return name.starts_with("public.") ? name.substr(7) : name;
}

NumberedBy numbered_columns(const Context& context) {
  NumberedBy out;
  for (const Table* table : checked_tables(context))
    for (const auto& column : table->columns)
      if (const auto name = sequence_of(column); !name.empty()) out.emplace(name, Numbered{table, &column});
  return out;
}

Numbered numbered(const Context& context, const Sequence& sequence, const NumberedBy& defaults) {
  if (const Table* table = sequence.owner_table ? context.table(*sequence.owner_table) : nullptr)
    return {table, table->column(sequence.owner_column)};
  const auto found = defaults.find(display(sequence.name));
  return found == defaults.end() ? Numbered{} : found->second;
}

Fix fix_of(const Table& table, const Column& column) {
  Fix fix = manual_fix(
      "Change the column and the columns that reference it to bigint: this rewrites the table under an "
      "ACCESS EXCLUSIVE lock; to avoid downtime, add a bigint column, fill it in batches, and swap the "
      "columns");
  if (column.type != "bigint") {
    const std::string alter = ddl::alter_column(table.name, column.name);
    fix.sql = alter + " TYPE bigint;";
    fix.down_sql = alter + " TYPE " + column.type + ";";
  }
  return fix;
}

void check(const Context& context, Reporter& reporter) {
  const NumberedBy defaults = numbered_columns(context);
  for (const auto& [name, sequence] : context.catalog().sequences) {
    const auto [table, column] = numbered(context, sequence, defaults);
    if (!column || !sequence.last_value) continue;
    const double most = limit_of(*column, sequence);
    const double used = most != 0 ? 100 * static_cast<double>(*sequence.last_value) / most : 0;
    if (used < context.option(warn_percent)) continue;
    Finding& finding = reporter.add(
        column_subject(table->name, column->name), column->origin,
        display(table->name) + "." + column->name + " has used " + std::to_string(static_cast<int>(used)) +
            " % of its values: after " + grouped(most) + " every INSERT fails.",
        used >= context.option(error_percent) ? Severity::error : Severity::warning);
    finding.evidence.push_back(catalog_fact("the sequence " + display(name) + " is at " +
                                            grouped(*sequence.last_value) + ", the column is " +
                                            column->type));
    for (const auto& reference : context.references_to(table->name))
      if (!reference.key->inherited && contains(reference.key->referenced_columns, column->name))
        finding.evidence.push_back(
            catalog_fact("referenced by " + display(reference.child->name) + " (" + reference.key->name + ")",
                         reference.key->origin));
    finding.fix = fix_of(*table, *column);
    restrict_type_fix(context, *table, *column, *finding.fix);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "primary-key-running-out",
    .severity = Severity::error,
    .harm = Harm::deployment,
    .needs = Input::statistics,
    .summary = "a sequence that will run out of values",
    .why =
        "An integer column ends at 2,147,483,647, a smallint column at 32,767. After the last value, every "
        "INSERT fails. Changing the type of a large table takes hours, and the columns that reference it "
        "must change too: start early. Failed inserts and ON CONFLICT also consume values, so the table may "
        "have far fewer rows than the value of the sequence.\n\n"
        "The rule checks sequences that a column owns, those that only a default names, and those that count "
        "down.",
    .fix = "Use bigint for the column, its sequence, and the columns that reference it.",
    .when_to_ignore = "No more rows are inserted into the table.",
    .options = {&warn_percent, &error_percent},
    .check = check};

}  // namespace pgadvise::rules::primary_key_running_out
