// Query statistics of a server's pg_stat_statements, from what its counters grew by between two readings.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/queries/workload.h"
#include "store/facts/facts.h"

namespace pgadvise::store {

// The last reading, and what the counters grew by in the bucket that is not over.
struct CounterState {
  struct Counts {
    std::uint64_t calls = 0;
    std::int64_t total_ns = 0;
    std::uint64_t rows = 0;
    std::string text = {};  // of the query; only in `bucket`
  };
  std::string server;                    // and the time of the last reset: whose counters these are
  std::int64_t taken = 0;                // seconds since 1970; 0: nothing was read yet
  std::map<std::string, Counts> before;  // by fingerprint
  std::int64_t bucket_start = 0;         // seconds since 1970, UTC
  std::int64_t bucket_seconds = 0;
  std::map<std::string, Counts> bucket;
};

// Takes a reading at `now` (seconds since 1970), and returns the statistics of the bucket of the time since
// the reading before: of each query that ran in the bucket, also before. A bucket has whole hours. It begins
// with the hour in which the time between the two readings begins, and has as many hours as that time,
// rounded, but at least one. Its histograms are empty and its max_ns is 0: pg_stat_statements has neither.
//
// Begins anew, and returns nothing, for the first reading; after a reset of the counters, another server
// (a failover), a clock that was set back, or more than a week. Counters of a query that fell below half
// began at 0: its entry was removed, and came again. If they fell by less, one entry of several (users, query
// ids) was removed, and nothing is known of this time. Changes and returns nothing if the workload is not
// that of pg_stat_statements.
std::vector<QueryStatistics> add_reading(CounterState& state, const Workload& workload, std::int64_t now);

// The statistics of the bucket that the last reading counts in, as add_reading() returned them.
std::vector<QueryStatistics> bucket_statistics(const CounterState& state);

std::string counters_json(const CounterState& state);
// A new state, if the text is not what counters_json() of this version writes.
CounterState read_counters_json(std::string_view text);

}  // namespace pgadvise::store
