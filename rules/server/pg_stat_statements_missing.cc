#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::pg_stat_statements_missing {

static void check(const Context& context, Reporter& reporter) {
  const std::string* libraries = context.setting("shared_preload_libraries");  // hidden from most roles
  const bool loaded = libraries && contains(*libraries, "pg_stat_statements");
  const bool created = contains(context.catalog().extensions, "pg_stat_statements");
  if (created && (loaded || !libraries)) return;
  Finding& finding =
      reporter.add({.kind = "extension", .entry = "pg_stat_statements"},
                   created ? "The extension pg_stat_statements is installed, but its library is not loaded: "
                             "the server collects no statement statistics."
                           : "The extension pg_stat_statements is not installed in this database: only the "
                             "log shows which statements take the most time.");
  if (libraries)
    finding.evidence.push_back(catalog_fact(libraries->empty() ? "shared_preload_libraries is empty"
                                                               : "shared_preload_libraries: " + *libraries));
  Fix fix = libraries && !loaded ? manual_fix(
                                       "Add pg_stat_statements to shared_preload_libraries, restart the "
                                       "server, and create the extension")
                                 : Fix{.title = "Create the extension"};
  if (!created) {
    fix.sql = "CREATE EXTENSION pg_stat_statements;";
    fix.down_sql = "DROP EXTENSION pg_stat_statements;";
  }
  finding.fix = std::move(fix);
}

constinit const Rule rule{
    .id = "pg-stat-statements-missing",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::settings,
    .summary = "a server that collects no statement statistics",
    .why =
        "pg_stat_statements keeps calls, time, rows and block reads of each normalized statement. It costs a "
        "few percent at most, and shows which query to fix first. Most providers load the library already, "
        "so only CREATE EXTENSION is missing.",
    .fix =
        "`shared_preload_libraries = 'pg_stat_statements'`, a restart, `CREATE EXTENSION "
        "pg_stat_statements`.",
    .when_to_ignore =
        "The provider has statistics of its own, or another extension (pg_stat_monitor) collects the same.",
    .check = check};

}  // namespace pgadvise::rules::pg_stat_statements_missing
