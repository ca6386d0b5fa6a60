// The one place that gets plans of a server: with which values, how far it may go, and for how long.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/plan.h"
#include "model/workload.h"
#include "plan/safety.h"
#include "plan/source.h"

namespace pgadvise::plan {

// What is sent to the server: one statement, and what it is planned with.
struct Question {
  std::string sql;
  Parameters parameters;
  bool parameters_known = true;  // false: has $n without values; the generic plan is asked for
  std::string origin;            // "parameters from the log", for evidence
  Names names = Names::session;
};

struct PlannerOptions {
  // Above this planner cost a statement is explained, not analyzed: it might run for minutes.
  double analyze_cost_limit = 2e6;
  // All EXPLAIN ANALYZE of the run together; what is left of it bounds each one.
  std::chrono::milliseconds analyze_budget{60'000};
  bool timing = false;          // of each node
  std::function<bool()> stop;   // true: nothing more is asked
};

struct Analyzed {
  Plan plan;           // without ANALYZE where that could not be
  std::string limits;  // why it could not; "" when it could
};

class Planner {
 public:
  Planner(PlanSource& source, const Catalog& catalog, PlannerOptions options) : source_(source), catalog_(catalog), options_(std::move(options)) {}

  // The statement as it was called: with the log's values, else with typical ones of the columns that they are compared with, else
  // generic. Errors: no sample of it was logged.
  Result<Question> question(const Query& query);
  // What the server runs for a foreign key's checks and cascades: the child's rows, by the probe's columns. Errors: table or column are not
  // in the catalog.
  Result<Question> lookup(const Probe& probe);
  // The statement with $n, once without values and once for each kind of value that pg_stats has: a common one, one in the middle, a rare
  // one. The generic one comes first, and is the only one where a value is missing. Values are row data, shown to nobody.
  std::vector<Question> variants(const std::string& statement);

  // Errors: it does not parse; the server refuses it, or is gone (Kind::database).
  Result<Decision> decide(const Question& question);
  // Both remember what they were told. Errors: as PlanSource::explain(); nothing may be asked any more.
  Result<Plan> explain(const Question& question);
  // `decision` and `gate`: what decide() and explain() gave. Errors: only a server that is gone.
  Result<Analyzed> analyze(const Question& question, const Decision& decision, const Plan& gate);
  // With indexes that are not there.
  Result<Plan> explain_with(const Question& question, const std::vector<std::string>& indexes);

  PlanSource& source() { return source_; }
  bool stopped() const { return options_.stop && options_.stop(); }
  // Statements that were not analyzed because the time was spent.
  int left_out() const { return left_out_; }
  // Statements that were planned and, of those, run, whatever their values; and the time of all EXPLAIN ANALYZE.
  std::size_t planned() const { return planned_.size(); }
  std::size_t run() const { return run_.size(); }
  std::chrono::duration<double> spent() const { return spent_; }
  std::chrono::milliseconds budget() const { return options_.analyze_budget; }

 private:
  ExplainRequest request_of(const Question& question) const;
  std::optional<Parameters> from_statistics(const QueryFacts& facts, int kind);

  PlanSource& source_;
  const Catalog& catalog_;
  PlannerOptions options_;
  std::chrono::steady_clock::duration spent_{};
  int left_out_ = 0;
  std::set<std::string> planned_, run_;  // statements
  std::map<std::string, Decision> decisions_;
  std::map<std::string, Plan> plans_;
  std::map<std::string, Analyzed> analyzed_;
};

// What the nodes are and read, in order: two plans with the same shape differ in figures alone.
std::string shape_of(const Plan& plan);

}  // namespace pgadvise::plan
