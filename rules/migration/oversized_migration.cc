#include <set>

#include "lint/migrations.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_statements{.name = "statements", .fallback = 100, .meaning = "statements in one file"};
constexpr Option max_tables{
    .name = "tables",
    .fallback = 10,
    .meaning = "tables that were there before and that it changes by more than drops"};
constexpr const Option* options[] = {&min_statements, &max_tables};

// Over in no time, however many: clearing away is one thing.
bool only_drops(SchemaAction::Kind kind) {
  using Kind = SchemaAction::Kind;
  return kind == Kind::drop_index || kind == Kind::drop_constraint || kind == Kind::drop_column ||
         kind == Kind::drop_table || kind == Kind::drop_schema || kind == Kind::drop_type;
}

void check(const Context& context, Reporter& reporter) {
  for (const Migration& migration : context.migrations()) {
    std::set<QualifiedName> tables;
    bool changes = false;  // something that was there before
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        if (action.on_new_table || action.kind == SchemaAction::Kind::suppress_error ||
            action.table.name.empty())
          continue;
        changes = true;
        if (!only_drops(action.kind)) tables.insert(action.table);
      }
    const double statements = static_cast<double>(migration.steps.size());
    const double changed = static_cast<double>(tables.size());
    if (!changes || (statements < context.option(min_statements) && changed < context.option(max_tables)))
      continue;
    Finding& finding = reporter.add(
        {.kind = "migration", .file = migration.file, .entry = migration.entry},
        "The migration has " + grouped(statements) + (statements == 1 ? " statement" : " statements") +
            " and changes " + grouped(changed) + (changed == 1 ? " table that was" : " tables that were") +
            " there before.");
    finding.location = SourceLocation{migration.file, 0, 0};
    const std::string how = how_it_runs(migration);
    finding.evidence.push_back(
        {Evidence::Kind::catalog, how.empty() ? "how it is run is not known" : how, std::nullopt, {}});
    finding.fix =
        Fix{.title = "Cut it into migrations that each do one thing", .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule oversized_migration{
    .id = "oversized-migration",
    .severity = Severity::note,
    .needs = Input::migrations,
    .summary = "a migration that changes a great deal at once",
    .why =
        "Where a migration runs in one transaction it holds the locks of all tables that it changes until "
        "its last statement, and when that fails, all is to be done again; where it does not, it stops "
        "half-way. "
        "A reviewer sees no single change in it, and the way back is as long.\n\n"
        "Tables that the migration makes itself do not count, so the first one of a project is not reported "
        "for them; nor do tables of which it only drops something.",
    .fix =
        "Cut it into migrations that each do one thing and can be deployed, and taken back, by themselves.",
    .when_to_ignore = "It was generated as a whole (a squashed history, a partitioning scheme).",
    .options = options,
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules
