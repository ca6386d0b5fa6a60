#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/text/text.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::oversized_migration {
namespace {

constexpr Option min_statements{"statements", 100,
                                "statements in one file from which a migration is reported"};
constexpr Option max_tables{"tables", 10,
                            "existing tables changed by more than drops, from which a migration is reported"};
constexpr Option max_features{
    "features", 4, "groups of related tables that get tables or columns, from which a migration is reported"};

// Drops are fast, so tables that a migration only drops or drops something from do not count.
bool only_drops(SchemaAction::Kind kind) {
  using Kind = SchemaAction::Kind;
  return kind == Kind::drop_index || kind == Kind::drop_constraint || kind == Kind::drop_column ||
         kind == Kind::drop_table || kind == Kind::drop_schema || kind == Kind::drop_type;
}

// Tables that a foreign key connects, or a word of their names.
bool related(const Context& context, const QualifiedName& a, const QualifiedName& b) {
  const auto references = [&](const QualifiedName& from, const QualifiedName& to) {
    const Table* table = context.table(from);
    return table && std::ranges::any_of(foreign_keys(*table),
                                        [&](const Constraint& key) { return key.referenced_table == to; });
  };
  if (references(a, b) || references(b, a)) return true;
  const auto words = singular_words(a.name), others = singular_words(b.name);
  return std::ranges::any_of(words, [&](const std::string& word) { return contains(others, word); });
}

// The groups of related tables that the migration creates or gives columns, each by its first table. The same
// column in several tables is one feature.
std::vector<std::vector<QualifiedName>> features(const Context& context, const Migration& migration) {
  constexpr std::size_t most = 200;  // tables; more are no question of groups
  std::map<QualifiedName, std::set<std::string>> added;
  for (const SchemaStep& step : migration.steps)
    for (const SchemaAction& action : step.actions) {
      if (action.table.name.empty() || added.size() > most) continue;
      if (action.kind == SchemaAction::Kind::create_table) added[action.table].insert("");
      if (action.kind == SchemaAction::Kind::add_column && !action.on_new_table)
        added[action.table].insert(action.columns.begin(), action.columns.end());
    }
  std::vector<std::pair<std::vector<QualifiedName>, std::set<std::string>>> groups;
  for (const auto& [table, columns] : added) {
    std::pair<std::vector<QualifiedName>, std::set<std::string>> joined{{table}, columns};
    std::erase_if(groups, [&](const auto& group) {
      const bool same_columns = !columns.contains("") && group.second == columns;
      if (!same_columns && std::ranges::none_of(group.first, [&](const QualifiedName& other) {
            return related(context, table, other);
          }))
        return false;
      joined.first.insert(joined.first.end(), group.first.begin(), group.first.end());
      joined.second.insert(group.second.begin(), group.second.end());
      return true;
    });
    groups.push_back(std::move(joined));
  }
  std::vector<std::vector<QualifiedName>> out;
  for (auto& group : groups) out.push_back(std::move(group.first));
  return out;
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
    const auto groups = changes ? features(context, migration) : std::vector<std::vector<QualifiedName>>{};
    const bool several = groups.size() >= context.option(max_features);
    if (!changes ||
        (statements < context.option(min_statements) && changed < context.option(max_tables) && !several))
      continue;
    Finding& finding = reporter.add(
        {.kind = "migration", .file = migration.file, .entry = migration.entry},
        SourceLocation{migration.file, 0, 0},
        "The migration has " + grouped(statements) + (statements == 1 ? " statement" : " statements") +
            " and changes " + grouped(changed) + (changed == 1 ? " existing table." : " existing tables."));
    if (several) {
      std::vector<std::string> names;
      for (const auto& group : groups)
        if (names.size() < 8) names.push_back(display(group.back()));
      finding.evidence.push_back(
          catalog_fact("it adds tables or columns in " + grouped(groups.size()) +
                       " groups of tables that nothing connects, among them those of " + join(names, ", ")));
    }
    const std::string how = how_it_runs(migration);
    finding.evidence.push_back(
        catalog_fact(how.empty() ? "it is not known whether the migration runs in a transaction" : how));
    finding.fix = manual_fix("Split it into migrations that each make one change");
  }
}

}  // namespace

constinit const Rule rule{
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
        "reported for them. Tables from which the migration only drops something do not count either.\n\n"
        "A smaller migration is reported, too, if it adds tables or columns in several groups of tables that "
        "neither a foreign key nor a word of their names connects: probably several features in one file, of "
        "which none can be reverted alone.",
    .fix = "Split it into migrations that each make one change and can be deployed and reverted separately.",
    .when_to_ignore = "It was generated as a whole (a squashed history, a partitioning scheme).",
    .options = {&min_statements, &max_tables, &max_features},
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules::oversized_migration
