#include <map>
#include <utility>

#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::renamed_in_use {

static constexpr Option min_rows = rows_option(0);

using Kind = SchemaAction::Kind;

// Whether the migration creates a view with the old name.
static bool replaced_by_view(const Site& site) {
  return first_action(site.migration->steps, [&](const SchemaAction& action) {
    return action.kind == Kind::create_view && action.table == site.action->table;
  });
}

// The table, and the column if one is renamed.
using Name = std::pair<QualifiedName, std::string>;

static Name new_name(const SchemaAction& action) {
  if (action.kind == Kind::rename_column) return {action.table, action.name};
  return {renamed_table(action), {}};
}

// Whether the table or column has its name again at the end of the migration.
static bool renamed_back(const Site& site) {
  if (site.action->kind != Kind::rename_table && site.action->kind != Kind::rename_column) return false;
  std::map<Name, Name> first_name;  // by the current name
  Name renamed;
  for (const SchemaStep& step : site.migration->steps)
    for (const SchemaAction& action : step.actions) {
      if (action.kind != site.action->kind) continue;
      const Name from{action.table, action.columns.empty() ? std::string() : action.columns[0]};
      const auto known = first_name.extract(from);
      const Name first = known ? known.mapped() : from;
      first_name[new_name(action)] = first;
      if (&action == site.action) renamed = first;
    }
  const auto now = first_name.find(renamed);
  return now != first_name.end() && now->second == renamed;
}

// A schema or a value of an enum: nothing can keep the old name.
static void report_other(const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  const bool schema = action.kind == Kind::rename_schema;
  Finding& finding = out.add(
      site,
      schema ? Subject{.kind = "schema", .schema = action.name}
             : Subject{.kind = "object", .schema = action.table.schema, .entry = "enum " + action.name},
      (schema ? "Renaming the schema " + action.name + " to " + action.detail
              : "Renaming the value " + action.columns[0] + " of the enum " + action.name + " to " +
                    action.detail) +
          " breaks the running release until the new one replaces it, and again after a rollback.");
  finding.fix =
      manual_fix(schema ? "Keep the name, or move the tables one by one and leave views in the old schema"
                        : "Add the new value, write it for one release, update the rows that have the old "
                          "one, and leave the old value unused");
}

static void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows,
                                {Kind::rename_table, Kind::rename_column, Kind::drop_table, Kind::drop_column,
                                 Kind::rename_schema, Kind::rename_value})) {
    const SchemaAction& action = *site.action;
    if (action.kind == Kind::rename_schema || action.kind == Kind::rename_value) {
      report_other(site, out);
      continue;
    }
    if (action.on_new_columns || action.table_kind == Table::Kind::materialized_view ||
        replaced_by_view(site) || renamed_back(site))
      continue;
    const bool column = !action.columns.empty();
    const bool drop = action.kind == Kind::drop_table || action.kind == Kind::drop_column;
    if (drop && !carried_over(site)) continue;  // destructive-migration
    const std::string from = display(action.table) + (column ? "." + action.columns[0] : "");
    const std::string to = action.detail.empty() ? action.name : action.detail + "." + action.name;
    Finding& finding =
        out.add(site, subject_in(action.table, column ? "column" : "table", action.columns),
                (drop ? "Dropping " + from + ", which this migration copies first,"
                      : "Renaming " + from + " to " + to) +
                    " breaks the running release until the new one replaces it, and again after a rollback.");
    if (drop) {
      finding.fix =
          manual_fix("Write to both places for one release, and drop the old one in a later migration");
      continue;
    }
    finding.fix =
        manual_fix(column ? "Add the new column, write to both, fill the new one, read from it, and drop the "
                            "old one some releases later; or keep the name, and rename only in the code"
                          : "Rename the table and create a view with the old name, which also accepts simple "
                            "writes; drop the view some releases later");
  }
}

constinit const Rule rule{
    .id = "renamed-in-use",
    .severity = Severity::note,
    .harm = Harm::deployment,
    .needs = Input::migrations,
    .summary = "a table or column that is renamed or moved while the running release uses it",
    .why =
        "The rename itself takes no time. But the migration and the new code never start at the same moment. "
        "Until every process of the old release has ended, its queries use a name that no longer exists. "
        "After a rollback of the code, all of them do. Copying a column or table and dropping it in the same "
        "migration has the same effect.",
    .fix =
        "Most ORMs can use another name in the code than in the database: rename it only there. Otherwise "
        "work in steps: add the new name beside the old one, write to both, and drop the old one later.",
    .when_to_ignore = "The application is stopped while migrations run.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::renamed_in_use
