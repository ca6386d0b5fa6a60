// What a store keeps: append-only facts with natural keys (docs/store.md). Nothing here has a secret or a
// literal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/queries/workload.h"
#include "model/results/run_record.h"
#include "model/schema/catalog.h"

namespace pgadvise::store {

inline constexpr std::int64_t seconds_per_hour = 3600;
inline constexpr std::int64_t seconds_per_day = 24 * seconds_per_hour;
// The start of the hour or day (UTC) that `seconds` since 1970 are in, also before 1970.
inline std::int64_t start_of(std::int64_t period, std::int64_t seconds) {
  const std::int64_t rest = seconds % period;
  return seconds - (rest < 0 ? rest + period : rest);
}

// The statistics of one query in one log, for a period of whole hours.
struct QueryStatistics {
  std::string source;             // identifies the log, whatever its name
  std::uint64_t source_size = 0;  // bytes read: of two uploads of a log that grew, the larger one counts
  std::string class_id;           // the query's fingerprint
  std::string text;               // normalized
  std::int64_t bucket_start = 0;  // seconds since 1970 in the log's time zone, a whole hour
  std::int64_t bucket_seconds = 0;
  std::uint64_t calls = 0;
  std::uint64_t timed_calls = 0;
  std::int64_t total_ns = 0;
  std::int64_t max_ns = 0;
  std::uint64_t rows = 0;
  std::uint64_t rows_calls = 0;
  Histogram times;
};

struct SizeSample {
  enum class Kind { table, index };
  Kind kind = Kind::table;
  QualifiedName name;
  std::int64_t taken = 0;  // seconds since 1970, UTC
  std::int64_t bytes = 0;  // of a table: without its indexes and TOAST
  double rows = -1;        // estimated; -1: unknown
};

// The server's plan of a query, without estimates and constants.
struct QueryPlan {
  std::string class_id;                                               // the query's fingerprint
  std::string text;                                                   // of the query, normalized
  std::int64_t taken = 0;                                             // seconds since 1970, UTC
  std::string structure;                                              // the nodes, one a line
  std::vector<std::pair<SizeSample::Kind, QualifiedName>> relations;  // that the plan reads
  double cost = 0;
  std::int64_t server_major = 0;  // 15; 0: unknown
};

// How often one server of a cluster has scanned its indexes since its statistics were reset. Contains the
// indexes that only serve queries: those of constraints, unique and partitioned ones are left out.
struct IndexScans {
  ClusterMember member;
  std::string database;
  std::int64_t taken = 0;  // seconds since 1970, UTC
  std::vector<std::pair<QualifiedName, std::int64_t>> scans;
};

// The sessions of one database in one state, over the samples of one bucket: of part of an hour (UTC). Each
// bucket has a row of the active sessions that do not wait, also where the number is 0.
struct SessionSample {
  std::int64_t bucket_start = 0;  // seconds since 1970, UTC: when the first sample was taken
  std::int64_t bucket_seconds = 0;
  std::string state;  // in the words of Activity::sessions
  std::string wait_event_type;
  std::string wait_event;          // "none": the sessions do not wait
  std::uint64_t samples = 0;       // number of samples of the bucket
  std::uint64_t sessions = 0;      // sum over these samples
  std::uint64_t max_sessions = 0;  // of one sample
};

// The waits for locks on one relation in one mode, for the transactions of one application, over the samples
// of one bucket.
struct LockWaitSample {
  std::int64_t bucket_start = 0;  // as of the sessions
  QualifiedName relation;         // "": unknown
  std::string mode;               // "ShareLock": of a row lock that of the holder's transaction
  std::string holder;             // application_name; "": not set, or not a session of a client
  std::uint64_t samples = 0;      // number of samples with such a wait
  double max_wait_seconds = 0;
  double max_holder_seconds = 0;  // the greatest age of a holder's transaction
};

// The facts of one run of pgadvise about one target: a database, or a repository.
struct Facts {
  std::string target;
  std::optional<RunRecord> run;  // of check
  std::vector<QueryStatistics> queries;
  std::vector<SizeSample> sizes;
  std::vector<QueryPlan> plans = {};  // with `sizes` of the same time
  std::optional<IndexScans> scans = std::nullopt;
  std::vector<SessionSample> session_samples = {};
  std::vector<LockWaitSample> lock_wait_samples = {};

  bool empty() const {
    return !run && queries.empty() && sizes.empty() && plans.empty() && !scans && session_samples.empty() &&
           lock_wait_samples.empty();
  }
};

// The key of a run: equal for equal runs of one target that started in the same second.
std::string run_id(const std::string& target, const RunRecord& run);

// The statistics of a workload of one log. Returns none for other sources; none, and reports why, for a log
// without times or of less than 64 bytes, and for several logs that were read as one. Queries that do not
// parse are left out, as they have no fingerprint.
std::vector<QueryStatistics> query_statistics(const Workload& workload, Diagnostics& diagnostics);

// The sizes of a server's tables and indexes. `taken`: seconds since 1970.
std::vector<SizeSample> relation_sizes(const Catalog& catalog, std::int64_t taken);

// nullopt for a catalog that is not a server's.
std::optional<IndexScans> index_scans(const Catalog& catalog, std::int64_t taken);

}  // namespace pgadvise::store
