#include <algorithm>

#include "lint/migrations/migration_folders.h"
#include "lint/queries/code.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::reference_data_in_seed {
namespace {

// What code and other rows rely on: "roles", "plan_tiers", "currencies", "order_statuses".
bool named_for_reference_data(const std::string& table) {
  static constexpr std::string_view names[] = {
      "role",     "permission", "tier", "plan", "currency", "country",   "language", "locale",
      "timezone", "status",     "type", "unit", "scope",    "privilege", "state",    "capability"};
  return ends_with_word(singular_name(table), names);
}

bool is_read(const CodeFacts& code, const QualifiedName& table) {
  return std::ranges::any_of(code.queries, [&](const CodeQuery& query) {
    return query.kind == CodeQuery::Kind::select &&
           std::ranges::find(query.tables, table) != query.tables.end();
  });
}

void check(const Context& context, Reporter& reporter) {
  const CodeFacts* code = code_facts(context);
  if (!code) return;
  for (const auto& seeded : code->seeded) {
    const Table* table = context.table(seeded.table);
    if (!table || !named_for_reference_data(table->name.name)) continue;
    const auto& references = context.references_to(table->name);
    if (references.empty() && !is_read(*code, table->name)) continue;
    Finding& finding =
        reporter.add(table_subject(table->name), located(context.project(), seeded.place),
                     "Only the seed script " + seeded.place.file + " inserts the " +
                         (seeded.rows == 1 ? "row" : grouped(seeded.rows) + " rows") + " of " +
                         display(table->name) + ": a database in which the script does not run lacks them.");
    finding.evidence.push_back(
        references.empty() ? project_fact("the application reads the table")
                           : catalog_fact(display(references.front().child->name) + " references the table",
                                          references.front().key->origin));
    finding.fix = manual_fix(
        "Insert the rows in a migration (drizzle-kit generate --custom makes an empty one), with ON CONFLICT "
        "DO NOTHING; leave data for development in the seed script");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "reference-data-in-seed",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = all(Input::code, Input::schema),
    .summary = "rows that the application needs and only a seed script inserts",
    .why =
        "Roles, tiers and currencies belong to the schema: code and other rows rely on them. A seed script "
        "runs in development, by hand or not at all. A new environment, or a production database to which a "
        "role was added later, lacks the rows, and INSERTs that reference them fail. Migrations run "
        "everywhere, once, and in order.\n\n"
        "The rule reads TypeScript seed scripts that use Drizzle. It reports tables named for roles, "
        "permissions, tiers, plans, currencies, countries, statuses, types and similar that another table "
        "references or the application reads, if a seed script inserts constants into them and no migration, "
        "SQL script or application code inserts rows.",
    .fix = "Insert the rows in a migration with `ON CONFLICT DO NOTHING`.",
    .when_to_ignore =
        "The deployment runs the seed script each time, and the script inserts only missing rows.",
    .check = check};

}  // namespace pgadvise::rules::reference_data_in_seed
