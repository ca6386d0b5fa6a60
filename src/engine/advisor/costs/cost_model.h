// Computes planner costs of statements with sets of hypothetical indexes, with as few plans as possible. A
// statement that costs c with the indexes D, and uses only U of them, costs c with every set between U and D.
// More indexes never increase the cost, so known costs are bounds for unknown ones.
#pragma once

#include <algorithm>
#include <atomic>
#include <bitset>
#include <functional>
#include <iterator>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "plan/run/what_if.h"

namespace pgadvise::advisor {

using IndexSet = std::vector<int>;  // numbers of plan::WhatIf, sorted

inline IndexSet united(const IndexSet& a, const IndexSet& b) {
  IndexSet out;
  std::ranges::set_union(a, b, std::back_inserter(out));
  return out;
}

// A statement of a query to be costed: one of the query's parameter sets.
struct WhatIfRequest {
  std::size_t query = 0;  // number of its query
  double weight = 0;      // calls
  plan::WhatIfStatement statement;
};

class CostModel {
 public:
  explicit CostModel(plan::WhatIf& what_if) : what_if_(what_if) {}

  // `base`: the plan without hypothetical indexes. Returns the request's number.
  std::size_t add(WhatIfRequest request, const plan::WhatIfPlan& base);
  // The statement's plan with all of `indexes`, including those that cannot change the plan. Errors: as
  // plan::WhatIf::cost(). May be called on several threads of plan::WhatIf::for_each(), for different
  // requests.
  Result<plan::WhatIfPlan> ask(std::size_t request, const IndexSet& indexes, plan::WhatIf& what_if);
  // From now on only the indexes of `relevant` can change the plan of `request`. `spares(narrow, wide)`:
  // whether the index `narrow` serves the statement as well as `wide` does, so that `wide` changes nothing in
  // a set that contains `narrow`.
  void relate(std::size_t request, IndexSet relevant,
              const std::function<bool(int narrow, int wide)>& spares = {});

  // Plans the requests whose cost with `indexes` is unknown, on all connections. Each request is first
  // planned with all of its relevant indexes: that cost is a lower bound for every subset.
  void ask_each(const std::vector<std::size_t>& requests, const IndexSet& indexes);

  std::size_t size() const { return requests_.size(); }
  const WhatIfRequest& request(std::size_t at) const { return requests_[at]; }
  const std::vector<std::size_t>& requests_of(int index) const;  // requests for which the index is relevant

  static constexpr std::size_t max_relevant = 256;
  // A set of indexes, reduced for one request: one bit for each relevant index that is in the set, or that
  // an index of the set spares. Sets with equal bits have equal cost. The bits of a union are the union of
  // the bits.
  using Bits = std::bitset<max_relevant>;
  Bits bits(std::size_t request, const IndexSet& indexes) const { return bits(known_[request], indexes); }

  // Bounds of the planner cost of one call; lower == upper where the cost is known.
  struct Bounds {
    double lower = 0;
    double upper = 0;
    bool known() const { return lower >= upper; }
  };
  Bounds bounds(std::size_t request, const IndexSet& indexes) const {
    return bounds_under(request, bits(request, indexes));
  }
  Bounds bounds_under(std::size_t request, const Bits& indexes) const;
  // The planner cost of one call: remembered, or planned now. After stopped() or lost(): the upper bound.
  double cost(std::size_t request, const IndexSet& indexes);
  // The members of `indexes` that the cheapest known plan uses.
  IndexSet used(std::size_t request, const IndexSet& indexes) const;

  // Call between plans when the next one may be seconds away: closes the open transaction
  // (plan::WhatIf::rest()).
  void rest() { what_if_.rest(); }

  void stop_when(std::function<bool()> stop) { stop_ = std::move(stop); }
  bool stopped() const { return stopped_; }
  bool lost() const { return lost_; }  // the server, for good
  const std::optional<Error>& loss() const { return loss_; }

 private:
  struct Entry {
    IndexSet indexes;
    IndexSet used;
    double cost = 0;
    Bits under;  // among the relevant indexes
    Bits needs;
    bool whole = true;  // what it uses is relevant
  };
  struct Known {
    IndexSet relevant;
    std::vector<Bits> spared;  // by relevant index: which others change nothing beside it; itself included
    std::vector<Entry> entries;
    bool whole = false;                                 // was asked about all that are relevant
    mutable std::unordered_map<Bits, Bounds> bounds;    // that were asked for since the last entry
    std::optional<std::size_t> place(int index) const;  // among the relevant ones
    bool spares(int index, int other) const;
  };

  Bits bits(const Known& known, const IndexSet& indexes) const;
  // The relevant ones of them that are not spared by others.
  IndexSet that_matter(const Known& known, const IndexSet& indexes) const;
  void place(const Known& known, Entry& entry) const;
  void add(Known& known, Entry entry);
  void ask_about(std::size_t request, const IndexSet& indexes, plan::WhatIf& what_if);
  void ask_unless_known(std::size_t request, const IndexSet& indexes, plan::WhatIf& what_if);
  bool ended();

  plan::WhatIf& what_if_;
  std::vector<WhatIfRequest> requests_;
  std::vector<Known> known_;
  std::vector<std::vector<std::size_t>> by_index_;
  std::function<bool()> stop_;
  bool stopped_ = false;
  std::atomic<bool> lost_ = false;
  std::mutex losing_;
  std::optional<Error> loss_;
};

}  // namespace pgadvise::advisor
