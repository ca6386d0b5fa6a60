#include <algorithm>

#include "lint/migrations/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::skipped_migration {
namespace {

// drizzle-orm's migrate() up to 0.45 runs an entry when its `when` is larger than the largest created_at.
struct Latest {
  std::int64_t when = 0;
  std::string name;
};

Latest newest_row(const TrackingTable& table) {
  Latest out;
  for (const auto& row : table.rows) out.when = std::max(out.when, row.when);
  out.name = "the newest row of " + display(table);
  return out;
}

// The value that `when` must exceed for every database to run the entry.
std::int64_t newest_when(const MigrationFolder& folder, const TrackingTable* table) {
  std::int64_t out = table ? newest_row(*table).when : 0;
  for (const auto& migration : folder.migrations) out = std::max(out, migration.when);
  return out;
}

void report_one(const Project& project, Reporter& reporter, const MigrationFolder& folder,
                const MigrationEntry& migration, const Latest& latest, const TrackingTable* table) {
  Finding& finding = reporter.add(
      {.kind = "journal-entry", .file = folder.path, .entry = migration.name},
      located(project, migration.place),
      migration.name + " has " +
          (migration.when == latest.when ? "the same date as " : "an earlier date than ") + latest.name +
          ": a database that has run the latter skips it without an error, and an empty database runs it.");
  finding.evidence.push_back(project_fact("its `when` is " + std::to_string(migration.when) + ", and " +
                                          latest.name + " has " + std::to_string(latest.when)));
  finding.fix =
      Fix{.title = "Set the `when` of this entry to more than " + std::to_string(newest_when(folder, table)) +
                   " in meta/_journal.json; the next deployment then runs the migration, also where it has "
                   "run before: make it repeatable (IF NOT EXISTS)",
          .safety = Fix::Safety::review};
  if (!table) return;
  const Latest newest = newest_row(*table);
  if (!rows_of(*table, folder, migration).empty()) {
    finding.verdict = Verdict::refuted;
    finding.verdict_reason = "the database has run the migration: " + display(*table) + " has a row for it";
  } else if (migration.when <= newest.when) {
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = "the database has skipped the migration: " + display(*table) +
                             " has no row for it, and a newer row, " + std::to_string(newest.when);
  } else {
    finding.verdict_reason = "the database has run neither migration";
  }
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  if (runs_journal_itself(project)) return;
  for (const auto& folder : project.migrations) {
    if (facts_of(folder).row_key != ToolFacts::RowKey::when) continue;
    const TrackingTable* table = tracking_of(context, folder);
    Latest latest;
    for (const auto& migration : folder.migrations) {
      const bool late = latest.when && migration.when <= latest.when;
      if (late) {
        report_one(project, reporter, folder, migration, latest, table);
      } else if (table && rows_of(*table, folder, migration).empty() &&
                 migration.when <= newest_row(*table).when) {
        report_one(project, reporter, folder, migration, newest_row(*table),
                   table);  // the newer row comes from the journal of another branch
      }
      if (migration.when > latest.when) latest = {migration.when, migration.name};
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "skipped-migration",
    .severity = Severity::error,
    .harm = Harm::deployment,
    .needs = Input::project,
    .summary = "a drizzle migration that databases skip without an error",
    .why =
        "drizzle-orm before 1.0 does not compare the journal with a list of migrations that ran. `migrate()` "
        "takes the newest `created_at` of its table and runs the entries of `meta/_journal.json` whose "
        "`when` is larger. An entry may be dated before an entry that precedes it. A database that has run "
        "the preceding entry then never runs this one. Nothing fails and nothing is logged. An empty "
        "database, in tests and on laptops, does run it. Such dates come from merging two branches, from a "
        "wrong clock, and from journals edited by hand.\n\n"
        "There is one finding for each entry. With a database, its tracking table decides. The finding is "
        "confirmed where the row is missing and newer rows exist, and refuted where the database has run the "
        "migration. There is no finding where the deployment runs code of the project that reads the journal "
        "and runs the files itself.",
    .fix =
        "Raise the `when` of the entry above the newest `when` of the journal, since a database may have run "
        "later entries. A database that skipped the migration runs it with the next deployment. A database "
        "that has run it runs it again, so make it repeatable (`IF NOT EXISTS`) if both kinds exist.",
    .when_to_ignore = "Every database was created from the current journal.",
    .check = check};

}  // namespace pgadvise::rules::skipped_migration
