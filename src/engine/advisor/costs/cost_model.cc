#include "advisor/costs/cost_model.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace pgadvise::advisor {
namespace {

// Two paths that differ by less are one to the planner, so that costs wobble.
constexpr double alike = 1.0001;

}  // namespace

std::size_t CostModel::add(WhatIfRequest request, const plan::WhatIfPlan& base) {
  requests_.push_back(std::move(request));
  known_.emplace_back().entries.push_back({{}, {}, base.cost, {}, {}, true});
  return requests_.size() - 1;
}

const std::vector<std::size_t>& CostModel::requests_of(int index) const {
  static const std::vector<std::size_t> none;
  return static_cast<std::size_t>(index) < by_index_.size() ? by_index_[static_cast<std::size_t>(index)]
                                                            : none;
}

CostModel::Bits CostModel::bits(const Known& known, const IndexSet& indexes) const {
  Bits out;
  if (known.relevant.size() < indexes.size()) {
    for (std::size_t at = 0; at < known.relevant.size(); ++at)
      if (std::ranges::binary_search(indexes, known.relevant[at])) out |= known.spared[at];
    return out;
  }
  for (const int index : indexes)
    if (const auto at = known.place(index)) out |= known.spared[*at];
  return out;
}

std::optional<std::size_t> CostModel::Known::place(int index) const {
  const auto at = std::ranges::lower_bound(relevant, index);
  if (at == relevant.end() || *at != index) return std::nullopt;
  return static_cast<std::size_t>(at - relevant.begin());
}

bool CostModel::Known::spares(int index, int other) const {
  const auto a = place(index), b = place(other);
  return a && b && spared[*a][*b];
}

IndexSet CostModel::that_matter(const Known& known, const IndexSet& indexes) const {
  IndexSet all, out;
  std::ranges::set_intersection(indexes, known.relevant, std::back_inserter(all));
  std::ranges::copy_if(all, std::back_inserter(out), [&](int index) {
    return std::ranges::none_of(all, [&](int other) { return other != index && known.spares(other, index); });
  });
  return out;
}

void CostModel::place(const Known& known, Entry& entry) const {
  entry.under = bits(known, entry.indexes);
  entry.needs = bits(known, entry.used);
  entry.whole = std::ranges::includes(known.relevant, entry.used);
}

Result<plan::WhatIfPlan> CostModel::ask(std::size_t request, const IndexSet& indexes, plan::WhatIf& what_if) {
  auto plan = what_if.cost(requests_[request].statement, indexes);
  if (!plan) {
    if (plan.error().kind != Error::Kind::database) return plan;
    const std::lock_guard lock(losing_);
    if (!loss_) loss_ = plan.error();
    lost_ = true;
    return plan;
  }
  add(known_[request], {indexes, plan->used, plan->cost, {}, {}, true});
  return plan;
}

void CostModel::relate(std::size_t request, IndexSet relevant, const std::function<bool(int, int)>& spares) {
  if (relevant.size() > max_relevant) relevant.resize(max_relevant);
  Known& known = known_[request];
  for (const int index : relevant) {
    if (static_cast<std::size_t>(index) >= by_index_.size())
      by_index_.resize(static_cast<std::size_t>(index) + 1);
    auto& of_index = by_index_[static_cast<std::size_t>(index)];
    if (std::ranges::find(of_index, request) == of_index.end()) of_index.push_back(request);
  }
  known.relevant = std::move(relevant);
  known.whole = false;
  known.spared.assign(known.relevant.size(), {});
  for (std::size_t at = 0; at < known.relevant.size(); ++at)
    for (std::size_t other = 0; other < known.relevant.size(); ++other)
      known.spared[at][other] = at == other || (spares && spares(known.relevant[at], known.relevant[other]));
  for (auto& entry : known.entries) place(known, entry);
  known.bounds.clear();
}

void CostModel::add(Known& known, Entry entry) {
  place(known, entry);
  known.entries.push_back(std::move(entry));
  known.bounds.clear();
}

CostModel::Bounds CostModel::bounds_under(std::size_t request, const Bits& set) const {
  const Known& known = known_[request];
  const auto [at, fresh] = known.bounds.try_emplace(set);
  Bounds& out = at->second;
  if (!fresh) return out;
  out = {0, std::numeric_limits<double>::max()};
  for (const auto& entry : known.entries) {
    const bool under = (set & ~entry.under).none();
    const bool over = entry.whole && (entry.needs & ~set).none();
    if (under && over) return out = {entry.cost, entry.cost};
    if (under) out.lower = std::max(out.lower, entry.cost);
    if (over) out.upper = std::min(out.upper, entry.cost);
  }
  if (out.lower * alike >= out.upper) out.lower = out.upper;
  return out;
}

bool CostModel::ended() {
  if (!stopped_ && (lost_ || (stop_ && stop_()))) stopped_ = true;
  return stopped_;
}

// One that could be planned without these, and can't be with them (a timeout, a lock), is taken for as costly
// as it may be.
void CostModel::ask_about(std::size_t request, const IndexSet& indexes, plan::WhatIf& what_if) {
  Known& known = known_[request];
  const IndexSet relevant = that_matter(known, indexes);
  const double upper = bounds(request, indexes).upper;
  if (ask(request, relevant, what_if) || lost_) return;
  known.entries.push_back({relevant, {}, upper, bits(known, relevant), {}, false});
  known.bounds.clear();
}

void CostModel::ask_unless_known(std::size_t request, const IndexSet& indexes, plan::WhatIf& what_if) {
  Known& known = known_[request];
  if (!std::exchange(known.whole, true) && !bounds(request, known.relevant).known())
    ask_about(request, known.relevant, what_if);
  if (!bounds(request, indexes).known()) ask_about(request, indexes, what_if);
}

void CostModel::ask_each(const std::vector<std::size_t>& requests, const IndexSet& indexes) {
  std::vector<std::size_t> open;
  for (const auto request : requests)
    if (!bounds(request, indexes).known()) open.push_back(request);
  if (open.empty() || ended()) return;
  what_if_.for_each(
      open.size(),
      [&](std::size_t at, plan::WhatIf& what_if) { ask_unless_known(open[at], indexes, what_if); },
      [this] { return lost_.load(); });
}

double CostModel::cost(std::size_t request, const IndexSet& indexes) {
  if (const Bounds now = bounds(request, indexes); now.known()) return now.upper;
  ask_each({request}, indexes);
  return bounds(request, indexes).upper;
}

IndexSet CostModel::used(std::size_t request, const IndexSet& indexes) const {
  const Known& known = known_[request];
  const Bits set = bits(known, indexes);
  const Entry* best = nullptr;
  for (const auto& entry : known.entries)
    if (entry.whole && (entry.needs & ~set).none() && (!best || entry.cost < best->cost)) best = &entry;
  if (!best) return {};
  // One that was not asked about may stand for one that is there and does all that it does.
  std::set<int> out;
  for (const int index : best->used)
    for (const int there : indexes)
      if (there == index || known.spares(there, index)) out.insert(there);
  return {out.begin(), out.end()};
}

}  // namespace pgadvise::advisor
