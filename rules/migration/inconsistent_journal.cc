#include <algorithm>

#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

// Reports migrations that the database has run and the folder does not have, for tools whose tracking table
// names each migration.
void check_rows(const Context& context, Reporter& reporter, const MigrationFolder& folder) {
  const TrackingTable* table = tracking_of(context, folder);
  if (!table || !facts_of(folder).rows_name_all) return;
  for (const auto& row : table->rows) {
    if (row.failed) continue;
    const bool known =
        std::any_of(folder.migrations.begin(), folder.migrations.end(), [&](const MigrationEntry& migration) {
          const auto rows = rows_of(*table, folder, migration);
          return std::find(rows.begin(), rows.end(), &row) != rows.end();
        });
    if (known) continue;
    const std::string name = row.migration.empty() ? "created_at " + std::to_string(row.when) : row.migration;
    Finding& finding = reporter.add(
        {.kind = "journal-entry", .file = folder.path, .entry = name + ": not in the folder"},
        "The database has run a migration (" + name + ") that " + folder.path +
            " does not have: it was deleted, renamed, or belongs to a branch that was never merged.");
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = "a row of " + display(*table);
    finding.fix = Fix{.title =
                          "Restore the migration from version control, or get it from the person who ran it; "
                          "without it no other database gets this schema",
                      .safety = Fix::Safety::manual};
  }
}

std::string_view fix_title(const std::string& kind) {
  if (kind == "missing file") return "Commit the file, or remove the entry if no database has run it";
  if (kind == "orphan file")
    return "Delete the file, or turn it into a migration with `drizzle-kit generate --custom`";
  if (kind == "snapshot")
    return "Undo the later migration and generate it again on top of the earlier one; `drizzle-kit check` "
           "reports collisions";
  return "Give the later migration a number of its own, before a database runs it";
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  for (const auto& folder : project.migrations) {
    for (const auto& problem : folder.problems) {
      std::string text = problem.text;
      if (!text.empty() && text[0] >= 'a' && text[0] <= 'z' && text.starts_with("the ")) text[0] = 'T';
      Finding& finding = reporter.add(
          {.kind = "journal-entry", .file = folder.path, .entry = problem.entry + ": " + problem.kind},
          text + ".");
      finding.location = located(project, problem.place);
      finding.fix = Fix{.title = std::string(fix_title(problem.kind)), .safety = Fix::Safety::manual};
    }
    check_rows(context, reporter, folder);
  }
}

}  // namespace

constinit const Rule inconsistent_journal{
    .id = "inconsistent-journal",
    .severity = Severity::warning,
    .needs = Input::project,
    .summary = "a migration folder whose journal and files do not match",
    .why =
        "A migration tool runs what its journal lists: drizzle's `meta/_journal.json`, sqitch's plan, or the "
        "folders and version numbers of other tools. An entry whose file is missing stops the next "
        "deployment. A file without an entry never runs, although it looks as if it had. Two entries with "
        "the same number usually come from merging two branches.\n\n"
        "drizzle-kit's snapshots form a chain: each names the snapshot that it was generated from. If two "
        "branches both generate one from the same ancestor, the later snapshot lacks the other branch's "
        "changes. The next `generate` then creates them again or drops them. With a database, pgadvise also "
        "reports migrations that the database has run and the folder does not have.",
    .fix =
        "Fix the journal and the files before anybody runs them. Commit missing files, delete files without "
        "an entry, and generate the later of two colliding migrations again.",
    .when_to_ignore =
        "All databases have run later migrations already, and nobody generates a new one from this folder.",
    .check = check};

}  // namespace pgadvise::rules
