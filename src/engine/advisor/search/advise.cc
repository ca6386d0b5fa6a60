#include "advisor/search/advise.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include "advisor/candidates/candidates.h"
#include "advisor/candidates/merge.h"
#include "advisor/candidates/uncosted.h"
#include "advisor/costs/calibration.h"
#include "advisor/costs/cost_model.h"
#include "advisor/costs/entry_size.h"
#include "advisor/costs/maintenance_cost.h"
#include "advisor/costs/size.h"
#include "advisor/ddl/index_ddl.h"
#include "advisor/queries/planned_queries.h"
#include "advisor/search/drops.h"
#include "advisor/search/selection.h"
#include "base/containers.h"
#include "model/schema/ddl.h"
#include "sql/facts/facts.h"

namespace pgadvise::advisor {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_together = 1000;  // hypothetical indexes for one plan: HypoPG has room for 2,828
constexpr int max_layers = 20;              // of plans, each without the indexes of those before it
constexpr double least_saved = 1;           // by a call: a page read in sequence
constexpr double gain_without_limit = 0.01;
constexpr std::uint64_t max_bulk_calls = 2;
constexpr double min_bulk_rows = 10'000;
constexpr double brin_share = 0.05;  // of a B-tree's: a range's entry changes with a new extreme only
constexpr std::chrono::milliseconds between_progress{200};

std::string quote_key(const IndexProposal& proposal) {
  return proposal.table.schema + '\0' + proposal.table.name + '\0' +
         ddl::index_definition(ddl::index_of(proposal)) + '\0' + proposal.method;
}

// The proposals that plans are asked about, by their numbers in plan::WhatIf, with the sizes and maintenance
// costs of their indexes. For one thread.
class NumberedProposals {
 public:
  // The arguments must outlive the object. `writes`: all writes of the workload, before numbers() is called.
  NumberedProposals(const Catalog& catalog, const std::vector<Write>& writes, plan::WhatIf& what_if,
                    plan::Planner& planner, const AdviseOptions& options)
      : catalog_(catalog), writes_(writes), what_if_(what_if), planner_(planner), options_(options) {}

  // The numbers of those proposals that fit into the budget, sorted. With hypopg_sizes, one round trip asks
  // for all sizes that are unknown, and proposals that HypoPG rejects are left out. For a partial index of
  // one value, asks the planner for its rows: REQUIRES that the connection has no open transaction then.
  IndexSet numbers(const std::vector<IndexProposal>& proposals) {
    std::set<int> all;
    for (const auto& proposal : proposals) all.insert(number(proposal));
    const auto bytes = [&](int index) -> std::int64_t& {
      return sizes_.bytes[static_cast<std::size_t>(index)];
    };
    if (options_.hypopg_sizes) {
      IndexSet unknown;
      std::ranges::copy_if(all, std::back_inserter(unknown), [&](int index) { return bytes(index) < 0; });
      const auto sizes = what_if_.sizes(unknown);
      for (std::size_t at = 0; at < unknown.size(); ++at) bytes(unknown[at]) = sizes ? (*sizes)[at] : 0;
    }
    IndexSet out;
    // HypoPG can't make what it gives no size for.
    std::ranges::copy_if(all, std::back_inserter(out), [&](int index) {
      return (bytes(index) > 0 || !options_.hypopg_sizes) &&
             (!options_.budget || bytes(index) <= *options_.budget);
    });
    return out;
  }

  const IndexProposal& operator[](int index) const { return proposals_[static_cast<std::size_t>(index)]; }
  bool is_btree(int index) const { return (*this)[index].method == "btree"; }
  std::size_t size() const { return proposals_.size(); }
  // The number of hypothetical indexes that a proposal takes: one for each partition.
  std::size_t parts(int index) const { return parts_[static_cast<std::size_t>(index)]; }
  // Equal for all proposals of a table and method that begin with the same key.
  std::string lead(int index) const {
    const IndexProposal& proposal = (*this)[index];
    return quote_key({.table = proposal.table, .keys = {proposal.keys.front()}, .method = proposal.method});
  }
  const Sizes& sizes() const { return sizes_; }
  // Sets Sizes::alike: `by_lead` has the indexes by their lead().
  void set_alike(const std::map<std::string, IndexSet>& by_lead) {
    sizes_.alike.resize(proposals_.size());
    for (const auto& [lead, indexes] : by_lead)
      for (const int index : indexes) sizes_.alike[static_cast<std::size_t>(index)] = indexes;
  }

 private:
  int number(const IndexProposal& proposal) {
    const std::string key = quote_key(proposal);
    if (const int* known = find_value(numbers_, key)) return *known;
    auto hypothetical = hypothetical_indexes(proposal, catalog_);
    parts_.push_back(hypothetical.size());
    const int index = what_if_.add(proposal.table, std::move(hypothetical));
    numbers_.emplace(key, index);
    proposals_.push_back(proposal);
    sizes_.bytes.push_back(options_.hypopg_sizes ? -1 : index_size(proposal, catalog_, selected(proposal)));
    sizes_.maintenance_cost.push_back(maintenance_cost(proposal, writes_, catalog_) *
                                      (proposal.method == "brin" ? brin_share : 1));
    return index;
  }

  // The share of the rows that a partial index of one value contains (status = 'failed', NOT paid), as the
  // planner estimates it. nullopt for IS [NOT] NULL, which the column's statistics tell.
  std::optional<double> selected(const IndexProposal& proposal) {
    if (!proposal.predicate || proposal.predicate->ends_with(" NULL")) return std::nullopt;
    const Table* table = catalog_.table(proposal.table);
    const double rows = table && table->statistics ? table->statistics->rows : 0;
    if (rows <= 0) return std::nullopt;
    const std::string sql = "SELECT FROM " + quote_name(proposal.table) + " WHERE " + *proposal.predicate;
    const auto [known, fresh] = selected_.try_emplace(sql);
    if (fresh)
      if (const auto plan = planner_.explain({sql, {}, true, ""}))
        known->second = std::clamp(plan->root.plan_rows / rows, 0.0, 1.0);
    return known->second;
  }

  const Catalog& catalog_;
  const std::vector<Write>& writes_;
  plan::WhatIf& what_if_;
  plan::Planner& planner_;
  const AdviseOptions& options_;
  std::map<std::string, int> numbers_;
  std::vector<IndexProposal> proposals_;  // by number
  std::vector<std::size_t> parts_;        // by number
  Sizes sizes_;
  std::map<std::string, std::optional<double>> selected_;  // by SELECT with the predicate
};

// What statements say with their constants, where an index may have some of these.
class Constants {
 public:
  Constants(const Workload& workload, const Catalog& catalog, const plan::PlanSource& source, bool show)
      : catalog_(catalog), source_(source), show_(show) {
    for (const auto& log : workload.sources)
      if (log.format == "sql") sql_files_.insert(log.path);
  }

  // Its constants may be shown: the user wrote them into an .sql file, or asked for them.
  bool may_show(const Query& query) const {
    const bool own = !query.samples.empty() && std::ranges::all_of(query.samples, [&](const Sample& sample) {
      return sql_files_.count(sample.place.file) > 0;
    });
    return own || show_;
  }

  // The facts of its statements, whose expressions have their constants: the key in payload->>'key'. An
  // expression that is another one from call to call is left out, since an index on one would serve but
  // those. nullopt without such an expression.
  std::optional<QueryFacts> with_constants(const PlannedQuery& planned) const {
    const auto& predicates = planned.query->facts.predicates;
    if (std::ranges::all_of(predicates, [](const Predicate& predicate) { return predicate.wrapper.empty(); }))
      return std::nullopt;
    QueryFacts out = sql::query_facts(planned.statements.front().sql, catalog_, source_.search_path());
    for (const auto& sample : planned.query->samples) {
      if (sample.statement.empty() || sample.statement == planned.statements.front().sql) continue;
      const QueryFacts other = sql::query_facts(sample.statement, catalog_, source_.search_path());
      for (std::size_t at = 0; at < out.predicates.size(); ++at)
        if (at >= other.predicates.size() || other.predicates[at].expression != out.predicates[at].expression)
          out.predicates[at].expression.clear();
    }
    return out;
  }

  // The facts of request number `at` with the constants of its statement; nullptr: they may not be shown.
  const QueryFacts* literal_facts(std::size_t at, const WhatIfRequest& request, const Query& query) {
    if (!may_show(query) || request.statement.generic || !request.statement.parameters.empty())
      return nullptr;
    auto& facts = spelled_[at];
    if (!facts) facts = sql::query_facts(request.statement.sql, catalog_, source_.search_path());
    return &*facts;
  }

 private:
  const Catalog& catalog_;
  const plan::PlanSource& source_;
  bool show_;
  std::set<std::string> sql_files_;
  std::map<std::size_t, std::optional<QueryFacts>> spelled_;  // by request
};

class Advisor {
 public:
  Advisor(const Workload& workload, const Catalog& catalog, plan::PlanSource& source, plan::WhatIf& what_if,
          const AdviseOptions& options, Diagnostics& diagnostics)
      : workload_(workload),
        catalog_(catalog),
        source_(source),
        what_if_(what_if),
        options_(options),
        diagnostics_(diagnostics),
        model_(what_if),
        planner_(source, catalog, {.stop = [this] { return stop(); }}),
        proposals_(catalog, writes_, what_if, planner_, options),
        constants_(workload, catalog, source, options.show_literals),
        sizes_of_entries_(catalog, &catalog, &planner_),
        end_(Clock::now() + options.time_limit) {}

  Advice run() {
    advice_.budget_bytes = options_.budget;
    const std::size_t told = diagnostics_.size();
    planned_ = planned_queries(
        workload_, catalog_, source_, [this] { return stop(); }, advice_.not_explained, diagnostics_);
    advice_.complete =
        std::none_of(diagnostics_.begin() + static_cast<std::ptrdiff_t>(told), diagnostics_.end(),
                     [](const Error& error) { return error.kind == Error::Kind::database; });
    model_.stop_when([this] { return stop(); });
    ask_without_indexes();
    find_candidates();
    choose();
    report();
    if (model_.loss()) diagnostics_.push_back(*model_.loss());
    advice_.complete = advice_.complete && !model_.stopped() && !model_.lost() && !stop();
    advice_.what_if_calls = what_if_.calls();
    what_if_.clear();
    return std::move(advice_);
  }

 private:
  // On any thread.
  bool stop() {
    const auto now = Clock::now();
    if (const std::unique_lock lock(progress_, std::try_to_lock);
        lock && options_.progress && now > next_progress_) {
      next_progress_ = now + between_progress;
      options_.progress(
          {what_if_.calls(), planned_.size(), total_ > 0 ? std::min(1.0, reached_ / total_) : 1});
    }
    return now > end_ || (options_.stop && options_.stop());
  }
  bool ended() { return stop() || model_.lost(); }
  // Half of the time is the selection's.
  bool enough_candidates() {
    if (Clock::now() > candidates_end_) advice_.complete = false;
    return Clock::now() > candidates_end_ || ended();
  }

  struct Asked {
    std::size_t query = 0;
    std::vector<std::pair<const plan::WhatIfStatement*, plan::WhatIfPlan>> plans;
    double cost() const {
      double sum = 0;
      for (const auto& [statement, plan] : plans) sum += plan.cost;
      return plans.empty() ? 0 : sum / static_cast<double>(plans.size());
    }
  };

  using Plans = std::vector<Result<plan::WhatIfPlan>>;

  // Of each query, one plan for each statement; empty if the search had ended before.
  std::vector<Plans> plans_without_indexes() {
    std::vector<Plans> out(planned_.size());
    std::atomic<bool> lost = false;
    const auto ask = [&](std::size_t query, plan::WhatIf& what_if) {
      for (const auto& statement : planned_[query].statements) {
        if (lost) return;
        out[query].push_back(what_if.cost(statement, {}));
        if (!out[query].back() && out[query].back().error().kind == Error::Kind::database) lost = true;
      }
    };
    what_if_.for_each(planned_.size(), ask, [&] { return lost || stop(); });
    return out;
  }

  // Nothing: the server is lost.
  std::optional<Asked> take_without_indexes(std::size_t query, const Plans& plans) {
    Asked asked{query, {}};
    std::string why;
    for (std::size_t at = 0; at < plans.size(); ++at) {
      const auto& plan = plans[at];
      if (plan) asked.plans.emplace_back(&planned_[query].statements[at], *plan);
      else why = plan.error().what;
      if (plan || plan.error().kind != Error::Kind::database) continue;
      diagnostics_.push_back(plan.error());
      advice_.complete = false;
      return std::nullopt;
    }
    if (asked.plans.empty()) {
      ++advice_.not_explained;
      const QueryFacts& facts = planned_[query].query->facts;
      if (facts.kind != StatementKind::select && facts.target) unplanned_targets_.insert(*facts.target);
      warn(diagnostics_, "query " + planned_[query].query->fingerprint, "not explained: " + why);
    }
    return asked;
  }

  // A load, import or backfill that ran once or twice does not belong to the steady workload.
  bool bulk_load(const Asked& asked) {
    const Query& query = *planned_[asked.query].query;
    const bool bulk = query.facts.kind != StatementKind::select && query.calls <= max_bulk_calls &&
                      std::ranges::any_of(asked.plans, [](const auto& one) {
                        return one.second.rows_written >= min_bulk_rows;
                      });
    advice_.bulk_loads += bulk;
    return bulk;
  }

  void ask_without_indexes() {
    std::vector<Asked> all;
    std::vector<double> costs(planned_.size());
    const auto plans = plans_without_indexes();
    for (std::size_t at = 0; at < planned_.size(); ++at) {
      if (plans[at].empty()) continue;
      auto asked = take_without_indexes(at, plans[at]);
      if (!asked) break;
      if (asked->plans.empty() || (!options_.include_bulk && bulk_load(*asked))) continue;
      costs[at] = asked->cost();
      all.push_back(std::move(*asked));
    }
    calibration_.assign(planned_.size(), 1);
    if (options_.by_time) calibration_ = calibrations(planned_, costs);
    for (const auto& asked : all) {
      const Query& query = *planned_[asked.query].query;
      const double calls = static_cast<double>(query.calls) / static_cast<double>(asked.plans.size());
      for (const auto& [statement, plan] : asked.plans) {
        const double weight = calls * calibration_[asked.query];
        model_.add({asked.query, weight, *statement}, plan);
        base_.push_back(plan.cost);
        total_ += weight * plan.cost;
        if (query.facts.kind != StatementKind::select)
          writes_.push_back({&query.facts, calls * plan.rows_written});
      }
    }
    reached_ = total_;
    found_.resize(model_.size());
  }

  // Also of statements that are not explained: they run all the same.
  Columns columns_not_just_equal() {
    Columns out;
    for (const auto& query : workload_.queries) {
      if (ended()) break;
      add_not_just_equal(query.facts, referenced_columns(query.text, query.facts, catalog_), out);
    }
    return out;
  }

  void find_candidates() {
    candidates_end_ = Clock::now() + (end_ - Clock::now()) / 2;
    // Of all requests at once: one round trip asks for the sizes.
    std::vector<IndexProposal> all;
    std::vector<std::vector<IndexProposal>> own(planned_.size());
    const Columns not_just_equal = columns_not_just_equal();
    for (const auto& planned : planned_)
      for (const auto& [table, columns] : planned.referenced) read_.insert(table);
    what_if_.clear();  // lengths are sampled in a transaction of their own
    for (std::size_t at = 0; at < planned_.size() && !enough_candidates(); ++at) {
      const auto spelled = constants_.with_constants(planned_[at]);
      own[at] = candidates(
          planned_[at].query->facts, planned_[at].referenced, catalog_,
          {options_.max_width, constants_.may_show(*planned_[at].query), spelled ? &*spelled : nullptr});
      add_of_partitioned_tables(own[at]);
      leave_out_too_long(own[at]);
      std::erase_if(own[at],
                    [&](const IndexProposal& one) { return hash_serves(one, not_just_equal, catalog_); });
      append(all, own[at]);
      if (options_.max_width < 3) continue;
      const QueryFacts& facts = planned_[at].query->facts;
      const auto& referenced = planned_[at].referenced;
      const auto too_long = [this](const Table& table, const Column& column) {
        return sizes_of_entries_.too_long(table, column);
      };
      append(own[at], range_candidates(facts, referenced, catalog_));
      append(own[at], hash_candidates(facts, referenced, not_just_equal, catalog_, too_long));
    }
    if (!ended()) (void)proposals_.numbers(all);
    std::vector<IndexSet> sets(model_.size());
    for (std::size_t at = 0; at < model_.size() && !ended(); ++at)
      sets[at] = proposals_.numbers(own[model_.request(at).query]);
    peel(sets);
    for (int width = 3; width <= options_.max_width; ++width) {
      sets.assign(model_.size(), {});
      what_if_.clear();
      for (std::size_t at = 0; at < model_.size() && !enough_candidates(); ++at) sets[at] = refined(at);
      peel(sets);
    }
    relate();
  }

  // A partition's indexes on the partitioned tables above it, too, where the workload reads these: one index
  // serves the queries on both.
  void add_of_partitioned_tables(std::vector<IndexProposal>& proposals) const {
    const auto own = proposals;
    for (const auto& proposal : own)
      for (const auto& above : partitioned_above(proposal.table, catalog_)) {
        const Table* table = catalog_.table(above);
        IndexProposal wider = proposal;
        wider.table = above;
        if (table && read_.count(above) && !already_served(wider, *table))
          proposals.push_back(std::move(wider));
      }
  }

  // The columns that the query references of the index's table, or of a partition of it; nullptr: none.
  const ReferencedColumns* referenced(const PlannedQuery& planned, const IndexProposal& index) const {
    if (const auto* own = find_value(planned.referenced, index.table)) return own;
    for (const auto& [table, columns] : planned.referenced) {
      const auto above = partitioned_above(table, catalog_);
      if (std::ranges::find(above, index.table) != above.end()) return &columns;
    }
    return nullptr;
  }

  // Those that the server could not build.
  void leave_out_too_long(std::vector<IndexProposal>& proposals) {
    std::erase_if(proposals, [&](const IndexProposal& proposal) {
      return sizes_of_entries_.fit(proposal).proposal != proposal;
    });
  }

  // The requests that cost most in all come first: time may end.
  std::vector<std::size_t> by_cost() const {
    std::vector<std::size_t> out(model_.size());
    std::iota(out.begin(), out.end(), 0);
    const auto cost = [&](std::size_t at) { return model_.request(at).weight * base_[at]; };
    std::ranges::stable_sort(out, [&](std::size_t a, std::size_t b) { return cost(a) > cost(b); });
    return out;
  }

  // Each request with its own set of indexes.
  void peel(const std::vector<IndexSet>& sets) {
    std::vector<std::vector<IndexSet>> used(model_.size());
    const std::vector<std::size_t> order = by_cost();
    what_if_.for_each(
        order.size(),
        [&](std::size_t n, plan::WhatIf& what_if) {
          used[order[n]] = peel(order[n], sets[order[n]], what_if);
        },
        [this] { return enough_candidates(); });
    for (const auto& groups : used) groups_.insert(groups.begin(), groups.end());
  }

  // As many as can be supposed at once, and planned with in a reasonable time; then what was found among all.
  std::vector<IndexSet> peel(std::size_t at, const IndexSet& all, plan::WhatIf& what_if) {
    std::vector<IndexSet> portions(1);
    std::size_t parts = 0;
    for (const int index : all) {
      const std::size_t more = proposals_.parts(index);
      if (parts + more > max_together && !portions.back().empty()) portions.emplace_back(), parts = 0;
      portions.back().push_back(index);
      parts += more;
    }
    if (portions.size() == 1) return peel_at_once(at, all, what_if);
    std::set<int> found;
    for (const auto& portion : portions) {
      if (ended()) break;
      for (const auto& group : peel_at_once(at, portion, what_if)) found.insert(group.begin(), group.end());
    }
    std::size_t together = 0;
    for (const int index : found) together += proposals_.parts(index);
    if (together > max_together || ended()) return {};  // each is known by itself
    return peel_at_once(at, {found.begin(), found.end()}, what_if);
  }

  // What the planner would use, then what it would use without those, and so on: everything else is of no use
  // to the request.
  std::vector<IndexSet> peel_at_once(std::size_t at, IndexSet left, plan::WhatIf& what_if) {
    std::vector<IndexSet> groups;
    const double enough = std::max(least_saved, base_[at] * 0.0005);
    for (int layer = 0; layer < max_layers && !left.empty() && !ended(); ++layer) {
      const auto plan = model_.ask(at, left, what_if);
      if (!plan || plan->used.empty() || base_[at] - plan->cost < enough) return groups;
      IndexSet used = plan->used;
      found_[at].insert(used.begin(), used.end());
      groups.push_back(used);
      IndexSet rest;
      std::ranges::set_difference(left, used, std::back_inserter(rest));
      left = std::move(rest);
    }
    return groups;
  }

  // What was found for the request, and what is made of it; empty: nothing new.
  IndexSet refined(std::size_t at) {
    const PlannedQuery& planned = planned_[model_.request(at).query];
    std::vector<IndexProposal> wider;
    for (const int index : found_[at]) {
      const IndexProposal& used = proposals_[index];
      const ReferencedColumns* columns = referenced(planned, used);
      if (!proposals_.is_btree(index) || !columns || !refined_.insert({at, index}).second) continue;
      const QueryFacts* spelled = constants_.literal_facts(at, model_.request(at), *planned.query);
      append(wider, refinements(used, spelled ? *spelled : planned.query->facts, *columns, catalog_,
                                {options_.max_width, spelled != nullptr}));
    }
    leave_out_too_long(wider);
    if (wider.empty()) return {};
    return united({found_[at].begin(), found_[at].end()}, proposals_.numbers(wider));
  }

  void relate() {
    std::vector<std::set<std::string>> leads(model_.size());
    std::set<int> alive;
    if (also_.empty()) also_ = proposals_.numbers(asked());
    for (const int index : also_) {
      alive.insert(index);
      for (std::size_t at = 0; at < model_.size(); ++at)
        if (referenced(planned_[model_.request(at).query], proposals_[index]))
          leads[at].insert(proposals_.lead(index));
    }
    for (std::size_t at = 0; at < model_.size(); ++at) {
      std::vector<IndexProposal> shorter;
      for (const int index : found_[at]) {
        const IndexProposal proposal = proposals_[index];
        what_if_.rest();
        leads[at].insert(proposals_.lead(index));
        if (!proposals_.is_btree(index)) continue;
        for (auto& prefix : prefixes(proposal)) {
          const Table* table = catalog_.table(prefix.table);
          if (!table || !already_served(prefix, *table)) shorter.push_back(std::move(prefix));
        }
      }
      alive.insert(found_[at].begin(), found_[at].end());
      const IndexSet more = ended() ? IndexSet{} : proposals_.numbers(shorter);
      alive.insert(more.begin(), more.end());
    }
    alive_.assign(alive.begin(), alive.end());
    std::map<std::string, IndexSet> alike;
    for (const int index : alive_) alike[proposals_.lead(index)].push_back(index);
    proposals_.set_alike(alike);
    std::vector<const IndexSet*> group(proposals_.size());
    for (const auto& [first, indexes] : alike)
      for (const int index : indexes) group[static_cast<std::size_t>(index)] = &indexes;
    for (std::size_t at = 0; at < model_.size(); ++at) {
      what_if_.rest();
      IndexSet relevant;
      for (const auto& first : leads[at]) append(relevant, alike[first]);
      std::ranges::sort(relevant);
      const PlannedQuery& planned = planned_[model_.request(at).query];
      model_.relate(at, std::move(relevant), [&](int narrow, int wide) {
        if (group[static_cast<std::size_t>(narrow)] != group[static_cast<std::size_t>(wide)]) return false;
        const IndexProposal& less = proposals_[narrow];
        const ReferencedColumns* columns = referenced(planned, less);
        return columns && spares(less, proposals_[wide], *columns);
      });
    }
  }

  void choose() {
    SelectionOptions how{.budget = options_.budget, .max_indexes = options_.max_indexes};
    if (!options_.budget && !options_.max_indexes) how.least_gain = gain_without_limit;
    how.reached = [this](double cost) { reached_ = std::min(reached_, cost); };
    chosen_ = select_indexes(model_, proposals_.sizes(), alive_, {groups_.begin(), groups_.end()}, how);
    if (model_.stopped()) keep_what_is_used();
    if (!options_.budget && !options_.max_indexes) merge_with_asked();
  }

  std::vector<IndexProposal> asked() const {
    std::vector<IndexProposal> out;
    for (const auto& index : options_.asked)
      if (const Table* table = catalog_.table(index.table); table && !already_served(index, *table))
        out.push_back(index);
    return out;
  }

  // The selected indexes and those that findings ask for. The keys that all statements using a selected index
  // compare by = may change their order.
  void merge_with_asked() {
    std::vector<IndexProposal> all;
    const std::vector<IndexProposal> wanted = asked();
    for (const int index : chosen_) {
      IndexProposal selected = proposals_[index];
      selected.equality_keys = keys_compared_equal(index);
      all.push_back(in_the_direction_asked(selected, wanted));
    }
    const std::size_t selected = all.size();
    for (const auto& index : wanted)
      if (!served_above(index, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(selected)}))
        all.push_back(index);
    const IndexSet merged = proposals_.numbers(merge_proposals(all).indexes);
    if (merged == chosen_) return;
    chosen_ = also_ = merged;
    what_if_.clear();
    relate();
  }

  // An index is scanned in both directions at the same cost, so it is chance which of the two was selected:
  // the one that a finding asks for is taken.
  static IndexProposal in_the_direction_asked(const IndexProposal& index,
                                              const std::vector<IndexProposal>& asked) {
    const auto* found = find_first(asked, [&](const IndexProposal& other) {
      return std::equal(index.keys.begin(), index.keys.end(), other.keys.begin(), other.keys.end(),
                        [](const IndexKey& a, const IndexKey& b) {
                          return a.column == b.column && a.expression == b.expression;
                        }) &&
             index.method == other.method && index.include == other.include && serves(index, other) &&
             serves(other, index);
    });
    if (!found) return index;
    IndexProposal out = *found;
    out.equality_keys = std::min(index.equality_keys, found->equality_keys);
    return out;
  }

  // Whether an index of a partitioned table above serves what `index` is proposed for.
  bool served_above(IndexProposal index, const std::vector<IndexProposal>& others) const {
    for (const auto& table : partitioned_above(index.table, catalog_)) {
      index.table = table;
      if (std::ranges::any_of(others, [&](const IndexProposal& other) { return serves(other, index); }))
        return true;
    }
    return false;
  }

  std::size_t keys_compared_equal(int index) const {
    const IndexProposal& proposal = proposals_[index];
    std::size_t out = proposal.keys.size();
    for (const auto at : model_.requests_of(index)) {
      const IndexSet used = model_.used(at, chosen_);
      if (!std::ranges::binary_search(used, index)) continue;
      out = std::min(out, leading_equality_keys(proposal, planned_[model_.request(at).query].query->facts));
    }
    return out;
  }

  // Time ended before it was asked what others make superfluous: what no known plan uses only costs.
  void keep_what_is_used() {
    std::set<int> used;
    for (std::size_t at = 0; at < model_.size(); ++at)
      for (const int index : model_.used(at, chosen_)) used.insert(index);
    std::erase_if(chosen_, [&](int index) { return !used.count(index); });
  }

  void report() {
    IndexNamer namer(catalog_);
    std::vector<IndexProposal> made;
    for (const auto& step : ordered_by_gain(model_, proposals_.sizes(), chosen_)) {
      const auto number = static_cast<std::size_t>(step.index);
      const IndexProposal& proposal = proposals_[step.index];
      IndexDdl ddl = create_index(proposal, namer, catalog_, options_.project);
      AdvisedIndex index{proposal.table,
                         std::move(ddl.sql),
                         std::move(ddl.down_sql),
                         proposals_.sizes().bytes[number],
                         step.saved,
                         proposals_.sizes().maintenance_cost[number],
                         {},
                         std::nullopt,
                         proposal,
                         !writes_unknown(proposal.table),
                         std::move(ddl.drizzle)};
      std::set<std::string> users;
      for (const auto at : model_.requests_of(step.index)) {
        const IndexSet used = model_.used(at, chosen_);
        if (std::ranges::binary_search(used, step.index))
          users.insert(planned_[model_.request(at).query].query->fingerprint);
      }
      index.queries.assign(users.begin(), users.end());
      advice_.indexes.push_back(std::move(index));
      if (proposal.method == "btree") made.push_back(proposal);
    }
    advice_.cost_before = total_;
    advice_.cost_after = workload_cost(model_, proposals_.sizes(), chosen_);
    report_queries();
    for (const auto& table : unplanned_targets_) advice_.unknown_writes.push_back(display(table));
    std::vector<const Query*> explained;
    for (const auto& planned : planned_) explained.push_back(planned.query);
    advice_.not_costed = uncosted(explained, catalog_, namer);
    advice_.drops = drops(catalog_, made);
  }

  bool writes_unknown(const QualifiedName& table) const {
    const auto tree = partition_tree(table, catalog_);
    return std::ranges::any_of(unplanned_targets_,
                               [&](const QualifiedName& target) { return tree.count(target) > 0; });
  }

  void report_queries() {
    std::vector<double> weights(planned_.size());
    std::vector<AdvisedQuery> queries(planned_.size());
    for (std::size_t at = 0; at < model_.size(); ++at) {
      const WhatIfRequest& request = model_.request(at);
      weights[request.query] += request.weight;
      queries[request.query].cost_before += request.weight * base_[at];
      queries[request.query].cost_after += request.weight * model_.cost(at, chosen_);
    }
    for (std::size_t at = 0; at < planned_.size(); ++at) {
      if (weights[at] <= 0) continue;
      AdvisedQuery& query = queries[at];
      query.fingerprint = planned_[at].query->fingerprint;
      query.text = planned_[at].query->text;
      query.mean_ms = planned_[at].query->mean_ms();
      query.calibration = calibration_[at];
      query.weight = weights[at];
      query.cost_before /= weights[at];
      query.cost_after /= weights[at];
      advice_.queries.push_back(std::move(query));
    }
    std::ranges::sort(advice_.queries, {}, [](const AdvisedQuery& query) {
      return std::pair(-query.weight * (query.cost_before - query.cost_after), query.fingerprint);
    });
  }

  const Workload& workload_;
  const Catalog& catalog_;
  plan::PlanSource& source_;
  plan::WhatIf& what_if_;
  const AdviseOptions& options_;
  Diagnostics& diagnostics_;
  Advice advice_;
  std::vector<PlannedQuery> planned_;
  std::set<QualifiedName> read_;  // by the queries planned
  CostModel model_;
  plan::Planner planner_;
  std::vector<Write> writes_;
  NumberedProposals proposals_;
  Constants constants_;
  EntrySizes sizes_of_entries_;
  Clock::time_point end_;
  Clock::time_point candidates_end_;
  std::vector<double> base_;         // of one call, by request
  std::vector<double> calibration_;  // by query planned
  double total_ = 0;
  double reached_ = 0;  // the least cost found so far
  std::mutex progress_;
  Clock::time_point next_progress_ = Clock::now();
  std::set<QualifiedName> unplanned_targets_;  // of writes that the server refused to plan
  std::vector<std::set<int>> found_;           // by request: what some plan of it uses
  std::set<std::pair<std::size_t, int>> refined_;
  std::set<IndexSet> groups_;
  IndexSet alive_;
  IndexSet also_;  // candidates beside those that were found: the asked ones, then the merged ones
  IndexSet chosen_;
};

}  // namespace

Advice advise(const Workload& workload, const Catalog& catalog, plan::PlanSource& source,
              plan::WhatIf& what_if, const AdviseOptions& options, Diagnostics& diagnostics) {
  return Advisor(workload, catalog, source, what_if, options, diagnostics).run();
}

}  // namespace pgadvise::advisor
