// The interface of a store: a database with the results of many runs of pgadvise, for `pgadvise history`.
// docs/store.md has the schema. In all structs below, `target` is the name under which the store keeps a run
// (--store-as), `class_id` is the fingerprint of a query, and times are seconds since 1970, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/facts/facts.h"

namespace pgadvise::store {

// The state of a finding after all runs of a target.
struct FindingLife {
  // open: the last run that looked for the finding found it. gone: that run did not find it, or refuted it.
  // suppressed: by a comment or an [[ignore]] entry. accepted: by a baseline.
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
  // The time of the first run after `last_seen` that looked for the finding and did not find it.
  std::optional<std::int64_t> gone;
  // The time of the last run that found the finding after an earlier run had not found it.
  std::optional<std::int64_t> reopened;
  std::uint64_t runs = 0;   // number of runs that found the finding
  double score = 0;         // the impact in points (docs/impact.md)
  std::string owner = {};   // according to the last run that found the finding; several: separated by blanks
  std::string reason = {};  // why the finding is suppressed; "": it is not, or no reason is given
  std::string until = {};   // the last day of the suppression, "2027-01-31"; "": no end
};

// The calls of a query in the newest 24 hours of its target, compared with the same hours in up to eight
// earlier weeks.
struct QueryChange {
  std::string target;
  std::string class_id;
  std::string text;  // normalized
  std::uint64_t calls = 0;
  double mean_ms = 0;
  double earlier_mean_ms = 0;  // mean over the hours, each weighted by its calls in the newest 24 hours
  std::uint64_t weeks = 0;     // number of earlier weeks with calls, in the hour that has the most such weeks
};

// The oldest and the newest size of a table or an index, among the sizes of the 30 days that end with the
// newest size of its target.
struct RelationGrowth {
  std::string target;
  std::string kind;  // "table", "index"
  std::string schema;
  std::string name;
  std::int64_t from = 0;          // time of the oldest size
  std::int64_t until = 0;         // time of the newest size
  std::int64_t bytes_before = 0;  // the oldest size
  std::int64_t bytes = 0;         // the newest size
};

// An index that no server of a cluster (a primary and its replicas) scanned in a period, according to the
// scan counters that runs stored from each server. Such a stored set of counters is a sample.
struct UnusedIndex {
  std::string target;
  std::string schema;
  std::string name;
  std::int64_t bytes = 0;       // on the primary; 0: unknown
  std::int64_t from = 0;        // begin of the period that the samples of all servers cover, at most 30 days
  std::int64_t until = 0;       // its end
  std::uint64_t servers = 0;    // number of servers with a sample in the 7 days before the newest sample
  std::uint64_t primaries = 0;  // number of primaries among `servers`
  std::uint64_t replicas = 0;   // number of replicas that the primary knows
};

// The newest change of a query's plan: two successive runs of the target with different plans.
struct PlanChangeOfQuery {
  std::string target;
  std::string class_id;
  std::string text;
  std::int64_t since = 0;   // time of the last run with `plan_before`
  std::int64_t until = 0;   // time of the first run with `plan`
  std::string plan_before;  // the nodes, one a line, without estimates and constants
  std::string plan;
  double cost_before = 0;  // planner cost
  double cost = 0;
  std::uint64_t changes = 0;  // number of changes of the query's plan over all runs
  // "server version", "dropped index", "new index", "table size", or "statistics" if none of these applies.
  std::string cause;
  std::string detail;  // "15 to 16", the name of the index, "1000 to 2000 bytes"
};

// The longest wait for a lock on a relation, of those in one mode for transactions of one application.
struct LockWait {
  std::string target;
  std::string schema;
  std::string name;    // "": unknown
  std::string mode;    // "AccessExclusiveLock"
  std::string holder;  // application_name; "": not set, or not a session of a client
  double wait_seconds = 0;
  double holder_seconds = 0;  // the greatest age of a holder's transaction
  std::int64_t seen = 0;      // begin of the bucket with the longest wait
  std::uint64_t samples = 0;  // number of samples with such a wait
};

// Not thread-safe: one thread at a time may use a store. All lists are sorted by target first. Errors
// (usage): the store cannot be read or written, is full, or is busy for longer than 10 seconds.
class Store {
 public:
  virtual ~Store() = default;

  // Adds all facts, or none on an error. A fact that the store already contains changes nothing, whatever the
  // order of the calls and the number of processes that write. Facts that are ahead of the clock of the
  // store's server are an error (store/clock.h). Also removes facts older than the retention
  // (docs/store.md) before `now`, in seconds since 1970.
  virtual Result<void> put(const Facts& facts, std::int64_t now) = 0;

  // Each list has the rows of one target; `target` "": of all targets.
  virtual Result<std::vector<FindingLife>> findings(const std::string& target) = 0;
  virtual Result<std::vector<QueryChange>> query_changes(const std::string& target) = 0;
  virtual Result<std::vector<RelationGrowth>> growth(const std::string& target) = 0;
  virtual Result<std::vector<UnusedIndex>> unused_indexes(const std::string& target) = 0;
  virtual Result<std::vector<PlanChangeOfQuery>> plan_changes(const std::string& target) = 0;
  // In buckets that begin at `since` or later.
  virtual Result<std::vector<LockWait>> lock_waits(const std::string& target, std::int64_t since) = 0;
};

}  // namespace pgadvise::store
