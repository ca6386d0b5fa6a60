// One statement: its plan, the plans of other parameter values, and what the rules find in the statement.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/observer.h"
#include "check/server.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/plan.h"

namespace pgadvise::check {

struct ExplainSettings {
  pg::SessionSettings session_settings;
  std::chrono::milliseconds analyze_budget{60'000};
  bool analyze = true;         // false: the statement is planned and never run
  bool show_literals = false;  // PlanOfValues::shown holds values of pg_stats
  Parameters parameters;       // of $1, $2 …; empty: they are not known
  std::stop_token stop;
  Observer observer;
};

// Errors (usage): the text holds more or fewer statements than one.
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
  Plan plan;           // of the first of the values
};

struct Explained {
  Plan plan;
  std::string limits;  // why the statement was planned and not run; "" where it ran, or was not to run
  std::vector<PlanOfValues> variants;  // plans with other values, one entry for each plan that differs
  std::vector<Finding> findings;       // of the rules, confirmed, with fixes; without the refuted
};
// The statement is sent to the server only where that is known to be harmless. Errors: those of
// only_statement(); the statement is not sent (usage); the server refuses it; the connection is lost.
Result<Explained> explain(const std::string& text, const ExplainInputs& inputs,
                          const ExplainSettings& settings, Diagnostics& diagnostics);

struct LoggedExplained {
  Plan plan;
  Query query;           // as the log has it; query.plan is set
  bool in_part = false;  // the diagnostics name what of the plan is not read
};
// The plan that auto_explain logged of a statement or fingerprint; "" for the plan of the slowest call in the
// log. Errors: the log has none.
Result<LoggedExplained> explain_logged(const std::string& log, const std::string& statement,
                                       const Observer& observer, Diagnostics& diagnostics);

}  // namespace pgadvise::check
