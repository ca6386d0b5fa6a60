// Gets plans from a server: chooses parameter values, decides between EXPLAIN and EXPLAIN ANALYZE, keeps the
// run's time budget, and distributes statements over connections. Every other part of the program asks a
// Planner for plans.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/queries/plan.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"
#include "plan/run/safety.h"
#include "plan/run/source.h"

namespace pgadvise::plan {

// A statement to plan, with its parameter values.
struct PlanRequest {
  std::string sql;
  Parameters parameters;
  bool parameters_known = true;  // false: has $n without values, which gives a generic plan
  std::string origin;            // "parameters from the log", for evidence
  Names names = Names::session;
};

struct PlannerOptions {
  // A statement with a higher planner cost is only explained, not analyzed, as it might run for minutes.
  double analyze_cost_limit = 2e6;
  // Time limit of all EXPLAIN ANALYZE of the run, summed over connections. A statement may use what
  // the running statements have not reserved, so the sum stays within the budget. It waits while their
  // reservations would shorten its own limit.
  std::chrono::milliseconds analyze_budget{60'000};
  // limit of one EXPLAIN ANALYZE. A statement that exceeds it while others run is repeated once, alone
  std::chrono::milliseconds longest_run = longest_explain;
  bool timing = false;  // of each node
  // Called on the thread that calls for_each(), with the number of statements begun, and of all of this call.
  std::function<void(std::size_t begun, std::size_t all)> progress = {};
  std::function<bool()> stop;  // true: send no more requests. Called on any thread of for_each()
  // Creates further sources for the same server and role. Called once, before for_each() first distributes
  // work.
  std::function<std::vector<std::unique_ptr<PlanSource>>()> more_sources;
};

struct Analyzed {
  Plan plan;           // with ANALYZE if possible
  std::string limits;  // why the plan is without ANALYZE; "" if it is with ANALYZE
};

class Planner {
 public:
  Planner(PlanSource& source, const Catalog& catalog, PlannerOptions options)
      : catalog_(catalog), options_(std::move(options)), sources_{{&source}} {}

  // Calls `work` with each number below `count`, smaller ones first, on as many threads as there are sources.
  // `work` may call all functions below up to values(), with the same results as on one thread. Returns early
  // once stopped(), or when every source has lost its server.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

  // The request for a logged query: with logged parameter values, else with typical values of the compared
  // columns, else generic. Errors: no sample was logged.
  Result<PlanRequest> request(const Query& query);
  // The request for the query of a foreign key's checks and cascades: the child's rows, by the probe's
  // columns. Errors: the catalog lacks the table or a column.
  Result<PlanRequest> lookup(const Probe& probe);
  // Requests for a statement with $n: first the generic plan, then one for each kind of value in pg_stats
  // (common, middle, rare). Only the generic one if a value is missing. Values are row data, which is never
  // shown.
  std::vector<PlanRequest> variants(const std::string& statement);

  // Errors, here and below: the statement does not parse; the server rejects it, or is lost (Kind::database).
  // A source that has lost its server is replaced by another one.
  Result<Decision> decide(const PlanRequest& request);
  // Both functions cache results. Errors: as PlanSource::explain(); the planner is stopped.
  Result<Plan> explain(const PlanRequest& request);
  // `decision` and `gate`: results of decide() and explain(). Errors: only a lost server. A statement is
  // not run again after one of several sources lost its server during it: somebody may have terminated it.
  Result<Analyzed> analyze(const PlanRequest& request, const Decision& decision, const Plan& gate);
  // The plan with hypothetical indexes.
  Result<Plan> explain_with(const PlanRequest& request, const std::vector<std::string>& indexes);
  // PlanSource::values().
  Result<std::vector<std::string>> values(const std::string& select);

  // Why explain_with() is not available; empty if it is.
  std::string what_if_missing() const { return sources_.front().source->what_if_missing(); }
  const std::vector<std::string>& search_path() const { return sources_.front().source->search_path(); }
  bool stopped() const { return options_.stop && options_.stop(); }
  // The number of statements that were not analyzed because the time budget was used up.
  int left_out() const { return left_out_; }
  // The number of distinct statements planned, and of those run, whatever their values; and the total time of
  // EXPLAIN ANALYZE.
  std::size_t planned() const { return planned_.size(); }
  std::size_t run() const { return run_.size(); }
  std::chrono::duration<double> spent() const { return spent_; }
  std::chrono::milliseconds budget() const { return options_.analyze_budget; }
  std::size_t sources() const { return sources_.size(); }
  // The errors of sources that lost their server.
  const std::vector<Error>& lost() const { return lost_; }

 private:
  struct Source {
    PlanSource* source;
    bool busy = false;
    bool lost = false;
  };
  struct Turn {
    std::chrono::milliseconds limit{0};
    std::chrono::milliseconds taken{0};  // reserved from the budget
    int number = 0;
    bool company = false;  // other statements were running at its start
  };
  template <class T>
  struct Memory {
    std::map<std::string, T> known;
    std::set<std::string> asked;  // requests in progress
  };

  ExplainRequest explain_request_of(const PlanRequest& request) const;
  std::optional<Parameters> from_statistics(const QueryFacts& facts, int kind);
  Source* take();
  void give_back(Source& source, const Error* error);
  bool all_lost() const;
  template <class Ask>
  auto ask(const Ask& ask, bool again = true);
  template <class Look>
  auto look_up(const Look& look);
  template <class T, class Ask>
  Result<T> once(Memory<T>& memory, const std::string& key, const Ask& ask);
  std::optional<Turn> take_turn(bool alone);
  Result<Analyzed> analyze_now(const PlanRequest& request, const Plan& gate);

  const Catalog& catalog_;
  PlannerOptions options_;
  std::vector<std::unique_ptr<PlanSource>> more_sources_;
  mutable std::mutex mutex_;  // guards all following members
  std::condition_variable changed_;
  std::vector<Source> sources_;
  std::vector<Error> lost_;
  std::chrono::steady_clock::duration spent_{};
  std::chrono::milliseconds taken_{};  // reserved by running statements
  int turns_ = 0;
  int want_to_be_alone_ = 0;
  int left_out_ = 0;
  std::set<std::string> planned_, run_;  // statements
  Memory<Decision> decisions_;
  Memory<Plan> plans_;
  Memory<Analyzed> analyzed_;
};

// The nodes of a plan and their relations, in order. Plans with equal shape differ only in numbers.
std::string shape_of(const Plan& plan);

}  // namespace pgadvise::plan
