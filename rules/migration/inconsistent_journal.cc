#include <algorithm>

#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

// What the database has run, and the folder does not have. Only where a row's name says which migration it
// was.
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
    Finding& finding =
        reporter.add({.kind = "journal-entry", .file = folder.path, .entry = name + ": not in the folder"},
                     "The database has run a migration (" + name + ") that " + folder.path +
                         " doesn't have: it was deleted, renamed, or belongs to a branch that never came.");
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = "a row of " + display(*table);
    finding.fix = Fix{.title =
                          "Take the migration back from version control, or from whoever ran it; without it "
                          "no other database gets this schema",
                      .safety = Fix::Safety::manual};
  }
}

std::string_view mend(const std::string& kind) {
  if (kind == "missing file") return "Commit the file, or take the entry out when no database has run it";
  if (kind == "orphan file")
    return "Delete the file, or make a migration of it with `drizzle-kit generate --custom`";
  if (kind == "snapshot")
    return "Take the later migration back and generate it anew on top of the earlier; `drizzle-kit check` "
           "tells of collisions";
  return "Give the later one a number of its own, before a database runs it";
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
      finding.fix = Fix{.title = std::string(mend(problem.kind)), .safety = Fix::Safety::manual};
    }
    check_rows(context, reporter, folder);
  }
}

}  // namespace

constinit const Rule inconsistent_journal{
    .id = "inconsistent-journal",
    .severity = Severity::warning,
    .needs = Input::project,
    .summary = "a migration folder whose journal and files disagree",
    .why =
        "What a migration tool runs is told by its journal: drizzle's `meta/_journal.json`, sqitch's plan, "
        "the folders and version "
        "numbers of the others. An entry whose file is missing stops the next deployment; a file that no "
        "entry names never runs, "
        "and looks as though it had; two entries of one number are what a merge of two branches leaves.\n\n"
        "drizzle-kit's snapshots form a chain, too: each names the one that it was made from. Where two "
        "branches both made one "
        "from the same ancestor, the later snapshot knows nothing of the other's changes, and the next "
        "`generate` makes them again, "
        "or drops them. With a database, a migration that it has run and the folder does not have is "
        "reported as well.",
    .fix =
        "Bring journal and files together before anybody runs them: commit what is missing, delete what is "
        "left over, generate the "
        "later of two colliding migrations anew.",
    .when_to_ignore = "All databases are past these migrations, and nobody makes a new one from the folder.",
    .check = check};

}  // namespace pgadvise::rules
