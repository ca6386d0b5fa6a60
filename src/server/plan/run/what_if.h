// The interface to planner costs with hypothetical indexes. src/server/pg implements it with HypoPG on one
// server.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"

namespace pgadvise::plan {

struct WhatIfStatement {
  std::string sql;  // one plain statement that plan::decide() allows to explain
  Parameters parameters;
  bool generic = false;  // has $n without values: uses the generic plan
  // tables that the statement may read; only indexes of these change its plan
  std::set<QualifiedName> tables;
};

struct WhatIfPlan {
  double cost = 0;
  std::vector<int> used;    // numbers of the hypothetical indexes in the plan
  double rows_written = 0;  // estimated number of rows that INSERT, UPDATE or DELETE changes
};

class WhatIf {
 public:
  virtual ~WhatIf() = default;
  // Registers a hypothetical index and returns its number: 0, 1, 2 … `definitions`: its CREATE INDEX
  // statements, one for each leaf of a partitioned table. Sends nothing to the server.
  virtual int add(const QualifiedName& table, std::vector<std::string> definitions) = 0;
  // The plan of the statement with exactly these hypothetical indexes. Errors: the server rejects the
  // statement or an index, or a timeout (Kind::nonfatal); the server is lost (Kind::database).
  virtual Result<WhatIfPlan> cost(const WhatIfStatement& statement, const std::vector<int>& indexes) = 0;
  // Calls `work` with each number below `count` and a WhatIf, on as many threads as there are connections.
  // work() may only call cost() of this WhatIf; results are the same as with one connection. Returns early
  // when stop(), called on the caller's thread, returns true.
  virtual void for_each(std::size_t count, const std::function<void(std::size_t, WhatIf&)>& work,
                        const std::function<bool()>& stop) {
    for (std::size_t at = 0; at < count && !stop(); ++at) work(at, *this);
  }
  // HypoPG's size estimates in bytes; 0 for an index that HypoPG rejects.
  virtual Result<std::vector<std::int64_t>> sizes(const std::vector<int>& indexes) = 0;
  // Why hide() is not possible: "HypoPG 1.4 or newer is required"; empty if it is.
  virtual std::string hide_missing() { return "existing indexes cannot be hidden"; }
  // From now on cost() plans as if these existing indexes did not exist. REQUIRES an empty hide_missing().
  virtual void hide(std::vector<QualifiedName> /*indexes*/) {}
  // Removes every hypothetical index from the server; registered numbers stay valid. The destructor calls
  // clear(), too.
  virtual void clear() = 0;
  // Call if the next plan may be seconds away: ends the open transaction.
  virtual void rest() {}
  virtual std::uint64_t calls() const = 0;  // number of plans requested
};

}  // namespace pgadvise::plan
