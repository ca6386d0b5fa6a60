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
              ": whoever checks the project out doesn't have it, and a deployment from there doesn't run it.",
          ignored ? Severity::warning : Severity::note);
      finding.location = located(project, {migration.file, 0, 0});
      finding.fix =
          Fix{.title = ignored ? "Take the migrations out of .gitignore, and commit them" : "Commit the file",
              .safety = Fix::Safety::manual};
      if (const TrackingTable* table = tracking_of(context, folder);
          table && !rows_of(*table, folder, migration).empty()) {
        finding.severity = Severity::warning;
        finding.verdict = Verdict::confirmed;
        finding.verdict_reason = "the database has run it: " + display(*table) + " has its row";
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
        "Migrations are the only telling of how a database came to be what it is. A file that git ignores, "
        "or that nobody committed, is on "
        "one machine: others build another schema, and drizzle's journal, when that is committed, names a "
        "file that isn't there. Some "
        "templates ignore the whole `drizzle` folder; that works while everybody pushes, and ends with the "
        "first migration.\n\n"
        "A warning when git ignores the file or a database has run it, a note while it is merely new.",
    .fix = "Take the folder out of `.gitignore`, and commit the `.sql` files together with `meta/`.",
    .when_to_ignore = "The migrations are generated on deployment from something that is committed.",
    .check = check};

}  // namespace pgadvise::rules
