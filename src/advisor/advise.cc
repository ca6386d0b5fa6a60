#include "advisor/advise.h"

#include <algorithm>
#include <map>
#include <set>

#include "advisor/candidates.h"
#include "advisor/cost_model.h"
#include "advisor/drops.h"
#include "advisor/index_ddl.h"
#include "advisor/questions.h"
#include "advisor/selection.h"
#include "advisor/size.h"
#include "advisor/uncosted.h"
#include "advisor/upkeep.h"

namespace pgadvise::advisor {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int most_layers = 20;          // of plans, each without the indexes of those before it
constexpr double least_saved = 1;          // by a call: a page read in sequence
constexpr double gain_without_limit = 0.01;

class Advisor {
 public:
  Advisor(const Workload& workload, const Catalog& catalog, plan::PlanSource& source, plan::WhatIf& what_if, const AdviseOptions& options,
          Diagnostics& diagnostics)
      : workload_(workload), catalog_(catalog), source_(source), what_if_(what_if), options_(options), diagnostics_(diagnostics), model_(what_if),
        end_(Clock::now() + options.time_limit) {}

  Advice run() {
    advice_.budget_bytes = options_.budget;
    studied_ = study(workload_, catalog_, source_, [this] { return stop(); }, advice_.not_explained, diagnostics_);
    model_.stop_when([this] { return stop(); });
    ask_without_indexes();
    find_candidates();
    choose();
    report();
    if (model_.lost()) diagnostics_.push_back(*model_.lost());
    advice_.complete = advice_.complete && !model_.stopped() && !model_.lost() && !stop();
    advice_.what_if_calls = what_if_.calls();
    what_if_.clear();
    return std::move(advice_);
  }

 private:
  bool stop() const { return Clock::now() > end_ || (options_.stop && options_.stop()); }
  bool ended() const { return stop() || model_.lost(); }

  void ask_without_indexes() {
    for (std::size_t at = 0; at < studied_.size() && !stop(); ++at) {
      const Studied& studied = studied_[at];
      std::vector<std::pair<const plan::WhatIfStatement*, plan::WhatIfPlan>> plans;
      std::string why;
      for (const auto& statement : studied.statements) {
        auto plan = what_if_.cost(statement, {});
        if (plan) plans.emplace_back(&statement, *plan);
        else why = plan.error().what;
        if (!plan && plan.error().kind == Error::Kind::database) {
          diagnostics_.push_back(plan.error());
          advice_.complete = false;
          found_.resize(model_.size());
          return;
        }
      }
      if (plans.empty()) {
        ++advice_.not_explained;
        diagnostics_.push_back({Error::Kind::passing, "query " + studied.query->fingerprint, "not explained: " + why, {}});
      }
      const double calls = static_cast<double>(studied.query->calls);
      for (const auto& [statement, plan] : plans) {
        const double weight = calls / static_cast<double>(plans.size());
        model_.add({at, weight, *statement}, plan);
        base_.push_back(plan.cost);
        total_ += weight * plan.cost;
        if (studied.query->facts.kind != StatementKind::select) writes_.push_back({&studied.query->facts, weight * plan.rows_written});
      }
    }
    found_.resize(model_.size());
  }

  // Known by its number; made on the first sight.
  int number(const IndexProposal& proposal) {
    const std::string key = quote_key(proposal);
    const auto known = numbers_.find(key);
    if (known != numbers_.end()) return known->second;
    const int index = what_if_.add(proposal.table, hypothetical_indexes(proposal, catalog_));
    numbers_.emplace(key, index);
    proposals_.push_back(proposal);
    sizes_.bytes.push_back(options_.hypopg_sizes ? -1 : index_size(proposal, catalog_));
    sizes_.upkeep.push_back(upkeep(proposal, writes_, catalog_));
    return index;
  }

  static std::string quote_key(const IndexProposal& proposal) {
    return proposal.table.schema + '\0' + proposal.table.name + '\0' + index_definition(proposal);
  }

  // Those that the budget leaves room for.
  IndexSet numbers(const std::vector<IndexProposal>& proposals) {
    std::set<int> all;
    for (const auto& proposal : proposals) all.insert(number(proposal));
    if (options_.hypopg_sizes) {
      IndexSet unknown;
      for (const int index : all)
        if (sizes_.bytes[static_cast<std::size_t>(index)] < 0) unknown.push_back(index);
      const auto sizes = what_if_.sizes(unknown);
      for (std::size_t at = 0; at < unknown.size(); ++at) sizes_.bytes[static_cast<std::size_t>(unknown[at])] = sizes ? (*sizes)[at] : 0;
    }
    IndexSet out;
    for (const int index : all) {
      const std::int64_t bytes = sizes_.bytes[static_cast<std::size_t>(index)];
      // HypoPG can't make what it gives no size for.
      if ((bytes > 0 || !options_.hypopg_sizes) && (!options_.budget || bytes <= *options_.budget)) out.push_back(index);
    }
    return out;
  }

  void find_candidates() {
    // Of all questions at once: one round trip asks for the sizes.
    std::vector<IndexProposal> all;
    std::vector<std::vector<IndexProposal>> own(studied_.size());
    for (std::size_t at = 0; at < studied_.size(); ++at) {
      own[at] = candidates(studied_[at].query->facts, studied_[at].mentioned, catalog_, {options_.max_width});
      all.insert(all.end(), own[at].begin(), own[at].end());
    }
    if (!ended()) (void)numbers(all);
    for (std::size_t at = 0; at < model_.size() && !ended(); ++at) peel(at, numbers(own[model_.question(at).query]));
    for (int width = 3; width <= options_.max_width; ++width)
      for (std::size_t at = 0; at < model_.size() && !ended(); ++at) refine(at);
    relate();
  }

  // What the planner would use, then what it would use without those, and so on: everything else is of no use to the question.
  void peel(std::size_t at, IndexSet left) {
    const double enough = std::max(least_saved, base_[at] * 0.0005);
    for (int layer = 0; layer < most_layers && !left.empty() && !ended(); ++layer) {
      const auto plan = model_.ask(at, left);
      if (!plan || plan->used.empty() || base_[at] - plan->cost < enough) return;
      IndexSet used = plan->used;
      found_[at].insert(used.begin(), used.end());
      groups_.insert(used);
      IndexSet rest;
      std::set_difference(left.begin(), left.end(), used.begin(), used.end(), std::back_inserter(rest));
      left = std::move(rest);
    }
  }

  void refine(std::size_t at) {
    const Studied& studied = studied_[model_.question(at).query];
    std::vector<IndexProposal> wider;
    for (const int index : found_[at]) {
      const IndexProposal& used = proposals_[static_cast<std::size_t>(index)];
      const auto mentioned = studied.mentioned.find(used.table);
      if (mentioned == studied.mentioned.end() || !refined_.insert({at, index}).second) continue;
      for (auto& proposal : refinements(used, studied.query->facts, mentioned->second, catalog_, {options_.max_width})) wider.push_back(std::move(proposal));
    }
    if (wider.empty()) return;
    IndexSet all(found_[at].begin(), found_[at].end());
    IndexSet fresh = numbers(wider);
    IndexSet both;
    std::set_union(all.begin(), all.end(), fresh.begin(), fresh.end(), std::back_inserter(both));
    peel(at, both);
  }

  void relate() {
    std::vector<std::set<std::string>> leads(model_.size());
    std::set<int> alive;
    for (std::size_t at = 0; at < model_.size(); ++at) {
      std::vector<IndexProposal> shorter;
      for (const int index : found_[at]) {
        const IndexProposal proposal = proposals_[static_cast<std::size_t>(index)];
        leads[at].insert(lead(proposal));
        for (auto& prefix : prefixes(proposal)) {
          const Table* table = catalog_.table(prefix.table);
          if (!table || !already_served(prefix, *table)) shorter.push_back(std::move(prefix));
        }
      }
      alive.insert(found_[at].begin(), found_[at].end());
      const IndexSet more = ended() ? IndexSet{} : numbers(shorter);
      alive.insert(more.begin(), more.end());
    }
    alive_.assign(alive.begin(), alive.end());
    std::map<std::string, IndexSet> alike;
    for (const int index : alive_) alike[lead(proposals_[static_cast<std::size_t>(index)])].push_back(index);
    sizes_.alike.resize(proposals_.size());
    for (const auto& [first, indexes] : alike)
      for (const int index : indexes) sizes_.alike[static_cast<std::size_t>(index)] = indexes;
    for (std::size_t at = 0; at < model_.size(); ++at) {
      IndexSet relevant;
      for (const auto& first : leads[at]) relevant.insert(relevant.end(), alike[first].begin(), alike[first].end());
      std::sort(relevant.begin(), relevant.end());
      model_.relate(at, std::move(relevant));
    }
  }

  static std::string lead(const IndexProposal& proposal) {
    IndexProposal first{.table = proposal.table, .keys = {proposal.keys.front()}};
    return quote_key(first);
  }

  void choose() {
    SelectionOptions how{.budget = options_.budget, .max_indexes = options_.max_indexes};
    if (!options_.budget && !options_.max_indexes) how.least_gain = gain_without_limit;
    chosen_ = select_indexes(model_, sizes_, alive_, {groups_.begin(), groups_.end()}, how);
  }

  void report() {
    IndexNamer namer(catalog_);
    std::vector<IndexProposal> made;
    for (const auto& step : pay_off(model_, sizes_, chosen_)) {
      const IndexProposal& proposal = proposals_[static_cast<std::size_t>(step.index)];
      IndexDdl ddl = create_index(proposal, namer, catalog_, nullptr);
      AdvisedIndex index{proposal.table, std::move(ddl.sql), std::move(ddl.down_sql), sizes_.bytes[static_cast<std::size_t>(step.index)], step.saved,
                         sizes_.upkeep[static_cast<std::size_t>(step.index)], {}};
      std::set<std::string> users;
      for (const auto at : model_.questions_of(step.index)) {
        const IndexSet used = model_.used(at, chosen_);
        if (std::binary_search(used.begin(), used.end(), step.index)) users.insert(studied_[model_.question(at).query].query->fingerprint);
      }
      index.queries.assign(users.begin(), users.end());
      advice_.indexes.push_back(std::move(index));
      made.push_back(proposal);
    }
    advice_.cost_before = total_;
    advice_.cost_after = workload_cost(model_, sizes_, chosen_);
    report_queries();
    std::vector<const Query*> explained;
    for (const auto& studied : studied_) explained.push_back(studied.query);
    advice_.not_costed = uncosted(explained, catalog_, namer);
    advice_.drops = drops(catalog_, made);
  }

  void report_queries() {
    std::vector<double> weights(studied_.size());
    std::vector<AdvisedQuery> queries(studied_.size());
    for (std::size_t at = 0; at < model_.size(); ++at) {
      const Question& question = model_.question(at);
      weights[question.query] += question.weight;
      queries[question.query].cost_before += question.weight * base_[at];
      queries[question.query].cost_after += question.weight * model_.cost(at, chosen_);
    }
    for (std::size_t at = 0; at < studied_.size(); ++at) {
      if (weights[at] <= 0) continue;
      AdvisedQuery& query = queries[at];
      query.fingerprint = studied_[at].query->fingerprint;
      query.text = studied_[at].query->text;
      query.weight = weights[at];
      query.cost_before /= weights[at];
      query.cost_after /= weights[at];
      advice_.queries.push_back(std::move(query));
    }
    std::sort(advice_.queries.begin(), advice_.queries.end(), [](const AdvisedQuery& a, const AdvisedQuery& b) {
      const double x = a.weight * (a.cost_before - a.cost_after);
      const double y = b.weight * (b.cost_before - b.cost_after);
      return x != y ? x > y : a.fingerprint < b.fingerprint;
    });
  }

  const Workload& workload_;
  const Catalog& catalog_;
  plan::PlanSource& source_;
  plan::WhatIf& what_if_;
  const AdviseOptions& options_;
  Diagnostics& diagnostics_;
  Advice advice_;
  std::vector<Studied> studied_;
  CostModel model_;
  Clock::time_point end_;
  std::vector<double> base_;  // of one call, by question
  double total_ = 0;
  std::vector<Write> writes_;
  std::map<std::string, int> numbers_;
  std::vector<IndexProposal> proposals_;  // by number
  Sizes sizes_;
  std::vector<std::set<int>> found_;  // by question: what some plan of it uses
  std::set<std::pair<std::size_t, int>> refined_;
  std::set<IndexSet> groups_;
  IndexSet alive_;
  IndexSet chosen_;
};

}  // namespace

Advice advise(const Workload& workload, const Catalog& catalog, plan::PlanSource& source, plan::WhatIf& what_if, const AdviseOptions& options,
              Diagnostics& diagnostics) {
  return Advisor(workload, catalog, source, what_if, options, diagnostics).run();
}

}  // namespace pgadvise::advisor
