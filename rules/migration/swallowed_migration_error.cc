#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using Swallow = SchemaAction::Swallow;

std::string message_of(const SchemaAction& action, const std::string& text) {
  if (action.swallow == Swallow::every_error)
    return "EXCEPTION WHEN OTHERS hides every failure of this block: whatever it should have done is missing then, and the migration counts as applied.";
  const bool block = text.size() > 1 && (text[0] == 'd' || text[0] == 'D') && (text[1] == 'o' || text[1] == 'O');
  return action.name + " is there already and is not the same: " + action.detail + ". " +
         (block ? "The block passes over it, and what it should have made does not exist." : "IF NOT EXISTS passes over it, and what it should have made does not exist.");
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Migration& migration : context.migrations())
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        if (action.kind != SchemaAction::Kind::swallow) continue;
        Finding& finding = out.add({&migration, &step, &action},
                                   {.kind = action.swallow == Swallow::every_error ? "migration" : "object", .schema = action.table.schema, .table = action.table.name, .constraint = action.name},
                                   message_of(action, step.text));
        if (action.truncated)
          finding.evidence.push_back({Evidence::Kind::catalog, "the name is longer than 63 bytes: the server cuts it, and another long name has become the same", std::nullopt, {}});
        finding.fix = Fix{.title = action.swallow == Swallow::every_error ? "Catch the one condition that is meant (duplicate_object), or let it fail"
                          : action.truncated                              ? "Give it a name of 63 bytes at most"
                                                                          : "Change what is there, or take another name, and let the statement fail when that goes wrong",
                          .safety = Fix::Safety::manual};
      }
}

}  // namespace

constinit const Rule swallowed_migration_error{
    .id = "swallowed-migration-error",
    .severity = Severity::warning,
    .needs = Needs::migrations,
    .summary = "a failure in a migration that passes in silence",
    .why = "`DO $$ BEGIN … EXCEPTION WHEN duplicate_object THEN null; END $$`, which drizzle-kit wrote around CREATE TYPE and ADD CONSTRAINT, and IF NOT "
           "EXISTS ask for the name alone. Is something else there under that name, the migration passes and leaves the other thing: an enum without "
           "the new labels, an index over other columns, a foreign key that was never added because a name cut to 63 bytes had become the name of another.\n\n"
           "The migrations are replayed, so only what really collides is reported: the wrapper around something new, or the same once more, is harmless. "
           "WHEN OTHERS that raises nothing is always reported.",
    .fix = "Let the statement fail, or write down the difference: ALTER TYPE … ADD VALUE, another name, DROP and CREATE.",
    .when_to_ignore = "The difference is meant, and something else sees to it.",
    .check = check};

}  // namespace pgadvise::rules
