#include <algorithm>

#include "lint/migrations/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::inconsistent_journal {
namespace {

constexpr std::string_view ignored_file = "missing file, ignored by git";

// Problems of one folder with one cause.
struct Group {
  std::string kind;
  std::vector<std::string> entries;
  std::vector<Evidence> evidence;  // of the first entries
};

std::string message_of(const Group& group, const std::string& folder) {
  const std::string number = std::to_string(group.entries.size());
  const std::string names = " (" + enumerated(group.entries) + ")";
  if (group.kind.starts_with("missing file"))
    return number + " migrations of " + folder + " have no file" + names +
           (group.kind == ignored_file ? ", as git ignores them" : "") +
           ": the next deployment stops at the first of them.";
  if (group.kind == "orphan file")
    return number + " files of " + folder + " are not in the journal" + names + ": no deployment runs them.";
  if (group.kind == "not in the folder")
    return "The database has run " + number + " migrations" + names + " that " + folder +
           " does not have: they were deleted, renamed, or belong to a branch that was never merged.";
  if (group.kind == "snapshot")
    return number + " snapshots of " + folder + " do not continue the snapshot before them" + names + ".";
  return number + " migrations of " + folder + " have the number or name of another one" + names + ".";
}

std::string_view fix_title(const std::string& kind) {
  if (kind == ignored_file) return "Remove the line from .gitignore, and commit the migrations";
  if (kind == "missing file") return "Commit the file, or remove the entry if no database has run it";
  if (kind == "orphan file")
    return "Delete every file that is not in the journal, or turn it into a migration with `drizzle-kit "
           "generate --custom`";
  if (kind == "not in the folder")
    return "Restore the migration from version control, or get it from the person who ran it; without it no "
           "other database gets this schema";
  if (kind == "snapshot")
    return "Undo the later migration and generate it again on top of the earlier one; `drizzle-kit check` "
           "reports collisions";
  return "Give the later migration a number of its own, before a database runs it";
}

Subject subject_of(const MigrationFolder& folder, std::string entry) {
  return {.kind = "journal-entry", .file = folder.path, .entry = std::move(entry)};
}

// One finding for all problems of a cause. The former id is that of the last entry: a baseline of an earlier
// version, with a finding for each entry, has it unless the entry is newer than the baseline.
Finding& add(Reporter& reporter, const Rule& rule, const MigrationFolder& folder, Group group,
             const std::string& text) {
  const bool ignored = group.kind == ignored_file;
  const bool one = group.entries.size() == 1;
  const std::string former = group.entries.back() + ": " + (ignored ? "missing file" : group.kind);
  Finding& finding = one ? reporter.add(subject_of(folder, group.entries.front() + ": " + group.kind), text)
                         : reporter.add(subject_of(folder, group.kind), message_of(group, folder.path));
  if (!one || ignored) finding.former_id = finding_id(rule.id, subject_of(folder, former));
  if (one) return finding;
  finding.evidence = std::move(group.evidence);
  return finding;
}

// Reports migrations that the database has run and the folder does not have, for tools whose tracking table
// names each migration.
void check_rows(const Context& context, Reporter& reporter, const MigrationFolder& folder) {
  const TrackingTable* table = tracking_of(context, folder);
  if (!table || !facts_of(folder).rows_name_all) return;
  Group group{"not in the folder", {}, {}};
  for (const auto& row : table->rows) {
    if (row.failed) continue;
    const bool known = std::ranges::any_of(folder.migrations, [&](const MigrationEntry& migration) {
      const auto rows = rows_of(*table, folder, migration);
      return std::ranges::find(rows, &row) != rows.end();
    });
    if (!known)
      group.entries.push_back(row.migration.empty() ? "created_at " + std::to_string(row.when)
                                                    : row.migration);
  }
  if (group.entries.empty()) return;
  const std::string kind = group.kind;
  const std::string text =
      "The database has run a migration (" + group.entries.front() + ") that " + folder.path +
      " does not have: it was deleted, renamed, or belongs to a branch that was never merged.";
  Finding& finding = add(reporter, context.rule(), folder, std::move(group), text);
  finding.verdict = Verdict::confirmed;
  finding.verdict_reason = "a row of " + display(*table);
  finding.fix = manual_fix(std::string(fix_title(kind)));
}

void check_problems(const Context& context, Reporter& reporter, const MigrationFolder& folder) {
  constexpr std::size_t max_evidence = 5;
  const Project& project = context.project();
  std::vector<std::pair<Group, const JournalProblem*>> groups;  // with the first problem
  for (const auto& problem : folder.problems) {
    const auto same =
        std::ranges::find_if(groups, [&](const auto& group) { return group.first.kind == problem.kind; });
    auto& group = same == groups.end() ? groups.emplace_back(Group{problem.kind, {}, {}}, &problem) : *same;
    group.first.entries.push_back(problem.entry);
    if (group.first.evidence.size() < max_evidence)
      group.first.evidence.push_back(project_fact(problem.text, located(project, problem.place)));
  }
  for (auto& [group, first] : groups) {
    std::string text = first->text + ".";
    if (text.starts_with("the ")) text[0] = 'T';
    Finding& finding = add(reporter, context.rule(), folder, std::move(group), text);
    finding.location = located(project, first->place);
    finding.fix = manual_fix(std::string(fix_title(first->kind)));
  }
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& folder : context.project().migrations) {
    check_problems(context, reporter, folder);
    check_rows(context, reporter, folder);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "inconsistent-journal",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::project,
    .summary = "a migration folder whose journal and files do not match",
    .why =
        "A migration tool runs what its journal lists: drizzle's `meta/_journal.json`, sqitch's plan, or the "
        "folders and version numbers of other tools. An entry whose file is missing stops the next "
        "deployment. A file without an entry never runs, although it looks as if it had. Two entries with "
        "the same number usually come from merging two branches. Of several entries of one folder with the "
        "same problem, one finding lists the first.\n\n"
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

}  // namespace pgadvise::rules::inconsistent_journal
