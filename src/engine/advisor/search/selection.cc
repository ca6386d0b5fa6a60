#include "advisor/search/selection.h"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/containers.h"

namespace pgadvise::advisor {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr int max_rounds = 100;
constexpr double smallest_index = page_bytes;
constexpr std::size_t at_once = 4;  // requests that are asked together, on as many connections as there are:
                                    // always as many, so that these don't decide
constexpr double worth_a_try = 0.03;     // of the budget: what is smaller makes no room
constexpr double least_worth = 0.00001;  // of the workload's cost: less is chance

IndexSet without(IndexSet set, int index) {
  std::erase(set, index);
  return set;
}

// A value and the number of what has it.
std::pair<double, std::size_t> largest_first(const std::pair<double, std::size_t>& one) {
  return {-one.first, one.second};
}

class Selection {
 public:
  Selection(CostModel& model, const Sizes& sizes, const SelectionOptions& options)
      : model_(model), sizes_(sizes), options_(options) {
    for (std::size_t at = 0; at < model_.size(); ++at) base_.push_back(model_.cost(at, {}));
    costs_ = base_;
    under_.resize(model_.size());
    for (std::size_t at = 0; at < model_.size(); ++at) total_ += weight(at) * costs_[at];
  }

  struct Hope {
    double gain = 0;  // at most; worked out anew only when a query has changed that it concerns
    double bytes = 0;
    double least = 0;
    std::size_t more = 0;  // indexes
    bool stale = true;
    bool known = false;  // was worked out once
  };
  // The largest first; of equals the first.
  struct Value {
    double value = 0;
    std::size_t at = 0;
    bool operator<(const Value& other) const {
      return value != other.value ? value < other.value : at > other.at;
    }
  };

  const IndexSet& chosen() const { return chosen_; }
  double total() const { return total_; }

  // By gain per byte.
  void greedy(const std::vector<IndexSet>& moves) {
    std::vector<Hope> hopes(moves.size());
    std::vector<std::vector<std::size_t>> by_request(model_.size());
    for (std::size_t at = 0; at < moves.size(); ++at)
      for (const auto request : affected(moves[at])) by_request[request].push_back(at);
    for (;;) {
      // Optimistic values first; the best is asked about until one that is known is the best. A value from
      // before others were chosen mostly is one more that can but fall: worked out anew when it comes to the
      // front.
      std::priority_queue<Value> queue;
      const double taken = bytes(chosen_);
      for (std::size_t at = 0; at < moves.size(); ++at) {
        Hope& hope = hopes[at];
        if (hope.stale && (!hope.known || !lazy(moves))) work_out(hope, moves[at]);
        const bool fits = (!options_.max_indexes || chosen_.size() + hope.more <= options_.max_indexes) &&
                          (!options_.budget || taken + hope.bytes <= static_cast<double>(*options_.budget));
        if (hope.more && hope.gain >= hope.least && fits) queue.push({hope.gain / hope.bytes, at});
      }
      std::size_t best = moves.size();
      double best_value = 0;
      while (!queue.empty() && queue.top().value > best_value) {
        const std::size_t at = queue.top().at;
        queue.pop();
        Hope& hope = hopes[at];
        if (hope.stale) {
          work_out(hope, moves[at]);
          if (hope.more && hope.gain >= hope.least) queue.push({hope.gain / hope.bytes, at});
          continue;
        }
        const auto cost =
            exact(united(chosen_, moves[at]), total_ - std::max(best_value * hope.bytes, hope.least));
        hope.stale = !cost;
        if (!cost && model_.stopped())
          hope = {.gain = -infinite,
                  .bytes = hope.bytes,
                  .stale = false,
                  .known = true};  // nothing more is going to be known of it
        if (!cost) continue;
        hope.gain = total_ - *cost;
        if (hope.gain / hope.bytes > best_value) best_value = hope.gain / hope.bytes, best = at;
      }
      if (best == moves.size()) return;
      take(united(chosen_, moves[best]));
      for (const auto request : affected(moves[best]))
        for (const auto at : by_request[request])
          if (hopes[at].gain > -infinite) hopes[at].stale = true;
    }
  }

  // Adds, exchanges and drops until nothing makes the workload cheaper.
  void improve(const std::vector<IndexSet>& moves) {
    bool better = true;
    for (int round = 0; better && round < max_rounds && !model_.stopped(); ++round) {
      better = drop(false);
      std::vector<std::pair<double, std::size_t>> queue;
      for (std::size_t at = 0; at < moves.size(); ++at) {
        model_.rest();
        const double gain = total_ - optimistic_with(moves[at]);
        if (gain > small()) queue.emplace_back(gain, at);
      }
      std::ranges::sort(queue, {}, largest_first);
      for (const auto& [hope, at] : queue) {
        if (model_.stopped()) break;
        if (total_ - optimistic_with(moves[at]) <= small()) continue;
        better |= exchange(moves[at]);
      }
    }
    drop(true);
  }

  // All of `indexes`, one after the other, the one that pays most per byte first.
  std::vector<Step> in_order(const IndexSet& indexes) {
    std::vector<Step> out;
    std::vector<bool> stale(indexes.size()), done(indexes.size());
    std::map<std::size_t, std::vector<std::size_t>> by_request;
    std::priority_queue<Value> queue;
    const auto value = [&](std::size_t at, double cost) {
      return (total_ - cost) / std::max(smallest_index, sizes_.bytes_of(indexes[at]));
    };
    for (std::size_t at = 0; at < indexes.size(); ++at) {
      for (const auto request : model_.requests_of(indexes[at])) by_request[request].push_back(at);
      queue.push({value(at, optimistic_with({indexes[at]})), at});
    }
    while (out.size() < indexes.size()) {
      std::vector<Value> known;
      Value best{-infinite, indexes.size()};
      while (!queue.empty() && (best.at == indexes.size() || queue.top().value > best.value)) {
        const std::size_t at = queue.top().at;
        queue.pop();
        if (done[at]) continue;
        if (stale[at]) {
          stale[at] = false;
          queue.push({value(at, optimistic_with({indexes[at]})), at});
          continue;
        }
        known.push_back({value(at, exact(united(chosen_, {indexes[at]}), infinite).value_or(total_)), at});
        if (best < known.back()) best = known.back();
      }
      for (const auto& other : known)
        if (other.at != best.at) queue.push(other);
      const double before = total_;
      done[best.at] = true;
      take(united(chosen_, {indexes[best.at]}));
      out.push_back({indexes[best.at], before - total_});
      for (const auto request : model_.requests_of(indexes[best.at]))
        for (const auto at : by_request[request]) stale[at] = true;
    }
    return out;
  }

  void take(IndexSet next) {
    for (const auto at : affected_by(next)) {
      costs_[at] = model_.cost(at, next);
      under_[at] = model_.bits(at, next);
    }
    chosen_ = std::move(next);
    total_ = sizes_.maintenance_cost_of(chosen_);
    for (std::size_t at = 0; at < model_.size(); ++at) total_ += weight(at) * costs_[at];
    if (options_.reached) options_.reached(total_);
  }

 private:
  double weight(std::size_t at) const { return model_.request(at).weight; }
  // What is put in or taken out has to save so much: a share of the workload's cost, under a budget the less,
  // the less of it it takes; or a larger share of what the queries cost that it could serve, so that a
  // workload of many tables, or beside one monstrous query, is served, too.
  double least(const IndexSet& changed) const {
    double share = options_.least_gain;
    if (options_.budget)
      share = std::clamp(0.01 * bytes(changed) / static_cast<double>(*options_.budget), least_worth, share);
    double local = 0;
    for (const auto at : affected(changed)) local += weight(at) * base_[at];
    return std::max(std::min(share * total_, options_.least_local_gain * local), 1e-9);
  }
  double small() const { return std::max(least_worth / 10 * total_, 1e-9); }
  double bytes(const IndexSet& set) const {
    double sum = 0;
    for (const int index : set) sum += sizes_.bytes_of(index);
    return sum;
  }
  IndexSet added(const IndexSet& next) const {
    IndexSet out;
    std::ranges::set_difference(next, chosen_, std::back_inserter(out));
    return out;
  }
  bool fits(const IndexSet& set) const {
    return (!options_.max_indexes || set.size() <= options_.max_indexes) &&
           (!options_.budget || bytes(set) <= static_cast<double>(*options_.budget));
  }
  std::vector<std::size_t> affected(const IndexSet& changed) const {
    std::set<std::size_t> out;
    for (const int index : changed)
      out.insert(model_.requests_of(index).begin(), model_.requests_of(index).end());
    return {out.begin(), out.end()};
  }
  std::vector<std::size_t> affected_by(const IndexSet& next) const {
    IndexSet changed;
    std::ranges::set_symmetric_difference(chosen_, next, std::back_inserter(changed));
    return affected(changed);
  }

  // With all that begin as the new ones do.
  IndexSet with_alike(const IndexSet& next) const {
    IndexSet out = next;
    for (const int index : next)
      if (static_cast<std::size_t>(index) < sizes_.alike.size() &&
          !std::ranges::binary_search(chosen_, index))
        out = united(out, sizes_.alike[static_cast<std::size_t>(index)]);
    return out;
  }

  // The least that the workload can cost with `next`, for all that is known.
  double optimistic(const IndexSet& next) const {
    double sum = total_ - sizes_.maintenance_cost_of(chosen_) + sizes_.maintenance_cost_of(next);
    for (const auto at : affected_by(next)) sum += weight(at) * (model_.bounds(at, next).lower - costs_[at]);
    return sum;
  }

  // The same with the move beside what is chosen.
  double optimistic_with(const IndexSet& move) const {
    const IndexSet fresh = added(move);
    double sum = total_ + sizes_.maintenance_cost_of(fresh);
    for (const auto at : affected(fresh))
      sum += weight(at) * (model_.bounds_under(at, under_[at] | model_.bits(at, fresh)).lower - costs_[at]);
    return sum;
  }

  // So many moves that each one's value can't be worked out anew whenever another is chosen.
  static bool lazy(const std::vector<IndexSet>& moves) { return moves.size() > 2000; }

  void work_out(Hope& hope, const IndexSet& move) {
    model_.rest();
    const IndexSet fresh = added(move);
    hope = {total_ - optimistic_with(move),
            std::max(smallest_index, bytes(fresh)),
            least(fresh),
            fresh.size(),
            false,
            true};
  }

  // What it does cost; nothing when it is not under `limit`, or when a query gets slower than it may.
  std::optional<double> exact(const IndexSet& next, double limit) {
    double sum = total_ - sizes_.maintenance_cost_of(chosen_) + sizes_.maintenance_cost_of(next);
    std::vector<std::pair<double, std::size_t>> gaps;
    for (const auto at : affected_by(next)) {
      const auto now = model_.bounds(at, next);
      sum += weight(at) * (now.lower - costs_[at]);
      if (!now.known()) gaps.emplace_back(weight(at) * (std::min(now.upper, costs_[at]) - now.lower), at);
      else if (now.lower > options_.max_loss * base_[at]) return std::nullopt;
    }
    std::ranges::sort(gaps, {}, largest_first);
    std::vector<std::size_t> open;
    for (const auto& [gap, at] : gaps) open.push_back(at);
    const IndexSet wide = with_alike(next);
    for (std::size_t from = 0; from < open.size(); from += at_once) {
      const std::vector<std::size_t> some(
          open.begin() + static_cast<std::ptrdiff_t>(from),
          open.begin() + static_cast<std::ptrdiff_t>(std::min(open.size(), from + at_once)));
      if (sum >= limit) return std::nullopt;
      std::vector<double> lower;
      for (const auto at : some) lower.push_back(model_.bounds(at, next).lower);
      // All that begin alike at once: the best of them is known then, and what the others can't beat.
      if (wide.size() > next.size()) {
        model_.ask_each(some, wide);
        for (std::size_t n = 0; n < some.size(); ++n) {
          const double now = model_.bounds(some[n], next).lower;
          sum += weight(some[n]) * (now - std::exchange(lower[n], now));
        }
        if (sum >= limit) return std::nullopt;
      }
      model_.ask_each(some, next);
      for (std::size_t n = 0; n < some.size(); ++n) {
        const double cost = model_.cost(some[n], next);
        if (cost > options_.max_loss * base_[some[n]]) return std::nullopt;
        sum += weight(some[n]) * (cost - lower[n]);
      }
    }
    return sum < limit ? std::optional(sum) : std::nullopt;
  }

  // Those that save too little for themselves, once others are there.
  bool drop(bool all) {
    bool dropped = false;
    for (bool more = true; more;) {
      more = false;
      for (const int index : IndexSet(chosen_)) {
        const IndexSet rest = without(chosen_, index);
        const auto cost = exact(rest, total_ + (all ? least(IndexSet{index}) : small() / 2));
        if (!cost) continue;
        take(rest);
        dropped = more = true;
      }
      more = more && !model_.stopped();
    }
    return dropped;
  }

  // Puts the move in, takes out what is missed the least until it fits, and keeps that if it is better.
  bool exchange(const IndexSet& move) {
    constexpr int tries = 4;  // each one asks, and so knows more than the one before it
    IndexSet last;
    for (int n = 0; n < tries; ++n) {
      const auto next = repaired(move);
      if (!next || *next == last) return false;
      last = *next;
      if (total_ - optimistic(*next) <= small()) return false;
      const double needed =
          next->size() > chosen_.size() && fits(united(chosen_, move)) ? least(added(*next)) : small();
      if (exact(*next, total_ - needed)) {
        take(*next);
        return true;
      }
      if (model_.stopped()) return false;
    }
    return false;
  }

  // The chosen ones and the move, without those that are missed the least: one after the other by loss for
  // size, since one may stand in for another, the last one being the least missed of those that are large
  // enough; or all at once, as if each one's loss were its own.
  std::optional<IndexSet> repaired(const IndexSet& move) const {
    IndexSet next = united(chosen_, move);
    std::optional<IndexSet> best;
    const auto offer = [&](IndexSet set) {
      if (fits(set) && (!best || optimistic(set) < optimistic(*best))) best = std::move(set);
    };
    for (bool first = true; !fits(next); first = false) {
      auto losses = losses_of(next, move);
      if (losses.empty()) return best;
      if (first && options_.budget && bytes(next) > static_cast<double>(*options_.budget))
        offer(with_room(next, losses));
      std::ranges::sort(losses, {}, [](const Loss& one) { return std::pair(one.loss, one.index); });
      if (const auto* enough =
              find_first(losses, [&](const Loss& one) { return fits(without(next, one.index)); }))
        offer(without(next, enough->index));
      const auto least = std::ranges::min_element(
          losses, [](const Loss& a, const Loss& b) { return a.loss * b.bytes < b.loss * a.bytes; });
      next = without(next, least->index);
    }
    offer(std::move(next));
    return best;
  }

  struct Loss {
    int index = 0;
    double bytes = 0;
    double loss = 0;
  };

  // What the workload would cost more without each of them, at least.
  std::vector<Loss> losses_of(const IndexSet& set, const IndexSet& kept) const {
    std::vector<Loss> out;
    std::unordered_map<std::size_t, double> with;
    const auto cost_with = [&](std::size_t at) {
      const auto [known, fresh] = with.try_emplace(at);
      if (fresh) known->second = model_.bounds(at, set).lower;
      return known->second;
    };
    for (const int index : set) {
      if (std::ranges::binary_search(kept, index)) continue;
      double loss = -sizes_.maintenance_cost_of({index});
      const IndexSet rest = without(set, index);
      for (const auto at : model_.requests_of(index))
        loss += weight(at) * (model_.bounds(at, rest).lower - cost_with(at));
      out.push_back({index, std::max(smallest_index, sizes_.bytes_of(index)), std::max(0.0, loss)});
    }
    return out;
  }

  // The knapsack turned round: the least loss that frees so many parts of what is needed.
  IndexSet with_room(IndexSet set, const std::vector<Loss>& losses) const {
    const std::size_t parts = std::clamp<std::size_t>(20'000 / losses.size(), 64, 1024);
    const double needed = bytes(set) - static_cast<double>(*options_.budget);
    std::vector<double> least(parts + 1, infinite);
    std::vector<std::vector<bool>> taken(losses.size(), std::vector<bool>(parts + 1));
    least[0] = 0;
    const auto freed = [&](const Loss& one) {
      return std::min(parts, static_cast<std::size_t>(one.bytes / needed * static_cast<double>(parts)));
    };
    for (std::size_t n = 0; n < losses.size(); ++n)
      for (std::size_t at = parts; at > 0; --at) {
        const std::size_t before = at - std::min(at, freed(losses[n]));
        if (before == at || least[before] + losses[n].loss >= least[at]) continue;
        least[at] = least[before] + losses[n].loss;
        taken[n][at] = true;
      }
    std::size_t at = parts;
    for (std::size_t n = losses.size(); n-- > 0 && at > 0;)
      if (taken[n][at]) {
        set = without(set, losses[n].index);
        at -= std::min(at, freed(losses[n]));
      }
    return set;
  }

  CostModel& model_;
  const Sizes& sizes_;
  const SelectionOptions& options_;
  std::vector<double> base_;
  std::vector<double> costs_;           // of one call each, under chosen_
  std::vector<CostModel::Bits> under_;  // by request: chosen_
  IndexSet chosen_;
  double total_ = 0;
};

std::vector<IndexSet> moves_of(const IndexSet& candidates, const std::vector<IndexSet>& groups) {
  std::vector<IndexSet> out;
  for (const int index : candidates) out.push_back({index});
  std::set<IndexSet> seen;
  for (const auto& group : groups)
    if (group.size() > 1 && seen.insert(group).second) out.push_back(group);
  return out;
}

// Under a budget one large index can stand in the way of several: without each of the large ones in turn,
// filled up anew.
IndexSet filled_otherwise(const Selection& first, CostModel& model, const Sizes& sizes,
                          const std::vector<IndexSet>& moves, const SelectionOptions& options) {
  IndexSet best = first.chosen();
  double total = first.total();
  std::set<int> tried;
  // The largest that was not tried since the last improvement.
  const auto next = [&] {
    int out = -1;
    for (const int index : best)
      if (!tried.count(index) &&
          sizes.bytes_of(index) >= worth_a_try * static_cast<double>(*options.budget) &&
          (out < 0 || sizes.bytes_of(index) > sizes.bytes_of(out)))
        out = index;
    return out;
  };
  for (int index = next(); index >= 0 && !model.stopped(); index = next()) {
    tried.insert(index);
    Selection other(model, sizes, options);
    other.take(without(best, index));
    std::vector<IndexSet> others;
    std::ranges::copy_if(moves, std::back_inserter(others),
                         [&](const IndexSet& move) { return !std::ranges::binary_search(move, index); });
    other.greedy(others);
    other.improve(moves);
    if (other.total() >= total - least_worth * total) continue;
    best = other.chosen();
    total = other.total();
    tried = {index};
  }
  return best;
}

}  // namespace

double Sizes::maintenance_cost_of(const IndexSet& indexes) const {
  double sum = 0;
  for (const int index : indexes) sum += maintenance_cost[static_cast<std::size_t>(index)];
  return sum;
}

IndexSet select_indexes(CostModel& model, const Sizes& sizes, const IndexSet& candidates,
                        const std::vector<IndexSet>& groups, const SelectionOptions& options) {
  const auto moves = moves_of(candidates, groups);
  Selection selection(model, sizes, options);
  selection.greedy(moves);
  selection.improve(moves);
  return options.budget ? filled_otherwise(selection, model, sizes, moves, options) : selection.chosen();
}

std::vector<Step> ordered_by_gain(CostModel& model, const Sizes& sizes, const IndexSet& chosen) {
  const SelectionOptions options{.max_loss = infinite};
  return Selection(model, sizes, options).in_order(chosen);
}

double workload_cost(CostModel& model, const Sizes& sizes, const IndexSet& chosen) {
  double sum = sizes.maintenance_cost_of(chosen);
  for (std::size_t at = 0; at < model.size(); ++at) sum += model.request(at).weight * model.cost(at, chosen);
  return sum;
}

}  // namespace pgadvise::advisor
