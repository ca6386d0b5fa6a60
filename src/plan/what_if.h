// Planner costs of statements with hypothetical indexes. src/pg implements the interface by HypoPG on one
// server.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/workload.h"

namespace pgadvise::plan {

struct WhatIfStatement {
  std::string sql;  // one plain statement that plan::decide() lets be explained
  Parameters parameters;
  bool generic = false;            // has $n without values: the generic plan is costed
  std::set<QualifiedName> tables;  // that it may read: only indexes of these change its plan
};

struct WhatIfPlan {
  double cost = 0;
  std::vector<int> used;    // of the supposed indexes
  double rows_written = 0;  // that INSERT, UPDATE or DELETE is expected to touch
};

class WhatIf {
 public:
  virtual ~WhatIf() = default;
  // Registers a hypothetical index and returns its number: 0, 1, 2 … `definitions`: its CREATE INDEX
  // statements, one for each leaf of a partitioned table. Sends nothing to the server.
  virtual int add(const QualifiedName& table, std::vector<std::string> definitions) = 0;
  // The plan of the statement with just these, and no other hypothetical, indexes of its tables. Errors: the
  // server refuses the statement or an index, a timeout (Kind::nonfatal), or it is gone (Kind::database).
  virtual Result<WhatIfPlan> cost(const WhatIfStatement& statement, const std::vector<int>& indexes) = 0;
  // Calls `work` with each number below `count` and with whom to ask, on as many threads as there are
  // connections to the server: work() calls cost() of that one and nothing else, and gets the same answers as
  // if there were one connection. Ends early when stop(), asked on the caller's thread, says so.
  virtual void for_each(std::size_t count, const std::function<void(std::size_t, WhatIf&)>& work,
                        const std::function<bool()>& stop) {
    for (std::size_t at = 0; at < count && !stop(); ++at) work(at, *this);
  }
  // HypoPG's own estimates, in bytes; 0 for what it refuses.
  virtual Result<std::vector<std::int64_t>> sizes(const std::vector<int>& indexes) = 0;
  // Removes every hypothetical index from the server; registered numbers stay valid. The destructor calls
  // clear(), too.
  virtual void clear() = 0;
  // Call between plans when the next one may be seconds away: ends the open transaction.
  virtual void rest() {}
  virtual std::uint64_t calls() const = 0;  // plans asked for
};

}  // namespace pgadvise::plan
