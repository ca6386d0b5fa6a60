#include "base/identifier.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static void check(const Context& context, Reporter& reporter) {
  struct Setting {
    const char* name;
    const char* harm;
    const char* value;
  };
  static constexpr Setting settings[] = {
      {"statement_timeout", "a statement that hangs, or a query without an end, runs until somebody notices",
       "30s"},
      {"idle_in_transaction_session_timeout",
       "a session that forgot its COMMIT keeps its locks, and keeps vacuum from cleaning up, for as long as "
       "it lives",
       "60s"},
  };
  const Catalog& catalog = context.catalog();
  for (const auto& setting : settings) {
    const auto found = catalog.settings.find(setting.name);
    if (found == catalog.settings.end() || found->second != "0") continue;
    Finding& finding = reporter.add({.kind = "setting", .entry = setting.name},
                                    std::string(setting.name) + " is off: " + setting.harm + ".");
    finding.evidence.push_back(
        catalog_fact("the server's value for this session is 0, and no role or database has another"));
    Fix fix;
    fix.title =
        "Set it for the database or, better, for the application's role; migrations and reports raise it for "
        "themselves";
    if (!catalog.database.empty()) {
      const std::string alter = "ALTER DATABASE " + quote_identifier(catalog.database);
      fix.sql = alter + " SET " + setting.name + " = '" + setting.value + "';";
      fix.down_sql = alter + " RESET " + setting.name + ";";
    }
    finding.fix = std::move(fix);
  }
}

constinit const Rule missing_timeouts{
    .id = "missing-timeouts",
    .severity = Severity::note,
    .needs = Input::settings,
    .summary = "a server without statement or idle-transaction timeout",
    .why =
        "Both are off by default. One runaway query then holds its connection and its snapshot for hours; "
        "one session that is idle in a transaction keeps its locks "
        "and stops vacuum in the whole database. A value that only some role or database has set counts as "
        "set.",
    .fix =
        "`ALTER ROLE app SET statement_timeout = '30s'`, `SET idle_in_transaction_session_timeout = '60s'`.",
    .when_to_ignore =
        "The pooler or the application sets them for each session, which the catalog doesn't show.",
    .check = check};

}  // namespace pgadvise::rules
