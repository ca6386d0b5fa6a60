#include "lint/migrations/migrations.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::required_column_without_default {
namespace {

constexpr Option min_rows = rows_option(1);

using Kind = SchemaAction::Kind;

// Whether an earlier TRUNCATE or unqualified DELETE of the same migration empties the table.
bool emptied_before(const Site& site) {
  return first_action(steps_before(site), [&](const SchemaAction& action) {
    return action.table == site.action->table &&
           (action.kind == Kind::truncate ||
            (action.kind == Kind::remove && action.rows == Selectivity::all));
  });
}

std::string added_as(const SchemaAction& action) {
  return action.domain_not_null
             ? "of the domain " + action.after->type + ", which is NOT NULL, without a default"
             : "as NOT NULL without a default";
}

// ADD COLUMN, and SET NOT NULL behind it, with no statement that fills the column in between.
void never_filled(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  Finding& finding = out.add(site, subject_of(action),
                             "SET NOT NULL on " + display(action.table) + "." + action.columns[0] +
                                 " fails if the table has any rows" + rows +
                                 ": the migration adds the column without a default and does not fill it.",
                             rows.empty() ? std::nullopt : std::optional(Severity::error));
  finding.fix = manual_fix("Fill the column before SET NOT NULL, or add it with a constant default");
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows, {Kind::add_column, Kind::set_not_null})) {
    const SchemaAction& action = *site.action;
    if (action.kind == Kind::set_not_null) {
      if (action.on_null_columns && !emptied_before(site))
        never_filled(site, out, rows_known(context, action.table));
      continue;
    }
    if (!action.after || (!action.after->not_null && !action.domain_not_null) ||
        action.default_kind != DefaultKind::none || emptied_before(site))
      continue;
    const bool by_domain = action.domain_not_null;
    Column nullable = *action.after;
    nullable.not_null = false;
    Finding& finding =
        out.add(site, subject_of(action),
                "Adding " + display(action.table) + "." + action.columns[0] + " " + added_as(action) +
                    " fails if the table has any rows" + rows_known(context, action.table) + ".",
                rows_known(context, action.table).empty() ? std::nullopt : std::optional(Severity::error));
    if (by_domain) {
      finding.fix = manual_fix("Give the column a default; no column of the domain can be empty");
      continue;
    }
    finding.fix = Fix{.title = "Add the column nullable, fill it, then set NOT NULL",
                      .sql = ddl::add_column(action.table, nullable) + ";\n-- fill it, then:\n" +
                             ddl::alter_column(action.table, nullable.name) + " SET NOT NULL;",
                      .down_sql = ddl::drop_column(action.table, nullable.name) + ";",
                      .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule rule{
    .id = "required-column-without-default",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::migrations,
    .summary = "a NOT NULL column that is added without a default",
    .why =
        "Existing rows have no value for the new column, and NOT NULL forbids that. The default and the NOT "
        "NULL of a domain count, too. The migration succeeds on an empty development database and fails on "
        "the first database with rows. The finding is an error where the statistics of a server show that "
        "the table has rows.",
    .fix =
        "Give the column a constant default, which rewrites no row. Or add it nullable, fill it, and set NOT "
        "NULL afterwards.",
    .when_to_ignore = "The table is empty in every database that has not run the migration yet.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::required_column_without_default
