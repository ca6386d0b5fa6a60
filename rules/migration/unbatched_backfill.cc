#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unbatched_backfill {
namespace {

constexpr Option min_rows = rows_option(10000);

using Kind = SchemaAction::Kind;

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows, {Kind::update, Kind::remove})) {
    const SchemaAction& action = *site.action;
    if (action.rows != Selectivity::all && action.rows != Selectivity::most) continue;
    const SchemaStep* locked = locked_before(site);
    // A DELETE usually removes few rows, or all: destructive-migration reports the latter. Under a lock, even
    // the scan takes too long.
    if (action.kind == Kind::remove && (action.rows == Selectivity::all || !locked)) continue;
    const std::string what = action.kind == Kind::update ? "UPDATE" : "DELETE";
    std::string message =
        "One " + what +
        (action.rows == Selectivity::all ? " processes every row of " : " may process a large part of ") +
        display(action.table) + " and locks each changed row until the transaction ends" +
        rows_known(context, action.table) + ".";
    if (locked)
      message = "One " + what + " scans " + display(action.table) + " while the lock taken at line " +
                std::to_string(locked->place.line) + " blocks reads and writes" +
                rows_known(context, action.table) + ".";
    Finding& finding = out.add(site, subject_in(action.table, "table", action.columns), std::move(message),
                               locked ? std::optional(Severity::warning) : std::nullopt);
    if (locked)
      finding.evidence.push_back(project_fact("in the same transaction as: " + locked->text, locked->place));
    if (const auto how = how_it_runs(*site.migration); !how.empty() && site.step->transaction)
      finding.evidence.push_back(project_fact(how));
    finding.fix = manual_fix(
        "Change a few thousand rows at a time and commit each batch, outside the migration that changes the "
        "table");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "unbatched-backfill",
    .severity = Severity::note,
    .needs = Input::migrations,
    .summary = "a migration that changes a whole table in one statement",
    .why =
        "An UPDATE of every row writes the table a second time, locks each row until it commits, leaves as "
        "many dead rows for vacuum, and delays replicas. It is worse in one transaction with an ALTER TABLE "
        "of the same table: the lock of the ALTER TABLE stays, and all other sessions wait for the UPDATE. "
        "This case is a warning.\n\n"
        "The rule reports statements without WHERE, or with a WHERE that compares with no constant. It "
        "leaves out a WHERE on a unique key, a WHERE that compares the column with the assigned value, a "
        "LIMIT, a loop in a DO block, and tables that the migration itself creates.",
    .fix =
        "Add the column in one migration. Fill it with a script or job that commits batches of a few "
        "thousand rows. Set NOT NULL in a later migration.",
    .when_to_ignore = "The table is small.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::unbatched_backfill
