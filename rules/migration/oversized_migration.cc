#include <set>

#include "lint/migrations.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_statements{.name = "statements",
                                .fallback = 100,
                                .meaning = "statements in one file from which a migration is reported"};
constexpr Option max_tables{
    .name = "tables",
    .fallback = 10,
    .meaning = "existing tables changed by more than drops, from which a migration is reported"};
constexpr const Option* options[] = {&min_statements, &max_tables};

// Drops are fast, so tables that a migration only drops or drops something from do not count.
bool only_drops(SchemaAction::Kind kind) {
  using Kind = SchemaAction::Kind;
  return kind == Kind::drop_index || kind == Kind::drop_constraint || kind == Kind::drop_column ||
         kind == Kind::drop_table || kind == Kind::drop_schema || kind == Kind::drop_type;
}

void check(const Context& context, Reporter& reporter) {
  for (const Migration& migration : context.migrations()) {
    std::set<QualifiedName> tables;
    bool changes = false;  // whether it changes an existing object
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
            " and changes " + grouped(changed) + (changed == 1 ? " existing table." : " existing tables."));
    finding.location = SourceLocation{migration.file, 0, 0};
    const std::string how = how_it_runs(migration);
    finding.evidence.push_back(
        {Evidence::Kind::catalog,
         how.empty() ? "it is not known whether the migration runs in a transaction" : how,
         std::nullopt,
         {}});
    finding.fix =
        Fix{.title = "Split it into migrations that each make one change", .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule oversized_migration{
    .id = "oversized-migration",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::migrations,
    .summary = "a migration that makes many changes at once",
    .why =
        "A migration that runs in one transaction holds the locks on all changed tables until its last "
        "statement. If that statement fails, everything must run again. A migration without a transaction "
        "stops half-way instead. A large migration is also hard to review and hard to revert.\n\n"
        "Tables that the migration itself creates do not count, so the first migration of a project is not "
        "reported for them. Tables from which the migration only drops something do not count either.",
    .fix = "Split it into migrations that each make one change and can be deployed and reverted separately.",
    .when_to_ignore = "It was generated as a whole (a squashed history, a partitioning scheme).",
    .options = options,
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules
