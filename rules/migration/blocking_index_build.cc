#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::blocking_index_build {
namespace {

constexpr Option min_rows = rows_option(10000);

using Kind = SchemaAction::Kind;

std::string subject_name(const SchemaAction& action) {
  return action.name.empty() ? join(action.columns, ", ") : action.name;
}

Fix index_fix(const Site& site) {
  const SchemaAction& action = *site.action;
  if (action.table_kind == Table::Kind::partitioned)
    return manual_fix(
        "CONCURRENTLY does not work on a partitioned table: create the index ON ONLY the parent, create one "
        "CONCURRENTLY on each partition, and attach them");
  const bool unnamed = action.name.empty();
  return {.title = outside_transaction(*site.migration,
                                       unnamed ? "CREATE INDEX IF NOT EXISTS with the name of this index"
                                               : "CREATE INDEX IF NOT EXISTS"),
          .sql = ddl::create_index(action.table, *action.index,
                                   {.concurrently = true, .if_not_exists = !unnamed}) +
                 ";",
          .down_sql = unnamed ? "" : ddl::drop_index({action.table.schema, action.name}, true) + ";",
          .safety = Fix::Safety::manual,
          .statement = site.step->place};
}

// REINDEX SCHEMA, DATABASE, SYSTEM: one table after the other.
void report_all(const Site& site, SiteReporter& out) {
  const SchemaAction& action = *site.action;
  Finding& finding =
      out.add(site, {.kind = "object", .entry = action.detail},
              "REINDEX " + action.detail + " blocks all writes to each " +
                  (action.detail.starts_with("SYSTEM ") ? "system catalog" : "table") +
                  ", and every query that would use its indexes, until its indexes are rebuilt.");
  const bool system = action.detail.starts_with("SYSTEM ");
  finding.fix = manual_fix(system ? "Run it during a maintenance window: the indexes of system catalogs "
                                    "cannot be rebuilt CONCURRENTLY"
                                  : "REINDEX the indexes that need it, CONCURRENTLY and one at a time");
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows, {Kind::create_index, Kind::reindex})) {
    const SchemaAction& action = *site.action;
    if (action.concurrently || action.detail == "ONLY") continue;
    if (action.kind == Kind::reindex && !action.detail.empty()) {
      report_all(site, out);
      continue;
    }
    const std::string table = display(action.table);
    const bool create = action.kind == Kind::create_index;
    std::string message =
        create ? "CREATE INDEX " + (action.name.empty() ? "on (" + subject_name(action) + ")" : action.name) +
                     " blocks all writes to " + table + " until the index is built" +
                     rows_known(context, action.table) + "."
               : "REINDEX blocks all writes to " + table +
                     ", and every query that would use the index, until it ends" +
                     rows_known(context, action.table) + ".";
    Finding& finding = out.add(site, index_subject(action.table, subject_name(action)), std::move(message));
    if (const auto how = how_it_runs(*site.migration); !how.empty() && site.step->transaction)
      finding.evidence.push_back(project_fact(how + ": the lock is held until the end of the transaction"));
    if (create) {
      finding.fix = index_fix(site);
    } else {
      finding.fix = manual_fix(outside_transaction(*site.migration, ""));
      if (!action.name.empty())
        finding.fix->sql = "REINDEX INDEX CONCURRENTLY " + quote_name(action.table.schema, action.name) + ";";
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "blocking-index-build",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "an index build in a migration that blocks writes",
    .why =
        "CREATE INDEX holds a SHARE lock until the index is built. Reads continue, but every INSERT, UPDATE "
        "and DELETE waits, and so does the application. On a table of a few hundred megabytes the build "
        "takes seconds to minutes.\n\n"
        "CREATE INDEX CONCURRENTLY scans the table twice and allows writes. It cannot run inside a "
        "transaction. How a migration leaves its tool's transaction depends on the tool: the finding "
        "describes the way for the tool in use.\n\n"
        "Not reported: indexes on tables that the same migration creates and, with the statistics of a "
        "server, indexes on small tables.",
    .fix =
        "Build the index CONCURRENTLY, outside a transaction. A build that fails leaves an invalid index "
        "behind (invalid-index): drop that index and build it again.",
    .when_to_ignore = "The table stays small, or nothing writes to it while migrations run.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::blocking_index_build
