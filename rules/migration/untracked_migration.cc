#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  for (const auto& folder : project.migrations) {
    for (const auto& migration : folder.migrations) {
      if (migration.git != MigrationEntry::Git::ignored && migration.git != MigrationEntry::Git::untracked)
        continue;
      const bool ignored = migration.git == MigrationEntry::Git::ignored;
      Finding& finding = reporter.add(
          {.kind = "file", .file = migration.file, .entry = migration.name},
          label(folder, migration) + (ignored ? " is ignored by git" : " is not in git") +
              ": a fresh clone lacks the file, and a deployment from it does not run the migration.",
          ignored ? Severity::warning : Severity::note);
      finding.location = located(project, {migration.file, 0, 0});
      finding.fix =
          Fix{.title = ignored ? "Remove the migrations from .gitignore, and commit them" : "Commit the file",
              .safety = Fix::Safety::manual};
      if (const TrackingTable* table = tracking_of(context, folder);
          table && !rows_of(*table, folder, migration).empty()) {
        finding.severity = Severity::warning;
        finding.verdict = Verdict::confirmed;
        finding.verdict_reason =
            "the database has run the migration: " + display(*table) + " has a row for it";
      }
    }
  }
}

}  // namespace

constinit const Rule untracked_migration{
    .id = "untracked-migration",
    .severity = Severity::warning,
    .needs = Input::project,
    .summary = "a migration that is not in version control",
    .why =
        "Migrations are the only record of how the schema was built. A file that git ignores, or that nobody "
        "committed, exists on one machine only. Databases built elsewhere get another schema, and drizzle's "
        "journal, if committed, refers to a missing file. Some templates ignore the whole `drizzle` folder. "
        "This works while everybody uses push, and breaks with the first migration.\n\n"
        "The finding is a warning when git ignores the file or a database has run it, and a note while the "
        "file is merely new.",
    .fix = "Remove the folder from `.gitignore`, and commit the `.sql` files together with `meta/`.",
    .when_to_ignore = "The deployment generates the migrations from committed files.",
    .check = check};

}  // namespace pgadvise::rules
