#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::failing_statement {

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [fingerprint, change] : context.comparison().changes) {
    const Query* query = context.query(fingerprint);
    if (!query || change.outcome != PlanChange::Outcome::fails_after) continue;
    const auto& relations = query->facts.relations;
    Finding& finding =
        report(reporter, *query, relations.empty() ? QualifiedName{} : relations.front().table,
               "A statement (" + ran(*query) + ") fails under the changed schema, and not under " +
                   context.comparison().against + ": " + change.error + ".");
    apply_comparison(finding, context.comparison());
    finding.fix =
        manual_fix("Deploy code that no longer sends the statement first, and change the schema afterwards");
  }
}

constinit const Rule rule{
    .id = "failing-statement",
    .severity = Severity::error,
    .harm = Harm::deployment,
    .needs = all(Input::workload, Input::plan_changes),
    .summary = "a logged statement that fails under the changed schema",
    .why =
        "While a deployment runs, the old code still sends its statements, and the schema is the new one "
        "already. A statement that names a dropped or renamed table, column or function, or that compares "
        "types without a common operator, then fails for each user.\n\n"
        "`check --against REV` plans each statement of the workload under the schema of both versions. The "
        "rule reports those that only the old schema accepts.",
    .fix =
        "Change the schema in two deployments: first the code stops using the column, then a migration drops "
        "it. To rename: add the new column, write both, move the readers, drop the old column.",
    .when_to_ignore = "No deployed code sends the statement any more: the log is older than that code.",
    .check = check};

}  // namespace pgadvise::rules::failing_statement
