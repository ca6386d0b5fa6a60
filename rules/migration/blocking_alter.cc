#include "lint/migrations/migrations.h"
#include "model/schema/ddl.h"
#include "model/schema/type_change.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::blocking_alter {
namespace {

constexpr Option min_rows = rows_option(10000);

using Kind = SchemaAction::Kind;
using Cost = TypeChange::Cost;

std::string column_of(const SchemaAction& action) { return display(action.table) + "." + action.columns[0]; }

void set_not_null(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.proven_not_null || action.on_null_columns) return;  // required-column-without-default
  Finding& finding =
      out.add(site, subject_of(action),
              "SET NOT NULL on " + column_of(action) +
                  " scans the whole table under a lock that blocks reads and writes" + rows + ".");
  const std::string& column = action.columns[0];
  const std::string check = action.table.name + "_" + column + "_not_null";
  const std::string later = "-- " + in_its_own_transaction(*site.migration) + ":\n";
  finding.fix = Fix{.title =
                        "Validate a CHECK constraint first, which blocks neither reads nor writes: SET NOT "
                        "NULL then does not scan the table",
                    .sql = ddl::set_not_null_by_check(action.table, column, check, later),
                    .down_sql = ddl::alter_column(action.table, column) + " DROP NOT NULL;",
                    .safety = Fix::Safety::manual,
                    .statement = site.step->place};
}

struct Consequence {
  std::string what;  // "" if the change is cheap
  std::optional<Severity> severity;
};

// What a change of type does to the table and its indexes.
Consequence consequence_of(const SchemaAction& action, const Context& context) {
  constexpr std::string_view rewrite = "rewrites the table and all its indexes";
  if (action.converts) return {std::string(rewrite), std::nullopt};
  const TypeChange change =
      type_change(action.before ? action.before->type : "", action.after->type, action.enums);
  switch (change.cost) {
    case Cost::rewrite: return {std::string(rewrite), std::nullopt};
    case Cost::in_utc:
      if (sessions_in_utc(context))
        return action.indexed ? Consequence{"rebuilds the column's indexes", std::nullopt} : Consequence{};
      if (action.indexed)
        return {"rebuilds the column's indexes and, unless the session's TimeZone is UTC, rewrites the table",
                std::nullopt};
      return {"rewrites the table, unless the session's TimeZone is UTC,", Severity::note};
    case Cost::none:
      if (action.index_rebuilt)
        return {"rebuilds an index that has the column in an expression or predicate", std::nullopt};
      if (action.rechecked)
        return {"scans the whole table to check a constraint on the column again", std::nullopt};
      if (action.indexed && action.before && action.before->collation != action.after->collation)
        return {"rebuilds the column's indexes for the other collation", std::nullopt};
      if (action.indexed &&
          (action.before && action.before->type == "citext") != (action.after->type == "citext"))
        return {"rebuilds the column's indexes", std::nullopt};
      return {};
    case Cost::unknown: break;
  }
  return {};
}

void change_type(const Site& site, const Context& context, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  const Consequence consequence = consequence_of(action, context);
  if (consequence.what.empty()) return;
  const std::string types = action.before ? "from " + action.before->type + " to " + action.after->type
                                          : "to " + action.after->type;
  Finding& finding = out.add(site, subject_of(action),
                             "Changing " + column_of(action) + " " + types + " " + consequence.what +
                                 " under a lock that blocks reads and writes" + rows + ".",
                             consequence.severity);
  finding.fix = Fix{.title =
                        "Add a column of the new type, keep both columns in sync with a trigger, fill the "
                        "new one in batches, and swap them once the application writes the new column",
                    .safety = Fix::Safety::manual,
                    .statement = site.step->place};
  if (!consequence.severity) return;
  finding.fix->title = "If the values are in UTC, SET LOCAL TimeZone = 'UTC' before the ALTER TABLE";
  finding.fix->statement = std::nullopt;
}

void add_column(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.default_kind != DefaultKind::changing && action.default_kind != DefaultKind::unknown) return;
  std::string because = "its default is volatile (" + action.after->default_expression.value_or("") + ")";
  std::string instead =
      "Add the column nullable and without the default, set the default in a second statement, fill existing "
      "rows in batches, then set NOT NULL where required";
  if (action.detail == "serial" || action.detail == "identity") {
    because = "each row gets a number of its own";
    instead =
        "Add the column without the sequence, set the default to nextval() in a second statement, and fill "
        "existing rows in batches";
  } else if (action.detail == "generated") {
    because = "the column is generated and stored";
    instead =
        "Add a plain column, fill it in batches and maintain it with a trigger; or compute the value in an "
        "expression index or a view";
  } else if (action.default_kind == DefaultKind::unknown) {
    because = "its default (" + action.after->default_expression.value_or("") +
              ") calls a function that is volatile unless declared otherwise";
  }
  Finding& finding = out.add(site, subject_of(action),
                             "Adding " + column_of(action) +
                                 " rewrites the table under a lock that blocks reads and writes, because " +
                                 because + rows + ".");
  finding.fix = Fix{.title = instead, .safety = Fix::Safety::manual, .statement = site.step->place};
}

void refresh_view(const Site& site, SiteReporter& out) {
  if (site.action->concurrently) return;
  const std::string view = display(site.action->table);
  Finding& finding =
      out.add(site, subject_of(*site.action),
              "REFRESH MATERIALIZED VIEW " + view + " blocks reads of " + view + " until its query has run.");
  finding.fix = manual_fix(
      "REFRESH MATERIALIZED VIEW CONCURRENTLY; the view needs a unique index over all rows, and must have "
      "been filled before");
}

void attach_partition(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.proven_in_bound) return;
  Finding& finding = out.add(
      site, subject_of(action),
      "ATTACH PARTITION scans all of " + display(action.table) +
          " under a lock that blocks reads and writes, because no validated CHECK shows that its rows fit" +
          rows + ".");
  finding.fix = manual_fix("Add a CHECK with the partition's bound NOT VALID, validate it " +
                           in_its_own_transaction(*site.migration) + ", then attach, and drop the CHECK");
}

void detach_partition(const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  if (action.concurrently) return;
  Finding& finding =
      out.add(site, subject_of(action),
              "DETACH PARTITION " + action.name + " waits for a lock on " + display(action.table) +
                  ", and blocks reads and writes of all its partitions while it waits.",
              Severity::note);
  finding.fix = manual_fix(
      "DETACH PARTITION … CONCURRENTLY (PostgreSQL 14 and later), outside a transaction; else set "
      "lock_timeout");
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows,
                                {Kind::set_not_null, Kind::change_type, Kind::add_column, Kind::rewrite_table,
                                 Kind::refresh_view, Kind::attach_partition, Kind::detach_partition})) {
    const std::string rows = rows_known(context, site.action->table);
    switch (site.action->kind) {
      case Kind::set_not_null: set_not_null(site, out, rows); break;
      case Kind::change_type: change_type(site, context, out, rows); break;
      case Kind::add_column: add_column(site, out, rows); break;
      case Kind::refresh_view: refresh_view(site, out); break;
      case Kind::attach_partition: attach_partition(site, out, rows); break;
      case Kind::detach_partition: detach_partition(site, out); break;
      default: {
        const SchemaAction& action = *site.action;
        const bool all = action.table.name.empty();
        Finding& finding = out.add(
            site, all ? Subject{.kind = "object", .entry = action.detail} : subject_of(action),
            action.detail + " rewrites " +
                (all ? "every table of the database" +
                           std::string(action.detail == "CLUSTER" ? " that was clustered before" : "") +
                           ", each"
                     : display(action.table)) +
                " under a lock that blocks reads and writes" + rows + ".");
        finding.fix =
            manual_fix("Run it during a maintenance window, or rewrite the table online with pg_repack");
      }
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "blocking-alter",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a statement that scans or rewrites a whole table and blocks reads and writes",
    .why =
        "Most forms of ALTER TABLE change only the catalog and take milliseconds. Some scan every row (SET "
        "NOT NULL). Some rewrite every row and index: most changes of type, and a new column with a volatile "
        "default, a sequence or a stored generated value. All of them hold a lock that blocks reads as well "
        "as writes.\n\n"
        "Forms that neither scan nor rewrite, as measured on PostgreSQL 15, are not reported. These changes "
        "of type are cheap: a longer varchar, text for varchar, more digits of numeric at the same scale, "
        "more digits of a timestamp, cidr to inet, and timestamp to timestamptz in a session whose TimeZone "
        "is UTC. A new column with a constant default or now() is cheap, and so is SET NOT NULL where a "
        "validated CHECK says IS NOT NULL. Tables that the same migration creates are left out.\n\n"
        "The rule also reports REFRESH MATERIALIZED VIEW without CONCURRENTLY, ATTACH PARTITION of a table "
        "without a validated CHECK that names the columns of the partition key, and, as a note, DETACH "
        "PARTITION without CONCURRENTLY.",
    .fix =
        "The finding has the steps. In every case, set `lock_timeout` in the migration. A lock that cannot "
        "be acquired then fails the migration instead of blocking the service.",
    .when_to_ignore = "The table is small, or nobody uses it while migrations run.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::blocking_alter
