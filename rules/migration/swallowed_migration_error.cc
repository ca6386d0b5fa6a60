#include "base/text.h"
#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using Swallow = SchemaAction::Swallow;

std::string message_of(const SchemaAction& action, const std::string& text) {
  if (action.suppress_error == Swallow::every_error)
    return "EXCEPTION WHEN OTHERS hides every failure of this block: whatever it should have done is missing "
           "then, and the migration counts as applied.";
  const bool block =
      text.size() > 1 && (text[0] == 'd' || text[0] == 'D') && (text[1] == 'o' || text[1] == 'O');
  return action.name + " is there already and is not the same: " + action.detail + ". " +
         (block ? "The block passes over it, and what it should have made does not exist."
                : "IF NOT EXISTS passes over it, and what it should have made does not exist.");
}

bool is_block(const SchemaStep& step) {
  return starts_with_nocase(step.text, "do ") || starts_with_nocase(step.text, "do$");
}

const Constraint* constraint(const Catalog& catalog, const QualifiedName& table, const std::string& name) {
  const Table* at = catalog.table(table);
  if (!at) return nullptr;
  for (const auto& each : at->constraints)
    if (each.name == name) return &each;
  return nullptr;
}

// A block that ran on the database, as its tracking table says, and whose constraint is not there: something
// was caught. Constraints of files and of servers are compared by name, which the block gives.
void compare(const Context& context, const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  if (action.kind != SchemaAction::Kind::add_constraint || action.name.empty() || !is_block(*site.step))
    return;
  for (const SchemaComparison& each : context.comparisons()) {
    const Table* table =
        each.database && each.applied_known && each.other ? each.other->table(action.table) : nullptr;
    if (!table || !constraint(*each.migrated, action.table, action.name) ||
        constraint(*each.other, action.table, action.name))
      continue;
    Finding& finding = out.add(
        site,
        {.kind = "object",
         .schema = action.table.schema,
         .table = action.table.name,
         .constraint = action.name},
        "This block has run on " + each.other_name + ", which does not have the constraint " + action.name +
            " that it should have made: the failure was caught, and the migration counts as applied.");
    finding.verdict = Verdict::confirmed;
    finding.evidence.push_back({Evidence::Kind::catalog,
                                each.other_name + " has " + display(action.table) + " without " + action.name,
                                std::nullopt,
                                {}});
    finding.fix = Fix{.title =
                          "Find out what stood in its way (rows that break it, a name that is taken), and "
                          "add it in a new migration, without the handler",
                      .safety = Fix::Safety::manual};
  }
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Migration& migration : context.migrations())
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        compare(context, {&migration, &step, &action}, out);
        if (action.kind != SchemaAction::Kind::suppress_error) continue;
        Finding& finding =
            out.add({&migration, &step, &action},
                    {.kind = action.suppress_error == Swallow::every_error ? "migration" : "object",
                     .schema = action.table.schema,
                     .table = action.table.name,
                     .constraint = action.name},
                    message_of(action, step.text));
        if (action.truncated)
          finding.evidence.push_back({Evidence::Kind::catalog,
                                      "the name is longer than 63 bytes: the server cuts it, and another "
                                      "long name has become the same",
                                      std::nullopt,
                                      {}});
        finding.fix =
            Fix{.title = action.suppress_error == Swallow::every_error
                             ? "Catch the one condition that is meant (duplicate_object), or let it fail"
                         : action.truncated ? "Give it a name of 63 bytes at most"
                                            : "Change what is there, or take another name, and let the "
                                              "statement fail when that goes wrong",
                .safety = Fix::Safety::manual};
      }
}

}  // namespace

constinit const Rule swallowed_migration_error{
    .id = "swallowed-migration-error",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a failure in a migration that passes in silence",
    .why =
        "`DO $$ BEGIN … EXCEPTION WHEN duplicate_object THEN null; END $$`, which drizzle-kit wrote around "
        "CREATE TYPE and ADD CONSTRAINT, and IF NOT "
        "EXISTS ask for the name alone. Is something else there under that name, the migration passes and "
        "leaves the other thing: an enum without "
        "the new labels, an index over other columns, a foreign key that was never added because a name cut "
        "to 63 bytes had become the name of another.\n\n"
        "With a database at hand (--db), a block of the judged migrations that its tracking table says has "
        "run, and whose constraint is not there, is reported as well "
        "(name the file, or give --since: what has run is not judged by itself).\n\n"
        "The migrations are replayed, so only what really collides is reported: the wrapper around something "
        "new, or the same once more, is harmless. "
        "WHEN OTHERS that raises nothing is always reported.",
    .fix =
        "Let the statement fail, or write down the difference: ALTER TYPE … ADD VALUE, another name, DROP "
        "and CREATE.",
    .when_to_ignore = "The difference is meant, and something else sees to it.",
    .check = check};

}  // namespace pgadvise::rules
