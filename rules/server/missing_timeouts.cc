#include "base/text/identifier.h"
#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::missing_timeouts {

static void check(const Context& context, Reporter& reporter) {
  struct Setting {
    const char* name;
    const char* consequence;
    const char* value;
  };
  static constexpr Setting settings[] = {
      {"statement_timeout", "a statement that hangs or never finishes runs until somebody cancels it", "30s"},
      {"idle_in_transaction_session_timeout",
       "a session that never commits keeps its locks, and keeps vacuum from removing dead rows, until it "
       "ends",
       "60s"},
  };
  const Catalog& catalog = context.catalog();
  for (const auto& setting : settings) {
    const std::string* value = context.setting(setting.name);
    if (!value || *value != "0") continue;
    Finding& finding = reporter.add({.kind = "setting", .entry = setting.name},
                                    std::string(setting.name) + " is off: " + setting.consequence + ".");
    finding.evidence.push_back(
        catalog_fact("the setting is 0 in this session, and no role or database sets another value"));
    Fix& fix = finding.fix.emplace();
    fix.title =
        "Set the timeout for the database or, better, for the application's role; let migrations and reports "
        "raise it in their own sessions";
    if (!catalog.database.empty()) {
      const std::string alter = "ALTER DATABASE " + quote_identifier(catalog.database);
      fix.sql = alter + " SET " + setting.name + " = '" + setting.value + "';";
      fix.down_sql = alter + " RESET " + setting.name + ";";
    }
  }
}

constinit const Rule rule{
    .id = "missing-timeouts",
    .severity = Severity::note,
    .needs = Input::settings,
    .summary = "a server without a statement timeout or an idle-in-transaction timeout",
    .why =
        "Both timeouts are off by default. Without statement_timeout, one runaway query holds its connection "
        "and its snapshot for hours. Without idle_in_transaction_session_timeout, one session that is idle "
        "in a transaction keeps its locks and stops vacuum from removing dead rows in the whole database.\n\n"
        "A timeout that only some role or database sets counts as set.",
    .fix =
        "`ALTER ROLE app SET statement_timeout = '30s'`, `SET idle_in_transaction_session_timeout = '60s'`.",
    .when_to_ignore =
        "The pooler or the application sets the timeouts in each session, which the catalog does not show.",
    .check = check};

}  // namespace pgadvise::rules::missing_timeouts
