#include <algorithm>

#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_days{
    .name = "days",
    .fallback = 7,
    .meaning =
        "days between a migration's commit and its change from which git's history alone is a "
        "reason, where the repository has no tags"};
constexpr const Option* options[] = {&min_days};

enum class Ran { unknown, same, other };

Ran compare(const TrackingTable* table, const MigrationFolder& folder, const MigrationEntry& migration) {
  if (!table || migration.checksums.empty()) return Ran::unknown;
  bool any = false;
  for (const auto* row : rows_of(*table, folder, migration)) {
    if (row->checksum.empty()) continue;
    any = true;
    if (std::find(migration.checksums.begin(), migration.checksums.end(), row->checksum) !=
        migration.checksums.end())
      return Ran::same;
  }
  return any ? Ran::other : Ran::unknown;
}

std::string of_git(const MigrationEntry& migration) {
  return "git: changed in " + migration.changed_in + ", " + std::to_string(migration.changed_after_days) +
         (migration.changed_after_days == 1 ? " day" : " days") + " after it was added" +
         (migration.changed_after_release ? ", a release in between" : "");
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  const double days = context.option(min_days);
  for (const auto& folder : project.migrations) {
    const TrackingTable* table = tracking_of(context, folder);
    for (const auto& migration : folder.migrations) {
      if (migration.file.empty() || migration.repeatable) continue;
      const Ran ran = compare(table, folder, migration);
      const bool history =
          !migration.changed_in.empty() &&
          (folder.has_releases ? migration.changed_after_release : migration.changed_after_days >= days);
      if (ran != Ran::other && !history) continue;
      const Severity severity = ran == Ran::other                 ? Severity::error
                                : migration.changed_after_release ? Severity::warning
                                                                  : Severity::note;
      Finding& finding =
          reporter.add({.kind = "file", .file = migration.file, .entry = migration.name},
                       ran == Ran::other ? label(folder, migration) +
                                               " is not what the database ran: whoever builds a database "
                                               "from the files gets another schema."
                                         : label(folder, migration) +
                                               " was changed after it was committed: databases that had run "
                                               "it by then don't have the change.",
                       severity);
      finding.location = located(project, {migration.file, 0, 0});
      if (!migration.changed_in.empty())
        finding.evidence.push_back({Evidence::Kind::project, of_git(migration), std::nullopt, {}});
      finding.fix = Fix{.title = "Take the file back to what ran, and make the change a migration of its own",
                        .safety = Fix::Safety::manual};
      if (ran == Ran::other) {
        finding.verdict = Verdict::confirmed;
        finding.verdict_reason = "the checksum in " + display(*table) + " is another than the file's";
      } else if (ran == Ran::same) {
        finding.verdict = Verdict::refuted;
        finding.verdict_reason =
            "the database ran the file as it is now: " + display(*table) + " has its checksum";
      } else {
        finding.verdict_reason =
            table ? "the database keeps no checksum of it" : "only a database can tell which text it ran";
      }
    }
  }
}

}  // namespace

constinit const Rule edited_migration{
    .id = "edited-migration",
    .severity = Severity::error,
    .needs = Input::project,
    .summary = "a migration that was changed after it ran",
    .why =
        "A migration runs once. Databases that ran its old text never get the new one, while every database "
        "built afterwards does: "
        "production and the test database part company, and later migrations fail in one of them. drizzle "
        "stores a hash and never "
        "compares it; prisma, flyway and sqitch compare, and stop the deployment.\n\n"
        "With a database the checksums decide: drizzle's and prisma's SHA-256, flyway's CRC-32, sqitch's "
        "SHA-1; line ends apart. "
        "Without, git's history of the main line: a file that was changed after a release (a tag) came after "
        "it is a warning; in a "
        "repository without tags, one that was changed days later is a note.",
    .fix =
        "Take the file back to what ran (`git checkout <commit> -- FILE`), and make the change a migration "
        "of its own.",
    .when_to_ignore = "Only comments or formatting changed, or no database had run the old text.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
