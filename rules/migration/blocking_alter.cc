#include "base/identifier.h"
#include "lint/migrations.h"
#include "lint/type_change.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_rows{
    .name = "rows",
    .fallback = 10000,
    .table_size = true,
    .meaning = "rows of the table, by a server's statistics, from which it is reported"};
constexpr const Option* options[] = {&min_rows};

using Kind = SchemaAction::Kind;
using Cost = TypeChange::Cost;

std::string column_of(const SchemaAction& action) { return display(action.table) + "." + action.columns[0]; }

Subject subject_of(const SchemaAction& action) {
  return {.kind = action.columns.empty() ? "table" : "column",
          .schema = action.table.schema,
          .table = action.table.name,
          .columns = action.columns};
}

void set_not_null(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.proven_not_null) return;
  Finding& finding =
      out.add(site, subject_of(action),
              "SET NOT NULL on " + column_of(action) +
                  " reads the whole table while everybody else waits, readers too" + rows + ".");
  const std::string& column = action.columns[0];
  const std::string check = action.table.name + "_" + column + "_not_null";
  const std::string later = "-- " + in_its_own_transaction(*site.migration) + ":\n";
  finding.fix = Fix{.title =
                        "Prove it first by a check that is validated beside the traffic: SET NOT NULL then "
                        "needs no look at the rows",
                    .sql = ddl::set_not_null_by_check(action.table, column, check, later),
                    .down_sql = ddl::alter_column(action.table, column) + " DROP NOT NULL;",
                    .safety = Fix::Safety::manual};
}

struct Verdict {
  std::string what;  // "" for nothing to say
  std::optional<Severity> severity;
};

// What the change of a type costs.
Verdict judge(const SchemaAction& action, const Context& context) {
  constexpr std::string_view rewrite = "writes every row and every index anew";
  if (action.converts) return {std::string(rewrite), std::nullopt};
  const TypeChange change =
      type_change(action.before ? action.before->type : "", action.after->type, action.enums);
  switch (change.cost) {
    case Cost::rewrite: return {std::string(rewrite), std::nullopt};
    case Cost::in_utc: {
      const auto zone = context.has_catalog() ? context.catalog().settings.find("TimeZone")
                                              : std::map<std::string, std::string>::const_iterator{};
      const bool utc = context.has_catalog() && zone != context.catalog().settings.end() &&
                       (zone->second == "UTC" || zone->second == "Etc/UTC" || zone->second == "GMT");
      if (utc) return action.indexed ? Verdict{"builds the column's indexes anew", std::nullopt} : Verdict{};
      if (action.indexed)
        return {"builds the column's indexes anew, and unless the session's TimeZone is UTC writes every row",
                std::nullopt};
      return {"writes every row anew unless the session's TimeZone is UTC", Severity::note};
    }
    case Cost::none:
      if (action.index_rebuilt)
        return {"builds an index anew that has the column in an expression or predicate", std::nullopt};
      if (action.rechecked)
        return {"reads every row to check a constraint on the column again", std::nullopt};
      if (action.indexed && action.before && action.before->collation != action.after->collation)
        return {"builds the column's indexes anew for the other collation", std::nullopt};
      if (action.indexed &&
          (action.before && action.before->type == "citext") != (action.after->type == "citext"))
        return {"builds the column's indexes anew", std::nullopt};
      return {};
    case Cost::unknown: break;
  }
  return {};
}

void change_type(const Site& site, const Context& context, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  const Verdict verdict = judge(action, context);
  if (verdict.what.empty()) return;
  const std::string types = action.before ? "from " + action.before->type + " to " + action.after->type
                                          : "to " + action.after->type;
  Finding& finding = out.add(site, subject_of(action),
                             "Changing " + column_of(action) + " " + types + " " + verdict.what +
                                 " while everybody else waits, readers too" + rows + ".",
                             verdict.severity);
  finding.fix = Fix{.title =
                        "Add a column of the new type, fill it in batches, keep both in step by a trigger, "
                        "and swap them when the application writes the new one",
                    .safety = Fix::Safety::manual};
  if (verdict.severity)
    finding.fix->title = "SET LOCAL TimeZone = 'UTC' before it, when the values are meant to be UTC";
}

void add_column(const Site& site, SiteReporter& out, const std::string& rows) {
  const SchemaAction& action = *site.action;
  if (action.default_kind != DefaultKind::changing && action.default_kind != DefaultKind::unknown) return;
  std::string because = "its default is volatile (" + action.after->default_expression.value_or("") + ")";
  std::string instead =
      "Add the column nullable and without the default, set the default in a second statement, fill old rows "
      "in batches, then make it NOT NULL if it was to be";
  if (action.detail == "serial" || action.detail == "identity") {
    because = "each gets a number of its own";
    instead =
        "Add the column without the sequence, set the default to nextval() in a second statement, and fill "
        "old rows in batches";
  } else if (action.detail == "generated") {
    because = "the column is generated and stored";
    instead =
        "Add a plain column, fill it in batches and keep it by a trigger; or compute the value in an "
        "expression index or a view";
  } else if (action.default_kind == DefaultKind::unknown) {
    because = "its default (" + action.after->default_expression.value_or("") +
              ") calls a function that is volatile unless it was declared otherwise";
  }
  Finding& finding =
      out.add(site, subject_of(action),
              "Adding " + column_of(action) +
                  " writes every row anew while everybody else waits, readers too: " + because + rows + ".");
  finding.fix = Fix{.title = instead, .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site :
       sites(context, min_rows,
             {Kind::set_not_null, Kind::change_type, Kind::add_column, Kind::rewrite_table})) {
    const std::string rows = rows_known(context, site.action->table);
    switch (site.action->kind) {
      case Kind::set_not_null: set_not_null(site, out, rows); break;
      case Kind::change_type: change_type(site, context, out, rows); break;
      case Kind::add_column: add_column(site, out, rows); break;
      default: {
        Finding& finding = out.add(site, subject_of(*site.action),
                                   site.action->detail + " writes all of " + display(site.action->table) +
                                       " anew while everybody else waits, readers too" + rows + ".");
        finding.fix = Fix{.title = "Take a quiet hour, or copy the table beside the traffic (pg_repack)",
                          .safety = Fix::Safety::manual};
      }
    }
  }
}

}  // namespace

constinit const Rule blocking_alter{
    .id = "blocking-alter",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "an ALTER TABLE that reads or writes the whole table while everybody waits",
    .why =
        "Most forms of ALTER TABLE change the catalog alone and are done in milliseconds. Some read every "
        "row (SET NOT NULL), some write every row and "
        "index anew (most changes of type; a new column with a volatile default, a sequence, or a stored "
        "generated value), under a lock that holds off "
        "readers as well.\n\n"
        "What costs nothing is not reported, as measured on PostgreSQL 15: a longer varchar or text for "
        "varchar, more digits of numeric at the same scale, "
        "more digits of a timestamp, cidr to inet, timestamp to timestamptz in a session whose TimeZone is "
        "UTC, a constant default or now(), SET NOT NULL where a "
        "validated check says IS NOT NULL, and everything on tables that the same migration creates.",
    .fix =
        "The finding has the steps. Whatever the way: `SET lock_timeout` in the migration, so that a lock "
        "that is not to be had ends the migration and not the service.",
    .when_to_ignore = "The table is small, or nobody uses it while migrations run.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
