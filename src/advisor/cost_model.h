// What statements cost under sets of indexes, asking the server as seldom as possible: a statement that costs c under the
// indexes D and uses only U of them costs c under every set between U and D. Costs never rise with more indexes, so what is
// known bounds what is not.
#pragma once

#include <atomic>
#include <bitset>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "plan/what_if.h"

namespace pgadvise::advisor {

using IndexSet = std::vector<int>;  // numbers of plan::WhatIf, sorted

// One way of calling a query.
struct Question {
  std::size_t query = 0;  // which query it stands for
  double weight = 0;      // calls
  plan::WhatIfStatement statement;
};

class CostModel {
 public:
  explicit CostModel(plan::WhatIf& what_if) : what_if_(what_if) {}

  // `base`: its plan without any of the indexes.
  std::size_t add(Question question, const plan::WhatIfPlan& base);
  // Asks about all of these, whether they matter or not. Errors: as plan::WhatIf::cost. Of plan::WhatIf::for_each(): also on several threads,
  // each with a question of its own.
  Result<plan::WhatIfPlan> ask(std::size_t question, const IndexSet& indexes, plan::WhatIf& what_if);
  // From here on only these indexes matter to the question. `spares(narrow, wide)`: whether it can do with the one all that it could do with
  // the other, so that beside it the other changes nothing.
  void relate(std::size_t question, IndexSet relevant, const std::function<bool(int narrow, int wide)>& spares = {});

  // Asks about those that matter, where the cost is not known. The first one on several threads, too, as above; the second one asks about
  // several questions at once.
  void ask_all(std::size_t question, plan::WhatIf& what_if);
  void ask_each(const std::vector<std::size_t>& questions, const IndexSet& indexes);

  std::size_t size() const { return questions_.size(); }
  const Question& question(std::size_t at) const { return questions_[at]; }
  const std::vector<std::size_t>& questions_of(int index) const;  // that the index matters to

  // Of one call. The bounds meet where the cost is known.
  struct Bounds {
    double lower = 0;
    double upper = 0;
    bool known() const { return lower >= upper; }
  };
  Bounds bounds(std::size_t question, const IndexSet& indexes) const;
  // Known, or asked for now. Once the time is up or the server is lost: the upper bound.
  double cost(std::size_t question, const IndexSet& indexes);
  // Of `indexes`, those that the cheapest plan known uses.
  IndexSet used(std::size_t question, const IndexSet& indexes) const;

  // To be called now and then where nothing may be asked for long.
  void rest() { what_if_.rest(); }

  void stop_when(std::function<bool()> stop) { stop_ = std::move(stop); }
  bool stopped() const { return stopped_; }
  bool lost() const { return lost_; }  // the server, for good
  const std::optional<Error>& loss() const { return loss_; }

 private:
  static constexpr std::size_t most_relevant = 256;
  using Bits = std::bitset<most_relevant>;
  struct Entry {
    IndexSet indexes;
    IndexSet used;
    double cost = 0;
    Bits under;  // of the relevant ones
    Bits needs;
    bool whole = true;  // what it uses is relevant
  };
  struct Known {
    IndexSet relevant;
    std::vector<Bits> spared;  // by relevant index: which others change nothing beside it; itself included
    std::vector<Entry> entries;
    mutable std::unordered_map<Bits, Bounds> bounds;  // that were asked for since the last entry
    std::optional<std::size_t> place(int index) const;  // among the relevant ones
    bool spares(int index, int other) const;
  };

  // Of the relevant ones, the given ones and what is spared by them: two sets that have the same bits cost the same.
  Bits bits(const Known& known, const IndexSet& indexes) const;
  // The relevant ones of them that are not spared by others.
  IndexSet that_matter(const Known& known, const IndexSet& indexes) const;
  void place(const Known& known, Entry& entry) const;
  void add(Known& known, Entry entry);
  void ask_about(std::size_t question, const IndexSet& indexes, plan::WhatIf& what_if);
  bool ended();

  plan::WhatIf& what_if_;
  std::vector<Question> questions_;
  std::vector<Known> known_;
  std::vector<std::vector<std::size_t>> by_index_;
  std::function<bool()> stop_;
  bool stopped_ = false;
  std::atomic<bool> lost_ = false;
  std::mutex losing_;
  std::optional<Error> loss_;
};

}  // namespace pgadvise::advisor
