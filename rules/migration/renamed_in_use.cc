#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option min_rows{
    .name = "rows",
    .fallback = 0,
    .table_size = true,
    .meaning = "rows of the table, by a server's statistics, from which it is reported"};
static constexpr const Option* options[] = {&min_rows};

using Kind = SchemaAction::Kind;

// A view that takes the old name's place.
static bool stands_in(const Site& site) {
  for (const SchemaStep& step : site.migration->steps)
    for (const SchemaAction& action : step.actions)
      if (action.kind == Kind::create_view && action.table == site.action->table) return true;
  return false;
}

static void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site :
       sites(context, min_rows,
             {Kind::rename_table, Kind::rename_column, Kind::drop_table, Kind::drop_column})) {
    const SchemaAction& action = *site.action;
    if (action.on_new_columns || action.table_kind == Table::Kind::materialized_view || stands_in(site))
      continue;
    const bool column = !action.columns.empty();
    const bool drop = action.kind == Kind::drop_table || action.kind == Kind::drop_column;
    if (drop && !carried_over(site)) continue;  // destructive-migration
    const std::string from = display(action.table) + (column ? "." + action.columns[0] : "");
    const std::string to = action.detail.empty() ? action.name : action.detail + "." + action.name;
    Finding& finding = out.add(
        site,
        {.kind = column ? "column" : "table",
         .schema = action.table.schema,
         .table = action.table.name,
         .columns = action.columns},
        (drop ? "Dropping " + from + ", which this migration reads first,"
              : "Renaming " + from + " to " + to) +
            " breaks the release that still runs while the new one is deployed, and the way back to it.");
    if (drop) {
      finding.fix = Fix{.title = "Write both places for a release, and drop the old one in a later migration",
                        .safety = Fix::Safety::manual};
      continue;
    }
    finding.fix =
        Fix{.title = column ? "Add the new column, write both, fill it, read it, and drop the old one some "
                              "releases later; or keep the name, and change it in the code alone"
                            : "Rename it together with a view of the old name, which takes simple writes as "
                              "well, and drop the view some releases later",
            .safety = Fix::Safety::manual};
  }
}

constinit const Rule renamed_in_use{
    .id = "renamed-in-use",
    .severity = Severity::note,
    .needs = Input::migrations,
    .summary = "a table or column renamed or moved under the release that runs",
    .why =
        "The rename itself takes no time. But the migration and the new code never start in the same moment: "
        "until every process of the old release has "
        "ended, its queries name what is no longer there, and after a rollback of the code all of them do. "
        "To copy a column or table and to drop it "
        "in the same migration is the same.",
    .fix =
        "Most ORMs let the code have another name than the database: rename it there. Else in steps: the new "
        "name beside the old, both written, the old one dropped later.",
    .when_to_ignore = "The application is stopped while migrations run.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
