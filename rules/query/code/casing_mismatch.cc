#include "lint/queries/code.h"
#include "lint/run/context.h"
#include "model/project/connections.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::casing_mismatch {
namespace {

std::string quoted(const std::string& casing) { return casing.empty() ? "none" : "'" + casing + "'"; }

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  if (!project.connections) return;
  FileSubjects subjects;
  for (const auto& mismatch : project.connections->casing) {
    const int others = mismatch.columns - 1;
    Finding& finding = reporter.add(
        subjects.make(mismatch.place.file, "casing"), located(project, mismatch.place),
        "drizzle() has casing " + quoted(mismatch.of_client) + ", and drizzle-kit has " +
            quoted(mismatch.of_kit) + ": queries name the column " + mismatch.client_name +
            ", and migrations create " + mismatch.kit_name + " (" + mismatch.table + "." + mismatch.key +
            (others > 0
                 ? ", and " + std::to_string(others) + (others == 1 ? " other column" : " other columns")
                 : "") +
            ").");
    add_evidence(finding, context, "casing of drizzle(): " + quoted(mismatch.of_client), mismatch.place);
    add_evidence(finding, context, "casing of drizzle-kit: " + quoted(mismatch.of_kit),
                 mismatch.config_place);
    finding.fix =
        manual_fix(mismatch.of_kit.empty() ? "Remove casing from drizzle(), or add it to the configuration "
                                             "and generate a migration that renames the columns"
                                           : "Give drizzle() the casing of the configuration: casing: " +
                                                 quoted(mismatch.of_kit));
  }
}

}  // namespace

constinit const Rule rule{
    .id = "casing-mismatch",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::project,
    .summary = "a casing of drizzle() that differs from drizzle-kit's",
    .why =
        "Columns without a name of their own (`createdAt: timestamp()`) get one from their key and `casing`. "
        "drizzle-kit takes `casing` from its configuration, drizzle() from its own options, and neither "
        "knows of the other. If they differ, queries name columns that do not exist.\n\n"
        "pgadvise compares `drizzle(…, { casing })` with the configuration of the same package, or with the "
        "only one, and reports a difference only if it changes the name of a column of the schema. A client "
        "without schema and casing counts if other files can import it, and no other client has the casing "
        "of the configuration. Options that are known only at run time are left out.",
    .fix = "The same `casing` in drizzle.config.ts and in drizzle().",
    .when_to_ignore = "The client connects to another database than the configuration.",
    .check = check};

}  // namespace pgadvise::rules::casing_mismatch
