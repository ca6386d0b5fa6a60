#include "advisor/search/evaluate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "advisor/candidates/candidates.h"
#include "advisor/costs/calibration.h"
#include "advisor/costs/cost_model.h"
#include "advisor/costs/maintenance_cost.h"
#include "advisor/costs/size.h"
#include "advisor/ddl/index_ddl.h"
#include "advisor/queries/planned_queries.h"
#include "advisor/search/drops.h"
#include "base/containers.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "model/schema/index_comparison.h"

namespace pgadvise::advisor {
namespace {

using Clock = std::chrono::steady_clock;
using Verdict = EvaluatedIndex::Verdict;

constexpr double least_change = 0.01;      // of a query's cost
constexpr double least_loss = 0.1;         // of a query's cost: less is another index's height
constexpr double least_gain_beside = 0.1;  // of its queries' cost: less is no reason for a redundant index
constexpr double nearly_all = 0.9;         // of a candidate's saving
constexpr double much_smaller = 0.8;       // of a candidate's size
constexpr std::size_t max_smaller = 12;    // smaller indexes that are planned with, for one candidate

// The index with the expressions and the predicate as the server prints them, if one of the table's indexes
// has them.
Index as_server_prints(Index index, const Table& table) {
  for (const auto& existing : table.indexes) {
    if (index.predicate && existing.predicate && same_expression(*index.predicate, *existing.predicate))
      index.predicate = existing.predicate;
    for (auto& key : index.keys)
      for (const auto& other : existing.keys)
        if (!key.expression.empty() && !other.expression.empty() &&
            same_expression(key.expression, other.expression))
          key.expression = other.expression;
  }
  return index;
}

class Evaluator {
 public:
  Evaluator(const Workload& workload, const Catalog& catalog, plan::PlanSource& source, plan::WhatIf& what_if,
            const std::vector<ProposedCandidate>& candidates, std::vector<EvaluatedDrop> drops,
            const EvaluateOptions& options, Diagnostics& diagnostics)
      : workload_(workload),
        catalog_(catalog),
        source_(source),
        what_if_(what_if),
        candidates_(candidates),
        options_(options),
        diagnostics_(diagnostics),
        end_(Clock::now() + options.time_limit) {
    out_.drops = std::move(drops);
  }

  Evaluation run() {
    planned_ = planned_queries(
        workload_, catalog_, source_, [this] { return stop(); }, out_.not_explained, diagnostics_);
    what_if_.clear();
    describe_candidates();
    plan_without_candidates();
    if (!lost_) plan_with_candidates();
    if (!lost_) plan_without_drops();
    for (std::size_t at = 0; at < usable_.size() && !lost_; ++at) judge(at);
    report_queries();
    for (auto& drop : out_.drops)
      if (drop.verdict != EvaluatedDrop::Verdict::refused) judge(drop);
    if (lost_ || stop()) out_.complete = false;
    out_.what_if_calls = what_if_.calls();
    what_if_.clear();
    return std::move(out_);
  }

 private:
  struct Request {
    std::size_t query = 0;
    double weight = 0;
    double calls = 0;
    plan::WhatIfStatement statement;
    double base = 0;
    double with = 0;                 // with all candidates and all existing indexes
    double reference = 0;            // without candidates and without the indexes to drop
    double after = 0;                // with all candidates and without the indexes to drop
    double maintenance = 0;          // of one call, for all candidates
    std::vector<int> indexes;        // of candidates on its tables
    std::vector<int> used;           // in the plan that costs `after`
    std::vector<Write> writes = {};  // this statement, for one call
  };
  struct Usable {
    std::size_t candidate = 0;  // number in candidates_
    Index index;
    IndexProposal proposal;
    int number = 0;  // of the WhatIf
  };
  struct Job {
    std::size_t request = 0;
    std::vector<int> indexes;
  };
  using Plans = std::vector<Result<plan::WhatIfPlan>>;

  bool stop() const { return Clock::now() > end_ || (options_.stop && options_.stop()); }

  // On all connections. A job that was not run has a nonfatal error.
  Plans plans(const std::vector<Job>& jobs) {
    Plans out(jobs.size(), fail(Error::Kind::nonfatal, "", "the evaluation ended early"));
    std::atomic<bool> lost = lost_;
    what_if_.for_each(
        jobs.size(),
        [&](std::size_t at, plan::WhatIf& what_if) {
          if (lost) return;
          out[at] = what_if.cost(requests_[jobs[at].request].statement, jobs[at].indexes);
          if (!out[at] && out[at].error().kind == Error::Kind::database) lost = true;
        },
        [&] { return lost || stop(); });
    for (const auto& plan : out)
      if (!plan && plan.error().kind == Error::Kind::database && !std::exchange(lost_, true))
        diagnostics_.push_back(plan.error());
    return out;
  }

  // Calls `use` with the request, the indexes and the plan of each job. Returns whether all have a plan.
  template <class Use>
  bool each_plan(const std::vector<Job>& jobs, Use use) {
    const Plans found = plans(jobs);
    for (std::size_t at = 0; at < jobs.size(); ++at)
      if (found[at]) use(requests_[jobs[at].request], jobs[at].indexes, *found[at]);
    return std::ranges::all_of(found, [](const auto& plan) { return plan.has_value(); });
  }

  void describe_candidates() {
    for (std::size_t at = 0; at < candidates_.size(); ++at) {
      const ProposedCandidate& candidate = candidates_[at];
      const auto& written = candidate.written;
      EvaluatedIndex index;
      index.where = candidate.where;
      index.table = written.table;
      index.name = written.index.name;
      index.sql = ddl::create_index(written.table, written.index);
      index.reason = candidate.buildable.reason;
      if (candidate.buildable.answer == Buildable::Answer::no) index.verdict = Verdict::cannot_be_built;
      if (candidate.buildable.answer == Buildable::Answer::not_costed) index.verdict = Verdict::not_costed;
      const Table* table = catalog_.table(written.table);
      if (table && candidate.buildable.answer == Buildable::Answer::yes) {
        Usable usable{at, as_server_prints(written.index, *table), {}, 0};
        usable.proposal = ddl::proposal_of(written.table, usable.index);
        usable.number = what_if_.add(written.table, hypothetical_indexes(usable.proposal, catalog_));
        index.size_bytes = index_size(usable.proposal, catalog_);
        usable_.push_back(std::move(usable));
        if (written.concurrently && table->kind == Table::Kind::partitioned)
          index.notes.emplace_back(
              "PostgreSQL rejects CONCURRENTLY on a partitioned table; pgadvise advise writes the statements "
              "for each partition.");
      }
      out_.candidates.push_back(std::move(index));
    }
  }

  void plan_without_candidates() {
    for (std::size_t query = 0; query < planned_.size(); ++query)
      for (const auto& statement : planned_[query].statements) {
        Request request{.query = query, .statement = statement};
        for (const auto& usable : usable_)
          if (statement.tables.count(usable.proposal.table)) request.indexes.push_back(usable.number);
        requests_.push_back(std::move(request));
      }
    std::vector<Job> jobs;
    for (std::size_t at = 0; at < requests_.size(); ++at) jobs.push_back({at, {}});
    const auto found = plans(jobs);
    std::vector<Request> kept;
    std::vector<double> costs(planned_.size());
    std::vector<std::size_t> counts(planned_.size());
    for (std::size_t at = 0; at < requests_.size(); ++at) {
      Request& request = requests_[at];
      if (!found[at]) continue;
      const Query& query = *planned_[request.query].query;
      request.base = request.with = request.reference = request.after = found[at]->cost;
      if (query.facts.kind != StatementKind::select)
        request.writes = {{&query.facts, found[at]->rows_written}};
      costs[request.query] += request.base;
      ++counts[request.query];
      kept.push_back(std::move(request));
    }
    requests_ = std::move(kept);
    for (std::size_t query = 0; query < planned_.size(); ++query) {
      if (counts[query]) costs[query] /= static_cast<double>(counts[query]);
      else leave_out(query);
    }
    calibration_.assign(planned_.size(), 1);
    if (options_.by_time) calibration_ = calibrations(planned_, costs);
    for (auto& request : requests_) {
      request.calls = static_cast<double>(planned_[request.query].query->calls) /
                      static_cast<double>(counts[request.query]);
      request.weight = request.calls * calibration_[request.query];
    }
  }

  void leave_out(std::size_t query) {
    if (stop() || lost_) return;
    ++out_.not_explained;
    warn(diagnostics_, "query " + planned_[query].query->fingerprint,
         "not explained: the server made no plan");
  }

  void plan_with_candidates() {
    std::vector<Job> jobs;
    for (std::size_t at = 0; at < requests_.size(); ++at)
      if (!requests_[at].indexes.empty()) jobs.push_back({at, requests_[at].indexes});
    out_.complete &= each_plan(jobs, [&](Request& request, const auto&, const plan::WhatIfPlan& plan) {
      request.with = request.after = plan.cost;
      request.used = firsts(plan.used);
    });
    for (auto& request : requests_)
      for (const auto& usable : usable_)
        request.maintenance += maintenance_cost(usable.proposal, request.writes, catalog_);
  }

  double maintenance(const IndexProposal& proposal) const {
    double sum = 0;
    for (const auto& request : requests_)
      sum += request.calls * maintenance_cost(proposal, request.writes, catalog_);
    return sum;
  }

  // Whether the index is a later candidate that serves the same queries as `first`, and no others.
  bool repeats(int number, const Usable& first) const {
    if (number <= first.number) return false;
    const auto* later = find_first(usable_, [&](const Usable& usable) { return usable.number == number; });
    return later && later->proposal.table == first.proposal.table &&
           serves_instead(later->index, first.index) && serves_instead(first.index, later->index);
  }

  // The indexes, sorted, with the first of several equal candidates in place of a later one.
  std::vector<int> firsts(const std::vector<int>& used) const {
    std::set<int> out;
    for (const int number : used) {
      const auto* first = find_first(usable_, [&](const Usable& usable) { return repeats(number, usable); });
      out.insert(first ? first->number : number);
    }
    return {out.begin(), out.end()};
  }

  // What the requests cost more without the index than with it: beside the others, and alone.
  void save(const Usable& usable, EvaluatedIndex& index) {
    std::vector<Job> jobs;
    for (std::size_t at = 0; at < requests_.size(); ++at) {
      const Request& request = requests_[at];
      if (!std::ranges::binary_search(request.indexes, usable.number)) continue;
      if (request.indexes.size() > 1) jobs.push_back({at, {usable.number}});
      if (!std::ranges::binary_search(request.used, usable.number)) continue;
      served_[usable.number] += request.weight * request.reference;
      index.queries.push_back(planned_[request.query].query->fingerprint);
      std::vector<int> others = request.indexes;
      // Beside an equal candidate no index saves anything: the first of them counts.
      std::erase_if(others, [&](int other) { return other == usable.number || repeats(other, usable); });
      jobs.push_back({at, std::move(others)});
    }
    each_plan(jobs,
              [&](const Request& request, const std::vector<int>& indexes, const plan::WhatIfPlan& plan) {
                if (indexes == std::vector<int>{usable.number})
                  index.cost_saved_alone += request.weight * (request.reference - plan.cost);
                else index.cost_saved += request.weight * (plan.cost - request.after);
                if (request.indexes.size() == 1)
                  index.cost_saved_alone += request.weight * (request.reference - request.after);
              });
    std::ranges::sort(index.queries);
    index.queries.erase(std::unique(index.queries.begin(), index.queries.end()), index.queries.end());
    index.maintenance_cost = maintenance(usable.proposal);
    index.cost_saved -= index.maintenance_cost;
    index.cost_saved_alone -= index.maintenance_cost;
  }

  bool dropped(const QualifiedName& table, const Index& index) const {
    return std::ranges::any_of(out_.drops, [&](const EvaluatedDrop& drop) {
      return drop.table == table && drop.index == index.name &&
             drop.verdict != EvaluatedDrop::Verdict::refused;
    });
  }

  void compare(std::size_t at, EvaluatedIndex& index) const {
    const Usable& usable = usable_[at];
    const Table* table = catalog_.table(usable.proposal.table);
    for (const auto& existing : table->indexes) {
      if (dropped(table->name, existing)) continue;
      if (index.served_by.empty() && serves_instead(existing, usable.index)) index.served_by = existing.name;
      if (may_drop(existing) && serves_instead(usable.index, existing) &&
          !serves_instead(existing, usable.index))
        index.replaces.push_back(existing.name);
    }
    for (std::size_t other = 0; other < usable_.size() && index.served_by.empty(); ++other) {
      if (other == at || usable_[other].proposal.table != usable.proposal.table ||
          !serves_instead(usable_[other].index, usable.index))
        continue;
      if (!serves_instead(usable.index, usable_[other].index) || other < at)
        index.served_by = candidates_[usable_[other].candidate].where;
    }
  }

  bool adds_uniqueness(const Usable& usable) const {
    const auto& existing = catalog_.table(usable.proposal.table)->indexes;
    return usable.index.unique && std::ranges::none_of(existing, [&](const Index& other) {
             return other.unique && other.valid && !dropped(usable.proposal.table, other) &&
                    other.keys == usable.index.keys && same_predicate(other, usable.index);
           });
  }

  void judge(std::size_t at) {
    const Usable& usable = usable_[at];
    EvaluatedIndex& index = out_.candidates[usable.candidate];
    save(usable, index);
    compare(at, index);
    const double gain = index.cost_saved + index.maintenance_cost;
    if (adds_uniqueness(usable) && (index.cost_saved <= 0 || !index.served_by.empty())) {
      index.verdict = Verdict::improves;
      index.reason = "the index keeps rows with equal keys out, as no existing index does";
    } else if (!index.served_by.empty() && gain <= least_gain_beside * served_[usable.number]) {
      index.verdict = Verdict::redundant;
      index.reason = index.served_by + " serves the same queries";
    } else if (index.cost_saved < 0) {
      index.verdict = Verdict::worse;
      index.reason = index.queries.empty()
                         ? "no query of the workload uses the index, and its writes maintain it"
                         : "the index costs the workload's writes more than its queries save";
    } else if (index.queries.empty()) {
      index.verdict = Verdict::no_gain;
      index.reason = "no query of the workload uses the index";
    } else {
      index.verdict = Verdict::improves;
      index.reason = "saves more planner cost than its maintenance costs";
      find_smaller(usable, index);
    }
  }

  struct Alternative {
    IndexProposal proposal;
    std::string difference;
  };

  std::vector<Alternative> alternatives(const Usable& usable) const {
    std::vector<Alternative> out;
    const auto add = [&](IndexProposal proposal, std::string difference) {
      if (out.size() < max_smaller) out.push_back({std::move(proposal), std::move(difference)});
    };
    for (auto& prefix : prefixes(usable.proposal)) {
      const std::size_t fewer = usable.proposal.keys.size() - prefix.keys.size();
      std::string difference = fewer == 0   ? "without INCLUDE"
                               : fewer == 1 ? "without the last key column"
                                            : fmt::format("without the last {} key columns", fewer);
      if (fewer && !usable.proposal.include.empty()) difference += " and without INCLUDE";
      add(std::move(prefix), std::move(difference));
    }
    if (usable.proposal.predicate || usable.proposal.method != "btree") return out;
    IndexProposal plain = usable.proposal;
    plain.include.clear();
    for (const auto& request : requests_) {
      if (!std::ranges::binary_search(request.used, usable.number)) continue;
      const auto& planned = planned_[request.query];
      const auto* columns = find_value(planned.referenced, plain.table);
      if (!columns) continue;
      for (auto& partial : refinements(plain, planned.query->facts, *columns, catalog_, {})) {
        if (!partial.predicate) continue;
        partial.include = usable.proposal.include;
        add(partial, "only the rows WHERE " + *partial.predicate);
      }
    }
    return out;
  }

  // A smaller index in place of the candidate that keeps nearly all of its saving: the smallest one.
  void find_smaller(const Usable& usable, EvaluatedIndex& index) {
    if (usable.index.unique) return;
    for (auto& alternative : alternatives(usable)) {
      const std::int64_t bytes = index_size(alternative.proposal, catalog_);
      if (static_cast<double>(bytes) > much_smaller * static_cast<double>(index.size_bytes)) continue;
      if (index.smaller && index.smaller->size_bytes <= bytes) continue;
      const int number =
          what_if_.add(usable.proposal.table, hypothetical_indexes(alternative.proposal, catalog_));
      std::vector<Job> jobs;
      for (std::size_t at = 0; at < requests_.size(); ++at) {
        const Request& request = requests_[at];
        if (!std::ranges::binary_search(request.used, usable.number)) continue;
        std::vector<int> others = request.indexes;
        std::erase(others, usable.number);
        others.push_back(number);
        jobs.push_back({at, std::move(others)});
      }
      double lost = maintenance(alternative.proposal) - index.maintenance_cost;
      const bool all =
          each_plan(jobs, [&](const Request& request, const auto&, const plan::WhatIfPlan& plan) {
            lost += request.weight * (plan.cost - request.after);
          });
      const double saved = index.cost_saved - lost;
      if (!all || saved < nearly_all * index.cost_saved) continue;
      index.smaller =
          SmallerIndex{ddl::create_index(alternative.proposal.table, ddl::index_of(alternative.proposal)),
                       alternative.difference, bytes, saved};
    }
  }

  void plan_without_drops() {
    std::vector<QualifiedName> hidden;
    std::set<QualifiedName> tables;
    for (const auto& drop : out_.drops) {
      if (drop.verdict == EvaluatedDrop::Verdict::refused) continue;
      hidden.push_back({drop.table.schema, drop.index});
      const auto members = partition_tree(drop.table, catalog_);
      tables.insert(members.begin(), members.end());
    }
    if (hidden.empty()) return;
    what_if_.clear();
    if (const auto done = options_.hide(hidden); !done) {
      diagnostics_.push_back(done.error());
      out_.complete = false;
      return;
    }
    std::vector<Job> without, with;
    for (std::size_t at = 0; at < requests_.size(); ++at)
      if (std::ranges::any_of(requests_[at].statement.tables,
                              [&](const QualifiedName& table) { return tables.count(table) > 0; })) {
        without.push_back({at, {}});
        with.push_back({at, requests_[at].indexes});
      }
    out_.complete &= each_plan(without, [](Request& request, const auto&, const plan::WhatIfPlan& plan) {
      request.reference = plan.cost;
    });
    out_.complete &= each_plan(with, [&](Request& request, const auto&, const plan::WhatIfPlan& plan) {
      request.after = plan.cost;
      request.used = firsts(plan.used);
    });
  }

  // Whether the statement refers to the index's first column; true for an expression.
  bool may_use(const Request& request, const QualifiedName& table, const Index& index) const {
    if (!request.statement.tables.count(table)) return false;
    const auto* columns = find_value(planned_[request.query].referenced, table);
    return !columns || index.keys.empty() || index.keys.front().column.empty() || !columns->complete ||
           is_one_of(index.keys.front().column, columns->columns);
  }

  void judge(EvaluatedDrop& drop) const {
    const Table* table = catalog_.table(drop.table);
    const Index* index = table ? table->index(drop.index) : nullptr;
    if (!index) return;
    const IndexProposal proposal = ddl::proposal_of(drop.table, *index);
    drop.maintenance_cost = maintenance(proposal);
    if (drop.size_bytes == 0) drop.size_bytes = index_size(proposal, catalog_);
    std::set<std::string> worse;
    for (const auto& request : requests_)
      if (may_use(request, drop.table, *index) && request.after > request.with * (1 + least_loss))
        worse.insert(planned_[request.query].query->fingerprint);
    drop.queries.assign(worse.begin(), worse.end());
    if (!drop.queries.empty()) {
      drop.verdict = EvaluatedDrop::Verdict::worse;
      drop.reason = "queries on the table become more expensive";
      return;
    }
    for (const auto& other : table->indexes)
      if (&other != index && !dropped(drop.table, other) && serves_instead(other, *index)) {
        drop.reason = other.name + " serves the same queries";
        return;
      }
    drop.reason = "no query of the workload becomes more expensive";
  }

  void report_queries() {
    std::vector<QueryEffect> queries(planned_.size());
    for (const auto& request : requests_) {
      QueryEffect& query = queries[request.query];
      query.weight += request.weight;
      query.cost_before += request.weight * request.base;
      // Index maintenance is not scaled by logged times, as in the workload's cost.
      query.cost_after += request.weight * request.after + request.calls * request.maintenance;
    }
    for (std::size_t at = 0; at < planned_.size(); ++at) {
      QueryEffect& query = queries[at];
      if (query.weight <= 0) continue;
      out_.cost_before += query.cost_before;
      out_.cost_after += query.cost_after;
      query.fingerprint = planned_[at].query->fingerprint;
      query.text = planned_[at].query->text;
      query.cost_before /= query.weight;
      query.cost_after /= query.weight;
      const double change = query.cost_after - query.cost_before;
      if (std::abs(change) < least_change * query.cost_before) ++out_.unchanged;
      else (change < 0 ? out_.better : out_.worse).push_back(std::move(query));
    }
    const auto most_changed = [](const QueryEffect& query) {
      return std::pair(-query.weight * std::abs(query.cost_before - query.cost_after), query.fingerprint);
    };
    std::ranges::sort(out_.better, {}, most_changed);
    std::ranges::sort(out_.worse, {}, most_changed);
  }

  const Workload& workload_;
  const Catalog& catalog_;
  plan::PlanSource& source_;
  plan::WhatIf& what_if_;
  const std::vector<ProposedCandidate>& candidates_;
  const EvaluateOptions& options_;
  Diagnostics& diagnostics_;
  Clock::time_point end_;
  Evaluation out_;
  std::vector<PlannedQuery> planned_;
  std::vector<Usable> usable_;
  std::vector<Request> requests_;
  std::vector<double> calibration_;  // by query planned
  std::map<int, double> served_;     // by index: the cost of the requests that use it, without candidates
  bool lost_ = false;
};

// Why the index must stay; "": it may go.
std::string why_needed(const Table& table, const Index& index) {
  if (index.constraint) {
    for (const auto& constraint : table.constraints)
      if (constraint.name == index.name)
        return constraint.kind == Constraint::Kind::primary_key ? "the index belongs to the primary key"
               : constraint.kind == Constraint::Kind::unique
                   ? "the index belongs to the unique constraint of the same name"
                   : "the index belongs to the constraint of the same name";
    return "the index belongs to a constraint";
  }
  if (index.unique) return "the index is UNIQUE: it keeps rows with equal keys out";
  if (index.replica_identity) return "the index is the table's replica identity";
  if (!index.attached_to.empty())
    return "the index is a part of " + index.attached_to + ", which is the one to drop";
  return {};
}

}  // namespace

Result<EvaluatedDrop> proposed_drop(const std::string& name, const Catalog& catalog,
                                    const std::vector<std::string>& search_path) {
  std::vector<std::pair<const Table*, const Index*>> found;
  for (const auto& [table_name, table] : catalog.tables)
    for (const auto& index : table.indexes)
      if (index.name == name || quote_name({table_name.schema, index.name}) == name ||
          display({table_name.schema, index.name}) == name || table_name.schema + "." + index.name == name)
        found.emplace_back(&table, &index);
  for (const auto& schema : search_path)
    if (const auto* here =
            find_first(found, [&](const auto& pair) { return pair.first->name.schema == schema; });
        here && found.size() > 1)
      found = {std::pair(*here)};
  if (found.empty())
    return fail(Error::Kind::usage, "--drop " + ellipsis(name, 60), "no index has this name");
  if (found.size() > 1)
    return fail(Error::Kind::usage, "--drop " + ellipsis(name, 60),
                "several schemas have an index of this name", "--drop SCHEMA.NAME");
  const auto& [table, index] = found.front();
  EvaluatedDrop out{.table = table->name, .index = index->name, .reason = why_needed(*table, *index)};
  out.size_bytes = index->statistics ? index->statistics->pages * page_bytes : 0;
  if (!out.reason.empty()) {
    out.verdict = EvaluatedDrop::Verdict::refused;
    return out;
  }
  const bool concurrently = table->kind != Table::Kind::partitioned;
  out.sql = ddl::drop_index({table->name.schema, index->name}, concurrently) + ";";
  out.down_sql = ddl::create_index(table->name, *index, {.concurrently = concurrently}) + ";";
  return out;
}

Evaluation evaluate(const Workload& workload, const Catalog& catalog, plan::PlanSource& source,
                    plan::WhatIf& what_if, const std::vector<ProposedCandidate>& candidates,
                    std::vector<EvaluatedDrop> drops, const EvaluateOptions& options,
                    Diagnostics& diagnostics) {
  return Evaluator(workload, catalog, source, what_if, candidates, std::move(drops), options, diagnostics)
      .run();
}

}  // namespace pgadvise::advisor
