// A store of facts about many runs, and the questions that it answers. docs/store.md has the schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/facts.h"

namespace pgadvise::store {

// A finding over all runs of a target. Times are seconds since 1970, UTC.
struct FindingLife {
  enum class State { open, suppressed, accepted, gone };
  std::string target;
  std::string id;
  std::string short_id;
  std::string rule;
  std::string severity;
  std::string verdict;
  std::string message;
  std::string file;  // "" for an object of a server
  State state = State::open;
  std::int64_t first_seen = 0;
  std::int64_t last_seen = 0;
  // The first run after `last_seen` that looked for the finding and did not find it.
  std::optional<std::int64_t> gone;
  // The last time at which the finding was found again after a run had looked for it in vain.
  std::optional<std::int64_t> reopened;
  std::uint64_t runs = 0;   // that found it
  double score = 0;         // impact
  std::string owner = {};   // as the last run that found it states; with blanks between several
  std::string reason = {};  // of a suppressed finding
  std::string until = {};   // the last day of its suppression, "2027-01-31"; "": no end
};

// The calls of a query during the newest day of its target, compared with the same hours of earlier weeks.
struct QueryChange {
  std::string target;
  std::string class_id;
  std::string text;
  std::uint64_t calls = 0;
  double mean_ms = 0;
  double earlier_mean_ms = 0;  // weighted by the calls of the newest day
  std::uint64_t weeks = 0;     // of the earlier weeks, those with calls in these hours
};

// The oldest and the newest size within 30 days before the newest one of the target.
struct RelationGrowth {
  std::string target;
  std::string kind;  // "table", "index"
  std::string schema;
  std::string name;
  std::int64_t from = 0;
  std::int64_t until = 0;
  std::int64_t bytes_before = 0;
  std::int64_t bytes = 0;
};

// An index that no sampled server of a cluster has scanned between two samples.
struct UnusedIndex {
  std::string target;
  std::string schema;
  std::string name;
  std::int64_t bytes = 0;  // on the primary; 0: unknown
  std::int64_t from = 0;   // the period that the samples of all servers have in common, within 30 days
  std::int64_t until = 0;
  std::uint64_t servers = 0;    // with a sample within 7 days before the cluster's newest one
  std::uint64_t primaries = 0;  // of them
  std::uint64_t replicas = 0;   // that the primary knows
};

// The newest change of a query's plan, between two runs.
struct PlanChangeOfQuery {
  std::string target;
  std::string class_id;
  std::string text;
  std::int64_t since = 0;  // the last run with the plan before
  std::int64_t until = 0;  // the first run with the plan now
  std::string plan_before;
  std::string plan;
  double cost_before = 0;
  double cost = 0;
  std::uint64_t changes = 0;  // of all runs
  std::string cause;  // "server version", "dropped index", "new index", "table size", "statistics" (no other)
  std::string detail;  // "15 to 16", the index, "1000 to 2000 bytes"
};

// For one thread. All lists are sorted by target first. Errors (usage): the store cannot be read or written,
// is full, or is busy for longer than 10 seconds.
class Store {
 public:
  virtual ~Store() = default;

  // Adds the facts, all or none. Facts that the store contains change nothing, in any order and from any
  // number of writers. Removes what is older than the retention. `now`: seconds since 1970.
  virtual Result<void> put(const Facts& facts, std::int64_t now) = 0;

  // `target`: "" for all.
  virtual Result<std::vector<FindingLife>> findings(const std::string& target) = 0;
  virtual Result<std::vector<QueryChange>> query_changes(const std::string& target) = 0;
  virtual Result<std::vector<RelationGrowth>> growth(const std::string& target) = 0;
  virtual Result<std::vector<UnusedIndex>> unused_indexes(const std::string& target) = 0;
  virtual Result<std::vector<PlanChangeOfQuery>> plan_changes(const std::string& target) = 0;
};

}  // namespace pgadvise::store
