#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/text/text.h"
#include "lint/migrations/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::edited_migration {
namespace {

constexpr Option min_days{"days", 7,
                          "days between the commit of a migration and its change, from which the git history "
                          "alone is reported in a repository without tags"};

enum class Checksum { unknown, same, other };

Checksum compare(const TrackingTable* table, const MigrationFolder& folder, const MigrationEntry& migration) {
  if (!table || migration.checksums.empty()) return Checksum::unknown;
  bool any = false;
  for (const auto* row : rows_of(*table, folder, migration)) {
    if (row->checksum.empty()) continue;
    any = true;
    if (is_one_of(row->checksum, migration.checksums)) return Checksum::same;
  }
  return any ? Checksum::other : Checksum::unknown;
}

std::string of_git(const MigrationEntry& migration) {
  return "git: changed in " + migration.changed_in + ", " + std::to_string(migration.changed_after_days) +
         (migration.changed_after_days == 1 ? " day" : " days") + " after it was added" +
         (migration.changed_after_release ? ", a release in between" : "");
}

Fix restore() { return manual_fix("Restore the file that ran, and put the change into a new migration"); }

using Migrations = std::vector<const MigrationEntry*>;

// "0001_a, 0002_b and 3 more"
std::string named(const MigrationFolder& folder, const Migrations& migrations) {
  std::vector<std::string> names;
  for (const auto* migration : migrations) names.push_back(label(folder, *migration));
  return join_first(std::move(names), 5);
}

Finding& report_several(const Context& context, Reporter& reporter, const MigrationFolder& folder,
                        const Migrations& migrations, const std::string& entry, const std::string& message,
                        Severity severity) {
  constexpr std::size_t most = 10;
  Finding& finding =
      reporter.add({.kind = "file", .file = folder.path, .entry = entry},
                   located(context.project(), {migrations.front()->file, 0, 0}), message, severity);
  if (const ToolFacts& tool = facts_of(folder); !tool.notices_edit.empty())
    finding.evidence.push_back(project_fact(std::string(tool.notices_edit)));
  for (const auto* migration : migrations) {
    if (finding.evidence.size() > most) break;
    finding.evidence.push_back(project_fact(label(folder, *migration) + ": " + of_git(*migration),
                                            located(context.project(), {migration->file, 0, 0})));
  }
  finding.verdict_reason = "only a database can show which version of the file it ran";
  return finding;
}

// Edits of which git alone knows, by commit.
void report_commits(const Context& context, Reporter& reporter, const MigrationFolder& folder,
                    const std::map<std::string, Migrations>& commits) {
  const bool stops = facts_of(folder).on_edit == ToolFacts::OnEdit::stops;
  for (const auto& [commit, migrations] : commits) {
    const bool released = std::ranges::any_of(
        migrations, [](const MigrationEntry* migration) { return migration->changed_after_release; });
    const Severity severity = stops ? (released ? Severity::error : Severity::warning)
                                    : (released ? Severity::warning : Severity::note);
    Finding& finding =
        report_several(context, reporter, folder, migrations, commit,
                       "Commit " + commit + " changed " + named(folder, migrations) + " after " +
                           (migrations.size() == 1 ? "it was" : "they were") + " committed: " +
                           (stops ? "the next deployment to a database that ran the old file will stop."
                                  : "databases that ran the old files do not get the change."),
                       severity);
    finding.fix = restore();
  }
}

// Releases have deployed these edits or failed with them: to restore the files now would be one more edit.
void report_past(const Context& context, Reporter& reporter, const MigrationFolder& folder,
                 const Migrations& migrations) {
  const std::string many =
      migrations.size() == 1 ? "1 migration was" : std::to_string(migrations.size()) + " migrations were";
  report_several(context, reporter, folder, migrations, "past edits",
                 many + " changed after " + (migrations.size() == 1 ? "it was" : "they were") +
                     " committed, and released since: " + named(folder, migrations) +
                     ". Databases that ran the old files may differ from those built later.",
                 Severity::note);
}

void report_one(const Context& context, Reporter& reporter, const MigrationFolder& folder,
                const MigrationEntry& migration, Checksum ran, const TrackingTable* table) {
  const ToolFacts& tool = facts_of(folder);
  const bool other = ran == Checksum::other;
  const bool stops = tool.on_edit == ToolFacts::OnEdit::stops;
  const Severity severity = other                             ? Severity::error
                            : migration.changed_after_release ? Severity::warning
                                                              : Severity::note;
  std::string message = label(folder, migration);
  if (other && stops)
    message += " differs from the file that the database ran: the next deployment will stop.";
  else if (other)
    message +=
        " differs from the file that the database ran: a new database built from the files gets a different "
        "schema.";
  else
    message += " was changed after it was committed: databases that ran the old file do not get the change.";
  Finding& finding = reporter.add({.kind = "file", .file = migration.file, .entry = migration.name},
                                  located(context.project(), {migration.file, 0, 0}), message, severity);
  if (!migration.changed_in.empty()) finding.evidence.push_back(project_fact(of_git(migration)));
  if (!tool.notices_edit.empty()) finding.evidence.push_back(project_fact(std::string(tool.notices_edit)));
  finding.fix = restore();
  if (other) {
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = "the checksum in " + display(*table) + " differs from the checksum of the file";
  } else if (ran == Checksum::same) {
    finding.verdict = Verdict::refuted;
    finding.verdict_reason = "the database ran the current file: " + display(*table) + " has its checksum";
  } else {
    finding.verdict_reason = table ? "the database has no checksum of this migration"
                                   : "only a database can show which version of the file it ran";
  }
}

void check(const Context& context, Reporter& reporter) {
  const double days = context.option(min_days);
  for (const auto& folder : context.project().migrations) {
    const TrackingTable* table = tracking_of(context, folder);
    const bool stops = facts_of(folder).on_edit == ToolFacts::OnEdit::stops;
    std::map<std::string, Migrations> commits;
    Migrations past;
    for (const auto& migration : folder.migrations) {
      if (migration.file.empty() || migration.repeatable) continue;
      const Checksum ran = compare(table, folder, migration);
      const bool history =
          !migration.changed_in.empty() &&
          (folder.has_releases ? migration.changed_after_release : migration.changed_after_days >= days);
      if (history && ran == Checksum::unknown) {
        if (migration.released_since) past.push_back(&migration);
        else commits[migration.changed_in].push_back(&migration);
      } else if (ran == Checksum::other || history) {
        report_one(context, reporter, folder, migration, ran, table);
      }
    }
    if (!stops)
      for (auto at = commits.begin(); at != commits.end();) {
        if (at->second.size() > 1) {
          ++at;
          continue;
        }
        report_one(context, reporter, folder, *at->second.front(), Checksum::unknown, table);
        at = commits.erase(at);
      }
    report_commits(context, reporter, folder, commits);
    if (!past.empty()) report_past(context, reporter, folder, past);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "edited-migration",
    .severity = Severity::error,
    .harm = Harm::deployment,
    .needs = Input::project,
    .summary = "a migration that was changed after it ran",
    .why =
        "A migration runs once. Databases that ran the old file never run the new one, while every database "
        "built afterwards does. The schemas of production and the test database diverge, and later "
        "migrations fail in one of them. Flyway, sqlx and Postgrator also compare the checksum of each file "
        "before they migrate, and the next deployment stops. `prisma migrate deploy` compares and only "
        "warns, `sqitch deploy` does not compare, and drizzle stores a hash that it never compares.\n\n"
        "With a database, the checksums decide: SHA-256 of drizzle and prisma, CRC-32 of flyway, SHA-384 of "
        "sqlx, SHA-1 of sqitch, each with either kind of line ends. Without a database, the git history of "
        "the main branch decides. Where another checksum stops the tool, each change of the checksum counts, "
        "a comment, too: an error after a release (a tag) that contains the file, a warning without tags. "
        "For all other tools the statements of the up migration are compared: comments, blanks, BEGIN and "
        "COMMIT, IF [NOT] EXISTS, OR REPLACE, CONCURRENTLY, timeouts, down migrations and templates' "
        "placeholders in the place of names do not count, nor does the order of statements that only add "
        "objects. Versions that PostgreSQL's parser rejects do not count either: no database ran them. A "
        "file that was changed after a release is a warning. In a repository without tags, a file that was "
        "changed days later is a note.\n\n"
        "Edits that a later release contains are one note for the folder (without tags: edits that are 90 "
        "days older than the newest change of a migration). Databases have moved on since, and to restore "
        "such files would be one more edit.",
    .fix =
        "Restore the file that ran (`git checkout <commit> -- FILE`), and put the change into a new "
        "migration.",
    .when_to_ignore = "No database had run the old file.",
    .options = {&min_days},
    .check = check};

}  // namespace pgadvise::rules::edited_migration
