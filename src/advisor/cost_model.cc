#include "advisor/cost_model.h"

#include <algorithm>
#include <limits>

namespace pgadvise::advisor {
namespace {

// Two paths that differ by less are one to the planner, so that costs wobble.
constexpr double alike = 1.0001;

constexpr std::chrono::seconds longest_silence{1};

}  // namespace

std::size_t CostModel::add(Question question, const plan::WhatIfPlan& base) {
  questions_.push_back(std::move(question));
  known_.push_back({{}, {{{}, {}, base.cost, {}, {}, true}}});
  return questions_.size() - 1;
}

const std::vector<std::size_t>& CostModel::questions_of(int index) const {
  static const std::vector<std::size_t> none;
  return static_cast<std::size_t>(index) < by_index_.size() ? by_index_[static_cast<std::size_t>(index)] : none;
}

CostModel::Bits CostModel::bits(const Known& known, const IndexSet& indexes) const {
  Bits out;
  if (known.relevant.size() < indexes.size()) {
    for (std::size_t at = 0; at < known.relevant.size(); ++at) out[at] = std::binary_search(indexes.begin(), indexes.end(), known.relevant[at]);
    return out;
  }
  auto at = known.relevant.begin();
  for (const int index : indexes) {
    at = std::lower_bound(at, known.relevant.end(), index);
    if (at == known.relevant.end()) break;
    if (*at == index) out.set(static_cast<std::size_t>(at - known.relevant.begin()));
  }
  return out;
}

void CostModel::place(const Known& known, Entry& entry) const {
  entry.under = bits(known, entry.indexes);
  entry.needs = bits(known, entry.used);
  entry.whole = std::includes(known.relevant.begin(), known.relevant.end(), entry.used.begin(), entry.used.end());
}

Result<plan::WhatIfPlan> CostModel::ask(std::size_t question, const IndexSet& indexes, plan::WhatIf& what_if) {
  auto plan = what_if.cost(questions_[question].statement, indexes);
  asked_ = std::chrono::steady_clock::now();
  if (!plan) {
    if (plan.error().kind != Error::Kind::database) return plan;
    const std::lock_guard lock(losing_);
    if (!loss_) loss_ = plan.error();
    lost_ = true;
    return plan;
  }
  Known& known = known_[question];
  Entry entry{indexes, plan->used, plan->cost, {}, {}, true};
  place(known, entry);
  known.entries.push_back(std::move(entry));
  return plan;
}

void CostModel::relate(std::size_t question, IndexSet relevant) {
  if (relevant.size() > most_relevant) relevant.resize(most_relevant);
  Known& known = known_[question];
  for (const int index : relevant) {
    if (static_cast<std::size_t>(index) >= by_index_.size()) by_index_.resize(static_cast<std::size_t>(index) + 1);
    auto& of_index = by_index_[static_cast<std::size_t>(index)];
    if (std::find(of_index.begin(), of_index.end(), question) == of_index.end()) of_index.push_back(question);
  }
  known.relevant = std::move(relevant);
  for (auto& entry : known.entries) place(known, entry);
}

CostModel::Bounds CostModel::bounds(std::size_t question, const IndexSet& indexes) const {
  const Known& known = known_[question];
  const Bits set = bits(known, indexes);
  Bounds out{0, std::numeric_limits<double>::max()};
  for (const auto& entry : known.entries) {
    const bool under = (set & ~entry.under).none();
    const bool over = entry.whole && (entry.needs & ~set).none();
    if (under && over) return {entry.cost, entry.cost};
    if (under) out.lower = std::max(out.lower, entry.cost);
    if (over) out.upper = std::min(out.upper, entry.cost);
  }
  if (out.lower * alike >= out.upper) out.lower = out.upper;
  return out;
}

double CostModel::cost(std::size_t question, const IndexSet& indexes) {
  const Bounds now = bounds(question, indexes);
  if (now.known()) return now.lower;
  if (!stopped_ && (lost_ || (stop_ && stop_()))) stopped_ = true;
  if (stopped_) return now.upper;
  const Known& known = known_[question];
  IndexSet relevant;
  std::set_intersection(indexes.begin(), indexes.end(), known.relevant.begin(), known.relevant.end(), std::back_inserter(relevant));
  const auto plan = ask(question, relevant);
  if (plan) return plan->cost;
  // It could be planned without these, and can't with them: a timeout, a lock. They are taken for useless.
  known_[question].entries.push_back({relevant, {}, now.upper, bits(known, relevant), {}, false});
  return now.upper;
}

void CostModel::rest() {
  if (std::chrono::steady_clock::now() - asked_.load() < longest_silence) return;
  what_if_.clear();
  asked_ = std::chrono::steady_clock::now();
}

IndexSet CostModel::used(std::size_t question, const IndexSet& indexes) const {
  const Known& known = known_[question];
  const Bits set = bits(known, indexes);
  const Entry* best = nullptr;
  for (const auto& entry : known.entries)
    if (entry.whole && (entry.needs & ~set).none() && (!best || entry.cost < best->cost)) best = &entry;
  return best ? best->used : IndexSet();
}

}  // namespace pgadvise::advisor
