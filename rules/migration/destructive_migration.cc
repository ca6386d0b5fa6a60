#include "base/text/text.h"
#include "lint/migrations/migrations.h"
#include "model/schema/type_change.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::destructive_migration {
namespace {

constexpr Option min_rows = rows_option(1);

using Kind = SchemaAction::Kind;

// The action that adds the same column again: a change of its type was probably intended.
const SchemaAction* added_again(const Site& site) {
  return first_action(site.migration->steps, [&](const SchemaAction& action) {
    return action.kind == Kind::add_column && action.table == site.action->table &&
           action.columns == site.action->columns;
  });
}

// Whether the file is a script that drops and creates its tables. It is unknown whether the table existed
// before.
bool created_again(const Site& site) {
  return !site.action->table_known && first_action(site.migration->steps, [&](const SchemaAction& action) {
    return action.kind == Kind::create_table && action.table == site.action->table;
  });
}

Finding& lost(const Site& site, SiteReporter& out, std::string message) {
  return out.add(site, subject_of(*site.action), std::move(message));
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
    finding.fix = manual_fix("ALTER COLUMN … TYPE … USING … keeps the values");
    return;
  }
  Finding& finding = lost(site, out,
                          "Dropping " + name + " deletes its values" + rows +
                              "; queries of the running release that name the column will fail.");
  finding.fix = manual_fix(
      "First deploy code that no longer names the column; drop it in a later migration, after a dump if its "
      "values may be needed");
}

void drop_table(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.table_kind == Table::Kind::materialized_view || created_again(site) || carried_over(site))
    return;
  Finding& finding =
      lost(site, out,
           "DROP TABLE " + display(action.table) + " deletes its rows" + rows +
               (action.detail.empty() ? "" : ", and CASCADE also drops " + action.detail) + ".");
  finding.fix = manual_fix("Rename the table first, and drop it some releases later, after a dump");
}

void change_type(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (!action.before || action.converts) return;
  const TypeChange change = type_change(action.before->type, action.after->type, action.enums);
  const bool cut = action.explicit_cast && change.fails &&
                   (action.after->type.starts_with("character") || action.after->type.starts_with("bit"));
  if (change.drops_zone) {
    Finding& finding = lost(
        site, out,
        "Changing " + display(action.table) + "." + action.columns[0] + " from " + action.before->type +
            " to " + action.after->type +
            " drops the time zone: each value becomes the local time of the session that runs the migration" +
            rows + ".");
    finding.severity = Severity::note;
    finding.fix = manual_fix("Keep timestamptz, or write the zone: USING column AT TIME ZONE 'UTC'");
    return;
  }
  if (!change.loses && !cut) return;
  Finding& finding = lost(site, out,
                          "Changing " + display(action.table) + "." + action.columns[0] + " from " +
                              action.before->type + " to " + action.after->type +
                              (cut ? " with a cast truncates longer values without an error"
                                   : " rounds or truncates values without an error") +
                              rows + ".");
  finding.fix = manual_fix(
      "Check first how many values would change, and keep the old column until nobody needs the old values");
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows,
                                {Kind::drop_table, Kind::drop_column, Kind::drop_schema, Kind::drop_type,
                                 Kind::drop_database, Kind::truncate, Kind::remove, Kind::change_type})) {
    const SchemaAction& action = *site.action;
    const std::string rows = rows_known(context, action.table);
    switch (action.kind) {
      case Kind::drop_column: drop_column(site, out, rows); break;
      case Kind::drop_table: drop_table(site, out, rows); break;
      case Kind::change_type: change_type(site, out, rows); break;
      case Kind::drop_database:
        out.add(site, {.kind = "object", .entry = "database " + action.name},
                "DROP DATABASE " + action.name + " deletes all its tables.", Severity::error);
        break;
      case Kind::drop_type:
        lost(site, out,
             "DROP TYPE " + action.name + " CASCADE drops the column" +
                 (action.columns.size() > 1 ? "s " : " ") + join(action.columns, ", ") + " of " +
                 display(action.table) + rows + ".");
        break;
      case Kind::truncate:
        lost(site, out,
             "TRUNCATE " + display(action.table) + " deletes its rows" + rows +
                 (action.cascade ? ", and CASCADE also truncates every table that references it" : "") + ".");
        break;
      case Kind::remove:
        if (action.rows == Selectivity::all)
          lost(site, out, "DELETE without WHERE deletes every row of " + display(action.table) + rows + ".");
        break;
      default: {
        if (action.reads_from.empty()) break;
        std::vector<std::string> tables;
        for (const auto& name : action.reads_from) tables.push_back(display(name));
        out.add(site, {.kind = "schema", .schema = action.name},
                "DROP SCHEMA " + action.name + " deletes " + join(tables, ", ") + ".");
      }
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "destructive-migration",
    .severity = Severity::warning,
    .harm = Harm::data,
    .needs = Input::migrations,
    .summary = "a migration that deletes data",
    .why =
        "No later migration can restore what DROP, TRUNCATE or DELETE without WHERE removed: that needs a "
        "backup. Dropping a column also breaks the release that still runs during the deployment, because "
        "most ORMs name every column. A type with fewer digits rounds without an error, and `USING "
        "c::varchar(10)` truncates.\n\n"
        "Not reported: objects that the same migration created; a column or table that an earlier INSERT … "
        "SELECT or UPDATE of the same migration reads, because its values were copied; generated columns, "
        "views, indexes and constraints.",
    .fix =
        "Use two steps: first deploy code that does not need the data, then drop it in a later migration, "
        "after a dump. To change a type, use ALTER COLUMN … TYPE … USING instead of DROP and ADD.",
    .when_to_ignore =
        "The data is meant to be deleted. Review the finding once, together with its migration.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::destructive_migration
