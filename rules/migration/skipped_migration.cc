#include <algorithm>

#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
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

void report_one(const Project& project, Reporter& reporter, const MigrationFolder& folder,
                const MigrationEntry& migration, const Latest& latest, const TrackingTable* table) {
  Finding& finding = reporter.add(
      {.kind = "journal-entry", .file = folder.path, .entry = migration.name},
      migration.name + " is dated " + (migration.when == latest.when ? "the same as " : "before ") +
          latest.name +
          ": a database that has run that one passes it over in silence, and an empty one doesn't.");
  finding.location = located(project, migration.place);
  finding.evidence.push_back({Evidence::Kind::project,
                              "its when is " + std::to_string(migration.when) + ", that of " + latest.name +
                                  " " + std::to_string(latest.when),
                              std::nullopt,
                              {}});
  finding.fix =
      Fix{.title = "Set this entry's when to more than " + std::to_string(latest.when) +
                   " in meta/_journal.json; where a database has missed it, it runs with the next deployment",
          .safety = Fix::Safety::review};
  if (!table) return;
  const Latest newest = newest_row(*table);
  if (!rows_of(*table, folder, migration).empty()) {
    finding.verdict = Verdict::refuted;
    finding.verdict_reason = "the database has run it: " + display(*table) + " has its row";
  } else if (migration.when <= newest.when) {
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = "the database is past it: " + display(*table) +
                             " has no row of it, and one of " + std::to_string(newest.when);
  } else {
    finding.verdict_reason = "the database has run neither";
  }
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
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
                   table);  // run from another branch's journal
      }
      if (migration.when > latest.when) latest = {migration.when, migration.name};
    }
  }
}

}  // namespace

constinit const Rule skipped_migration{
    .id = "skipped-migration",
    .severity = Severity::error,
    .needs = Input::project,
    .summary = "a drizzle migration that databases pass over in silence",
    .why =
        "drizzle-orm (before 1.0) keeps no list of what it has run that it would compare: `migrate()` takes "
        "the newest `created_at` of its "
        "table and runs the entries whose `when` in `meta/_journal.json` is larger. An entry dated before "
        "another that stands in front "
        "of it is never run by a database that is past that one. Nothing fails and nothing is logged; an "
        "empty database, in tests and "
        "on laptops, runs it. Such dates come from merging two branches, from a clock that went wrong, and "
        "from journals edited "
        "by hand.\n\nOne finding for each entry. With a database, its tracking table tells: confirmed where "
        "the row is missing and newer "
        "ones are there, refuted where the database has run it.",
    .fix =
        "Raise the entry's `when` above all earlier ones. A database that missed it runs it with the next "
        "deployment; one that has run it "
        "runs it again, so make it repeatable (`IF NOT EXISTS`) where both kinds exist.",
    .when_to_ignore = "Every database was made from this journal as it is now.",
    .check = check};

}  // namespace pgadvise::rules
