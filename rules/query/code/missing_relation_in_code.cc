#include <map>
#include <string>
#include <vector>

#include "base/text/text.h"
#include "lint/migrations/migration_folders.h"
#include "lint/queries/code.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::missing_relation_in_code {
namespace {

void report_undeclared(const Context& context, Reporter& reporter, const CodeFacts& code) {
  CodeSubjects subjects;
  for (const auto& found : code.undeclared_relations) {
    const std::string table = display(found.table);
    Finding& finding =
        reporter.add(subjects.make("with " + found.name + " of " + table, found.place.file, found.function),
                     located(context.project(), found.place),
                     "`with`" + in_function(found.function) + " names " + found.name + ", but " + table +
                         " has no relation of that name: drizzle-orm throws when the query runs.",
                     Severity::warning);
    finding.fix = manual_fix("Declare the relation in relations() or defineRelations(), or correct the name");
  }
}

// Foreign keys by the schema of their table.
void report_keys_without_relation(const Context& context, Reporter& reporter, const CodeFacts& code) {
  const auto& [in_with, related] = code.relational;
  std::map<std::string, std::vector<const Constraint*>> keys;
  std::map<const Constraint*, std::string> texts;
  for (const Table* table : checked_tables(context)) {
    if (in_with.count(table->name) == 0) continue;
    for (const Constraint& key : own_foreign_keys(*table)) {
      const QualifiedName& target = key.referenced_table;
      if (target == table->name || in_with.count(target) == 0 || related.count({table->name, target}) > 0)
        continue;
      keys[table->name.schema].push_back(&key);
      texts[&key] = display(table->name) + " (" + join(key.columns, ", ") + ") to " + display(target);
    }
  }
  for (const auto& [schema, found] : keys) {
    std::vector<std::string> names;
    for (const auto* key : found) names.push_back(texts[key]);
    Finding& finding = reporter.add(
        {.kind = "schema", .schema = schema}, found.front()->origin,
        "Drizzle's relations lack " +
            (found.size() == 1 ? "a foreign key" : std::to_string(found.size()) + " foreign keys") +
            " between tables that `with` reads: " + enumerated(names) +
            ". `with` cannot read these tables together.");
    finding.fix = manual_fix("Declare a relation for each key, in relations() or defineRelations()");
  }
}

void check(const Context& context, Reporter& reporter) {
  const CodeFacts& code = *code_facts(context);
  report_undeclared(context, reporter, code);
  if (context.has_catalog()) report_keys_without_relation(context, reporter, code);
}

}  // namespace

constinit const Rule rule{
    .id = "missing-relation-in-code",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::code,
    .summary = "`with` in Drizzle code without the relation that it needs",
    .why =
        "`db.query.orders.findMany({ with: { customer: true } })` needs a relation `customer` of orders. A "
        "foreign key is none: drizzle-orm knows only what `relations()` or `defineRelations()` declare. "
        "Without the relation, it throws before it sends a query: `Cannot read properties of undefined` in "
        "version 0.44, `Unknown relation` in 1.0.0-rc.5. TypeScript finds the wrong name, unless the code is "
        "JavaScript or the type of the database is lost. This finding is a warning.\n\n"
        "A note, one for each schema, names foreign keys between tables that the code reads by `with`, if no "
        "relation connects the two tables in either direction. Code then reads the second table by a query "
        "of its own, often once for each row.\n\n"
        "pgadvise reads relations in all TypeScript and JavaScript files. If a relation is of a table that "
        "is not known, the rule reports nothing. If the relations of one table are computed or spread, the "
        "rule leaves out this table. Names in `with` whose value is neither `true` nor an object are left "
        "out.",
    .fix = "Declare the relation, or correct the name in `with`.",
    .when_to_ignore = "No code needs both tables together.",
    .check = check};

}  // namespace pgadvise::rules::missing_relation_in_code
