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

  // Asks about several questions at once, where the cost is not known; of each one first about all indexes that matter to it: what all together
  // leave bounds what some of them do.
  void ask_each(const std::vector<std::size_t>& questions, const IndexSet& indexes);

  std::size_t size() const { return questions_.size(); }
  const Question& question(std::size_t at) const { return questions_[at]; }
  const std::vector<std::size_t>& questions_of(int index) const;  // that the index matters to

  static constexpr std::size_t most_relevant = 256;
  // A set of indexes as a question sees it: of those that matter to it, the given ones and what is spared by them. Two sets that have the same
  // bits cost the same; that of two sets together is both of theirs.
  using Bits = std::bitset<most_relevant>;
  Bits bits(std::size_t question, const IndexSet& indexes) const { return bits(known_[question], indexes); }

  // Of one call. The bounds meet where the cost is known.
  struct Bounds {
    double lower = 0;
    double upper = 0;
    bool known() const { return lower >= upper; }
  };
  Bounds bounds(std::size_t question, const IndexSet& indexes) const { return bounds_under(question, bits(question, indexes)); }
  Bounds bounds_under(std::size_t question, const Bits& indexes) const;
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
    bool whole = false;  // was asked about all that are relevant
    mutable std::unordered_map<Bits, Bounds> bounds;  // that were asked for since the last entry
    std::optional<std::size_t> place(int index) const;  // among the relevant ones
    bool spares(int index, int other) const;
  };

  Bits bits(const Known& known, const IndexSet& indexes) const;
  // The relevant ones of them that are not spared by others.
  IndexSet that_matter(const Known& known, const IndexSet& indexes) const;
  void place(const Known& known, Entry& entry) const;
  void add(Known& known, Entry entry);
  void ask_about(std::size_t question, const IndexSet& indexes, plan::WhatIf& what_if);
  void ask_unless_known(std::size_t question, const IndexSet& indexes, plan::WhatIf& what_if);
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
