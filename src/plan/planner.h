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
#include "model/catalog.h"
#include "model/finding.h"
#include "model/plan.h"
#include "model/workload.h"
#include "plan/safety.h"
#include "plan/source.h"

namespace pgadvise::plan {

// What is sent to the server: one statement, and what it is planned with.
struct PlanRequest {
  std::string sql;
  Parameters parameters;
  bool parameters_known = true;  // false: has $n without values; the generic plan is asked for
  std::string origin;            // "parameters from the log", for evidence
  Names names = Names::session;
};

struct PlannerOptions {
  // Above this planner cost a statement is explained, not analyzed: it might run for minutes.
  double analyze_cost_limit = 2e6;
  // The time of all EXPLAIN ANALYZE of the run, summed over connections. A statement is limited to the budget
  // not yet reserved by running statements, and starts only when that limit equals the one that it would have
  // alone: the sum stays within the budget.
  std::chrono::milliseconds analyze_budget{60'000};
  std::chrono::milliseconds longest_run =
      longest_explain;         // one EXPLAIN ANALYZE. What took longer beside others gets it once more, alone
  bool timing = false;         // of each node
  std::function<bool()> stop;  // true: nothing more is asked. Called on any thread of for_each()
  // Further sources, of the same server and for the same role: called once, before for_each() first has work
  // to share.
  std::function<std::vector<std::unique_ptr<PlanSource>>()> more_sources;
};

struct Analyzed {
  Plan plan;           // without ANALYZE where that could not be
  std::string limits;  // why it could not; "" when it could
};

class Planner {
 public:
  Planner(PlanSource& source, const Catalog& catalog, PlannerOptions options)
      : catalog_(catalog), options_(std::move(options)), sources_{{&source}} {}

  // Calls `work` with each number below `count`, smaller ones first, on as many threads as there are sources;
  // all that stands below up to values() may be called there, and answers as on one thread. Ends early once
  // stopped(), or when every source has lost its server.
  void for_each(std::size_t count, const std::function<void(std::size_t)>& work);

  // The statement as it was called: with the log's values, else with typical ones of the columns that they
  // are compared with, else generic. Errors: no sample of it was logged.
  Result<PlanRequest> request(const Query& query);
  // What the server runs for a foreign key's checks and cascades: the child's rows, by the probe's columns.
  // Errors: table or column are not in the catalog.
  Result<PlanRequest> lookup(const Probe& probe);
  // The statement with $n, once without values and once for each kind of value that pg_stats has: a common
  // one, one in the middle, a rare one. The generic one comes first, and is the only one where a value is
  // missing. Values are row data, shown to nobody.
  std::vector<PlanRequest> variants(const std::string& statement);

  // Errors, here and below: it does not parse; the server refuses it, or is gone (Kind::database). A source
  // that has lost its server is not asked again: another one is.
  Result<Decision> decide(const PlanRequest& request);
  // Both remember what they were told. Errors: as PlanSource::explain(); nothing may be asked any more.
  Result<Plan> explain(const PlanRequest& request);
  // `decision` and `gate`: what decide() and explain() gave. Errors: only a server that is gone. What ran
  // when one of several sources lost it is not run again: somebody may have ended it.
  Result<Analyzed> analyze(const PlanRequest& request, const Decision& decision, const Plan& gate);
  // With indexes that are not there.
  Result<Plan> explain_with(const PlanRequest& request, const std::vector<std::string>& indexes);
  // PlanSource::values().
  Result<std::vector<std::string>> values(const std::string& select);

  // Empty: explain_with() works. Else why not.
  std::string what_if_missing() const { return sources_.front().source->what_if_missing(); }
  const std::vector<std::string>& search_path() const { return sources_.front().source->search_path(); }
  bool stopped() const { return options_.stop && options_.stop(); }
  // Statements that were not analyzed because the time was spent.
  int left_out() const { return left_out_; }
  // Statements that were planned and, of those, run, whatever their values; and the time of all EXPLAIN
  // ANALYZE.
  std::size_t planned() const { return planned_.size(); }
  std::size_t run() const { return run_.size(); }
  std::chrono::duration<double> spent() const { return spent_; }
  std::chrono::milliseconds budget() const { return options_.analyze_budget; }
  std::size_t sources() const { return sources_.size(); }
  // How those that have lost their server were told so.
  const std::vector<Error>& lost() const { return lost_; }

 private:
  struct Source {
    PlanSource* source;
    bool busy = false;
    bool lost = false;
  };
  struct Turn {
    std::chrono::milliseconds limit{0};
    std::chrono::milliseconds taken{0};  // of the budget
    int number = 0;
    bool company = false;  // others ran when it began
  };
  template <class T>
  struct Memory {
    std::map<std::string, T> known;
    std::set<std::string> asked;  // right now
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
  mutable std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  std::vector<Source> sources_;
  std::vector<Error> lost_;
  std::chrono::steady_clock::duration spent_{};
  std::chrono::milliseconds taken_{};  // what those that run may take of the budget
  int turns_ = 0;
  int want_to_be_alone_ = 0;
  int left_out_ = 0;
  std::set<std::string> planned_, run_;  // statements
  Memory<Decision> decisions_;
  Memory<Plan> plans_;
  Memory<Analyzed> analyzed_;
};

// What the nodes are and read, in order: two plans with the same shape differ in figures alone.
std::string shape_of(const Plan& plan);

}  // namespace pgadvise::plan
