// One statement: its plan, the plans of other parameter values, and what the rules find in the statement.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "check/load/server.h"
#include "check/observer.h"
#include "model/queries/plan.h"
#include "model/results/finding.h"
#include "model/results/report_plan.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

struct ExplainSettings {
  pg::SessionSettings session_settings;
  std::chrono::milliseconds analyze_budget{60'000};
  bool analyze = true;         // false: the statement is planned and never run
  bool show_literals = false;  // fill PlanOfValues::shown, which has values from pg_stats
  Parameters parameters;       // values of $1, $2 …; empty: unknown
  std::stop_token stop;
  Observer observer;
};

// Returns the text if it is exactly one statement. Errors (usage): none, or several.
Result<std::string> only_statement(const std::string& text);

struct ExplainInputs {
  std::unique_ptr<Server> server;
  Catalog catalog;
};
// Errors: the server cannot be reached or read (Kind::database).
Result<ExplainInputs> load_for_explain(const std::string& conninfo, const ExplainSettings& settings,
                                       Diagnostics& diagnostics);

struct PlanOfValues {
  std::string values;  // "generic plan", "a common value, a rare value"
  std::string shown;   // "$1 = 'open'", only with show_literals
  Plan plan;           // with the first of these values
};

struct Explained {
  Plan plan;
  std::string
      limits;  // why the statement was only planned; "" if it ran, or if ExplainSettings::analyze is false
  std::vector<PlanOfValues> variants;  // plans with other values, one entry for each plan that differs
  std::vector<Finding> findings;  // of all rules, after confirmation and with fixes; without the refuted ones
  std::vector<ReportPlan> plans;  // of the statement, without and with the indexes that it needs
};
// Sends the statement to the server only if it is known to be harmless. Errors: those of only_statement();
// the statement may not be sent (usage); the server rejects it; the connection is lost.
Result<Explained> explain(const std::string& text, const ExplainInputs& inputs,
                          const ExplainSettings& settings, Diagnostics& diagnostics);

struct LoggedExplained {
  Plan plan;
  Query query;           // from the log; query.plan is set
  bool in_part = false;  // the diagnostics name the part of the plan that was not read
};
// The plan that auto_explain logged for `statement`, a statement or a fingerprint; if "", of the slowest call
// in the log. Errors: the log has no such plan.
Result<LoggedExplained> explain_logged(const std::string& log, const std::string& statement,
                                       const Observer& observer, Diagnostics& diagnostics,
                                       const UserPaths& user_paths = {});

}  // namespace pgadvise::check
