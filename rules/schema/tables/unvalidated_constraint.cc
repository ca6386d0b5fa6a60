#include <algorithm>

#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unvalidated_constraint {
namespace {

Fix fix_of(const Table& table, const Constraint& constraint) {
  return {.title =
              "Validate the constraint: this scans the table, blocks neither reads nor writes, and fails if "
              "a row violates the constraint",
          .sql = ddl::validate_constraint(table.name, constraint.name) + ";",
          .down_sql = ddl::drop_constraint(table.name, constraint.name) + ", ADD " +
                      ddl::named_constraint(constraint) + " NOT VALID;",
          .safety = Fix::Safety::safe};
}

// Whether one of the migrations to check adds it: NOT VALID is then the first of two steps, as
// blocking-constraint recommends.
bool added_now(const Context& context, const Constraint& constraint) {
  if (!context.has_migrations()) return false;
  const auto& migrations = context.migrations();
  return std::ranges::any_of(migrations, [&](const Migration& one) {
    return !one.tool.empty() && one.file == constraint.origin.file;
  });
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context)) {
    for (const auto& constraint : table->constraints) {
      const bool key = constraint.kind == Constraint::Kind::foreign_key;
      if (constraint.validated || constraint.inherited ||
          !(key || constraint.kind == Constraint::Kind::check))
        continue;
      Finding& finding =
          reporter.add(subject_in(table->name, key ? "foreign-key" : "constraint",
                                  key ? constraint.columns : std::vector<std::string>{}, constraint.name),
                       constraint.origin,
                       "The constraint " + constraint.name + " on " + display(table->name) +
                           " was added NOT VALID and never validated: older rows may violate it" +
                           (key ? ", and joins cannot rely on it." : ", and the planner cannot rely on it."),
                       added_now(context, constraint) ? Severity::note : Severity::warning);
      finding.evidence.push_back(catalog_fact(ddl::constraint(constraint) + " NOT VALID", constraint.origin));
      finding.fix = fix_of(*table, constraint);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "unvalidated-constraint",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "a constraint that is still NOT VALID",
    .why =
        "NOT VALID is the first step of adding a constraint without a long lock: PostgreSQL checks new rows, "
        "but not existing ones. Until VALIDATE CONSTRAINT has run, existing rows may violate the constraint. "
        "A dump with such rows cannot be restored with the constraint, and the planner does not use it.\n\n"
        "In the change that adds the constraint the finding is a note: VALIDATE CONSTRAINT belongs into a "
        "later transaction.",
    .fix =
        "Run `ALTER TABLE … VALIDATE CONSTRAINT …` in a transaction of its own. It holds a SHARE UPDATE "
        "EXCLUSIVE lock, which allows reads and writes.",
    .when_to_ignore = "Existing rows are known to violate the constraint and stay.",
    .check = check};

}  // namespace pgadvise::rules::unvalidated_constraint
