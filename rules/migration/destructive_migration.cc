#include "base/text.h"
#include "lint/migrations.h"
#include "lint/type_change.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_rows{
    .name = "rows",
    .fallback = 1,
    .table_size = true,
    .meaning = "rows of the table, by a server's statistics, from which it is reported"};
constexpr const Option* options[] = {&min_rows};

using Kind = SchemaAction::Kind;

// The same column is added again: what was meant is a change of its type.
const SchemaAction* added_again(const Site& site) {
  for (const SchemaStep& step : site.migration->steps)
    for (const SchemaAction& action : step.actions)
      if (action.kind == Kind::add_column && action.table == site.action->table &&
          action.columns == site.action->columns)
        return &action;
  return nullptr;
}

// A script that makes all its tables anew, and no migration: nobody knows whether the table was there.
bool made_anew(const Site& site) {
  if (site.action->table_known) return false;
  for (const SchemaStep& step : site.migration->steps)
    for (const SchemaAction& action : step.actions)
      if (action.kind == Kind::create_table && action.table == site.action->table) return true;
  return false;
}

Finding& lost(const Site& site, SiteReporter& out, std::string message) {
  const SchemaAction& action = *site.action;
  Subject subject{.kind = action.columns.empty() ? "table" : "column",
                  .schema = action.table.schema,
                  .table = action.table.name,
                  .columns = action.columns};
  return out.add(site, std::move(subject), std::move(message));
}

void drop_column(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.on_new_columns || carried_over(site) || (action.before && action.before->generated_expression))
    return;
  const std::string name = display(action.table) + "." + action.columns[0];
  if (const SchemaAction* again = added_again(site)) {
    Finding& finding = lost(site, out,
                            "The column " + name + " is dropped and added again" +
                                (again->after ? " as " + again->after->type : std::string()) +
                                ": its values are lost" + rows + ".");
    finding.fix =
        Fix{.title = "ALTER COLUMN … TYPE … USING … keeps the values", .safety = Fix::Safety::manual};
    return;
  }
  Finding& finding = lost(site, out,
                          "Dropping " + name + " loses its values" + rows +
                              "; a release that still runs meanwhile and names the column fails.");
  finding.fix = Fix{.title =
                        "Deploy code that no longer names the column first; drop it in a later migration, "
                        "with a dump of it when its values may be asked for",
                    .safety = Fix::Safety::manual};
}

void drop_table(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.table_kind == Table::Kind::materialized_view || made_anew(site) || carried_over(site)) return;
  Finding& finding =
      lost(site, out,
           "DROP TABLE " + display(action.table) + " loses its rows" + rows +
               (action.detail.empty() ? "" : ", and CASCADE takes " + action.detail + " with it") + ".");
  finding.fix = Fix{.title = "Rename the table first and drop it some releases later, with a dump at hand",
                    .safety = Fix::Safety::manual};
}

void change_type(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (!action.before || action.converts) return;
  const TypeChange change = type_change(action.before->type, action.after->type, action.enums);
  const bool cut = action.explicit_cast && change.fails &&
                   (action.after->type.starts_with("character") || action.after->type.starts_with("bit"));
  if (!change.loses && !cut) return;
  Finding& finding = lost(site, out,
                          "Changing " + display(action.table) + "." + action.columns[0] + " from " +
                              action.before->type + " to " + action.after->type +
                              (cut ? " by a cast cuts what is too long, without an error"
                                   : " rounds or cuts values, without an error") +
                              rows + ".");
  finding.fix = Fix{
      .title = "Look first how many values change by it, and keep the old column until nobody asks for them",
      .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows,
                                {Kind::drop_table, Kind::drop_column, Kind::drop_schema, Kind::drop_type,
                                 Kind::truncate, Kind::remove, Kind::change_type})) {
    const SchemaAction& action = *site.action;
    const std::string rows = rows_known(context, action.table);
    switch (action.kind) {
      case Kind::drop_column: drop_column(site, out, rows); break;
      case Kind::drop_table: drop_table(site, out, rows); break;
      case Kind::change_type: change_type(site, out, rows); break;
      case Kind::drop_type:
        lost(site, out,
             "DROP TYPE " + action.name + " CASCADE drops the column" +
                 (action.columns.size() > 1 ? "s " : " ") + join(action.columns, ", ") + " of " +
                 display(action.table) + rows + ".");
        break;
      case Kind::truncate:
        lost(site, out,
             "TRUNCATE " + display(action.table) + " loses its rows" + rows +
                 (action.cascade ? ", and CASCADE those of every table that references it" : "") + ".");
        break;
      case Kind::remove:
        if (action.rows == Selectivity::all)
          lost(site, out, "DELETE without WHERE loses every row of " + display(action.table) + rows + ".");
        break;
      default: {
        if (action.reads_from.empty()) break;
        std::vector<std::string> tables;
        for (const auto& name : action.reads_from) tables.push_back(display(name));
        out.add(site, {.kind = "schema", .schema = action.name},
                "DROP SCHEMA " + action.name + " loses " + join(tables, ", ") + ".");
      }
    }
  }
}

}  // namespace

constinit const Rule destructive_migration{
    .id = "destructive-migration",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a migration that loses data",
    .why =
        "What DROP, TRUNCATE and DELETE without WHERE take is in no later migration: the way back is a "
        "backup. A dropped column also breaks the release that "
        "still runs while the new one is deployed, since most ORMs name every column. A type with fewer "
        "digits rounds in silence, and `USING c::varchar(10)` cuts.\n\n"
        "Not reported: what the same migration made; a column or table that an earlier INSERT … SELECT or "
        "UPDATE of the same migration reads, since its values were "
        "carried over; generated columns, views, indexes and constraints.",
    .fix =
        "In two steps: code first that does without it, the drop in a later migration; a dump before. To "
        "change a type, ALTER COLUMN … TYPE … USING in place of DROP and ADD.",
    .when_to_ignore = "The data is meant to go. A finding is read once, with the migration that it is about.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
