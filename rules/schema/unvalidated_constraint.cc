#include "base/identifier.h"
#include "base/text.h"
#include "lint/tables.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

Fix fix_of(const Table& table, const Constraint& constraint) {
  Fix fix;
  fix.title =
      "Validate it: reads the table, and blocks neither reads nor writes; fails while a row breaks it";
  fix.sql = ddl::validate_constraint(table.name, constraint.name) + ";";
  fix.down_sql = ddl::drop_constraint(table.name, constraint.name) + ", ADD " +
                 ddl::named_constraint(constraint) + " NOT VALID;";
  fix.safety = Fix::Safety::safe;
  return fix;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& constraint : table->constraints) {
      const bool key = constraint.kind == Constraint::Kind::foreign_key;
      if (constraint.validated || constraint.inherited ||
          !(key || constraint.kind == Constraint::Kind::check))
        continue;
      Finding& finding = reporter.add(
          {.kind = key ? "foreign-key" : "constraint",
           .schema = table->name.schema,
           .table = table->name.name,
           .columns = key ? constraint.columns : std::vector<std::string>{},
           .constraint = constraint.name},
          "The constraint " + constraint.name + " on " + display(table->name) +
              " was added NOT VALID and never validated: rows that were there before may break it" +
              (key ? ", and joins can't rely on it." : ", and the planner can't rely on it."));
      finding.location = constraint.origin;
      finding.evidence.push_back(catalog_fact(ddl::constraint(constraint) + " NOT VALID", constraint.origin));
      finding.fix = fix_of(*table, constraint);
    }
  }
}

}  // namespace

constinit const Rule unvalidated_constraint{
    .id = "unvalidated-constraint",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "a constraint that was left NOT VALID",
    .why =
        "NOT VALID is the first half of adding a constraint without a long lock: new rows are checked, old "
        "ones are not. Until VALIDATE CONSTRAINT "
        "has run, rows may break it: a dump of them can't be restored with the constraint, and the planner "
        "does not use it.",
    .fix =
        "`ALTER TABLE … VALIDATE CONSTRAINT …`, in a transaction of its own: it holds SHARE UPDATE "
        "EXCLUSIVE, which lets reads and writes pass.",
    .when_to_ignore = "Old rows are known to break the rule and stay.",
    .check = check};

}  // namespace pgadvise::rules
