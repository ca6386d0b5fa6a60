#include <algorithm>

#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_days{.name = "days",
                          .fallback = 7,
                          .meaning =
                              "days between the commit of a migration and its change, from which the git "
                              "history alone is reported in a repository without tags"};
constexpr const Option* options[] = {&min_days};

enum class Checksum { unknown, same, other };

Checksum compare(const TrackingTable* table, const MigrationFolder& folder, const MigrationEntry& migration) {
  if (!table || migration.checksums.empty()) return Checksum::unknown;
  bool any = false;
  for (const auto* row : rows_of(*table, folder, migration)) {
    if (row->checksum.empty()) continue;
    any = true;
    if (std::find(migration.checksums.begin(), migration.checksums.end(), row->checksum) !=
        migration.checksums.end())
      return Checksum::same;
  }
  return any ? Checksum::other : Checksum::unknown;
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
      const Checksum ran = compare(table, folder, migration);
      const bool history =
          !migration.changed_in.empty() &&
          (folder.has_releases ? migration.changed_after_release : migration.changed_after_days >= days);
      if (ran != Checksum::other && !history) continue;
      const Severity severity = ran == Checksum::other            ? Severity::error
                                : migration.changed_after_release ? Severity::warning
                                                                  : Severity::note;
      Finding& finding = reporter.add(
          {.kind = "file", .file = migration.file, .entry = migration.name},
          ran == Checksum::other ? label(folder, migration) +
                                       " differs from the file that the database ran: a new database built "
                                       "from the files gets a different schema."
                                 : label(folder, migration) +
                                       " was changed after it was committed: databases that ran the old file "
                                       "do not get the change.",
          severity);
      finding.location = located(project, {migration.file, 0, 0});
      if (!migration.changed_in.empty())
        finding.evidence.push_back({Evidence::Kind::project, of_git(migration), std::nullopt, {}});
      finding.fix = Fix{.title = "Restore the file that ran, and put the change into a new migration",
                        .safety = Fix::Safety::manual};
      if (ran == Checksum::other) {
        finding.verdict = Verdict::confirmed;
        finding.verdict_reason =
            "the checksum in " + display(*table) + " differs from the checksum of the file";
      } else if (ran == Checksum::same) {
        finding.verdict = Verdict::refuted;
        finding.verdict_reason =
            "the database ran the current file: " + display(*table) + " has its checksum";
      } else {
        finding.verdict_reason = table ? "the database has no checksum of this migration"
                                       : "only a database can show which version of the file it ran";
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
        "A migration runs once. Databases that ran the old file never run the new one, while every database "
        "built afterwards does. The schemas of production and the test database diverge, and later "
        "migrations fail in one of them. drizzle stores a hash and never compares it. prisma, flyway and "
        "sqitch compare, and stop the deployment.\n\n"
        "With a database, the checksums decide: SHA-256 of drizzle and prisma, CRC-32 of flyway, SHA-1 of "
        "sqitch, each with either kind of line ends. Without a database, the git history of the main branch "
        "decides. A file that was changed after a release (a tag) that contains it is a warning. In a "
        "repository without tags, a file that was changed days later is a note.",
    .fix =
        "Restore the file that ran (`git checkout <commit> -- FILE`), and put the change into a new "
        "migration.",
    .when_to_ignore = "Only comments or formatting changed, or no database had run the old file.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
