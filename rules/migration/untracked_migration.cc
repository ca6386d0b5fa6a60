#include "lint/migrations/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::untracked_migration {
namespace {

Subject subject_of(const MigrationEntry& migration) {
  return {.kind = "file", .file = migration.file, .entry = migration.name};
}

void complete(const Context& context, const MigrationFolder& folder, const MigrationEntry& migration,
              Finding& finding) {
  const bool ignored = migration.git == MigrationEntry::Git::ignored;
  finding.location = located(context.project(), {migration.file, 0, 0});
  finding.fix =
      manual_fix(ignored ? "Remove the migrations from .gitignore, and commit them" : "Commit the file");
  const TrackingTable* table = tracking_of(context, folder);
  if (!table || rows_of(*table, folder, migration).empty()) return;
  finding.severity = Severity::warning;
  finding.verdict = Verdict::confirmed;
  finding.verdict_reason = "the database has run the migration: " + display(*table) + " has a row for it";
}

void check_migration(const Context& context, Reporter& reporter, const MigrationFolder& folder,
                     const MigrationEntry& migration) {
  const bool ignored = migration.git == MigrationEntry::Git::ignored;
  Finding& finding =
      reporter.add(subject_of(migration),
                   label(folder, migration) + (ignored ? " is ignored by git" : " is not in git") +
                       ": a fresh clone lacks the file, and a deployment from it does not run the migration.",
                   ignored ? Severity::warning : Severity::note);
  complete(context, folder, migration, finding);
}

// One line of a .gitignore is the cause of all: one finding, which an earlier version's baseline knows by its
// last migration.
void check_ignored(const Context& context, Reporter& reporter, const MigrationFolder& folder,
                   const std::vector<const MigrationEntry*>& ignored) {
  if (ignored.size() == 1) return check_migration(context, reporter, folder, *ignored.front());
  if (ignored.empty()) return;
  std::vector<std::string> names;
  for (const auto* migration : ignored) names.push_back(label(folder, *migration));
  Finding& finding = reporter.add(
      {.kind = "file", .file = folder.path, .entry = "ignored by git"},
      "git ignores " + std::to_string(names.size()) + " migrations of " + folder.path + " (" +
          enumerated(names) + "): a fresh clone lacks the files, and a deployment from it does not run them.",
      Severity::warning);
  finding.former_id = finding_id(context.rule().id, subject_of(*ignored.back()));
  complete(context, folder, *ignored.front(), finding);
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& folder : context.project().migrations) {
    std::vector<const MigrationEntry*> ignored;
    for (const auto& migration : folder.migrations) {
      if (migration.git == MigrationEntry::Git::ignored) ignored.push_back(&migration);
      if (migration.git == MigrationEntry::Git::untracked)
        check_migration(context, reporter, folder, migration);
    }
    check_ignored(context, reporter, folder, ignored);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "untracked-migration",
    .severity = Severity::warning,
    .harm = Harm::deployment,
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

}  // namespace pgadvise::rules::untracked_migration
