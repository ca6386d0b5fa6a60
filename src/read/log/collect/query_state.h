// What QueryStore keeps of one query (libpg_query's fingerprint) while logs are read: sums for each log, a
// few calls as samples, and the plan of its slowest call. workload_parts.h makes a Query of it.
//
// Times are nanoseconds where a name ends with _ns, else microseconds since 1970 in the log's time zone, with
// no_time for "unknown". A log is known by the address of its LogSource::path, which must outlive the state;
// nullptr stands for the sum of all logs. Used by one thread at a time. The cost of each function is
// constant, or linear in the number of logs or of identities (at most max_names), which is small.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "log/record/record.h"
#include "log/repeats/repeats.h"
#include "model/queries/histogram.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

inline constexpr std::size_t max_names = 64;  // of users, databases, applications of one query or event
inline constexpr std::size_t max_distinct_samples = 4;          // of one query, besides the slowest call
inline constexpr std::uint32_t invalid_id = ~std::uint32_t{0};  // the number of no query

// A query's calls in one log.
struct Share {
  const std::string* file = nullptr;
  std::uint64_t calls = 0;
  std::uint64_t timed_calls = 0;
  std::int64_t total_ns = 0;
  std::int64_t min_ns = 0;
  std::int64_t max_ns = 0;
  Histogram times;
  std::int64_t first = no_time;
  std::int64_t last = no_time;
  std::uint64_t rows = 0;
  std::uint64_t rows_calls = 0;
  std::vector<std::uint32_t> identities;  // numbers of Identities; at most max_names

  // Adds a call. One without a duration counts in `calls` alone, one without a time not in first and last.
  void add(const Call& call, std::uint32_t identity) {
    ++calls;
    if (call.end != no_time) {
      first = first == no_time ? call.end : std::min(first, call.end);
      last = std::max(last, call.end);
    }
    if (call.duration_ms) {
      const std::int64_t time = nanoseconds(*call.duration_ms);
      min_ns = timed_calls ? std::min(min_ns, time) : time;
      max_ns = std::max(max_ns, time);
      total_ns = add_nanoseconds(total_ns, time);
      times.add(time);
      ++timed_calls;
    }
    add(identity);
  }

  void add(std::uint32_t identity) {
    if (!identities.empty() && identities.front() == identity) return;
    if (identities.size() < max_names &&
        std::find(identities.begin(), identities.end(), identity) == identities.end())
      identities.push_back(identity);
  }

  // Adds the sums of another log, or of another query that is summed up with this one.
  void merge(const Share& other) {
    calls += other.calls;
    if (other.first != no_time) {
      first = first == no_time ? other.first : std::min(first, other.first);
      last = std::max(last, other.last);
    }
    if (other.timed_calls) {
      min_ns = timed_calls ? std::min(min_ns, other.min_ns) : other.min_ns;
      max_ns = std::max(max_ns, other.max_ns);
      total_ns = add_nanoseconds(total_ns, other.total_ns);
      times.merge(other.times);
      timed_calls += other.timed_calls;
    }
    rows += other.rows;
    rows_calls += other.rows_calls;
    for (const auto identity : other.identities) add(identity);
  }
};

// A plan of auto_explain as it was logged, with literals.
struct KeptPlan {
  LoggedPlan::Format format = LoggedPlan::Format::text;
  const std::string* file = nullptr;
  int line = 0;
  double duration_ms = 0;
  std::string text;
};

struct QueryState {
  std::uint32_t number = 0;  // as in Call::query; invalid_id: it became "other statements"
  bool late = false;         // a template that is not parsed yet, since there are more than Limits allows
  bool pinned = false;       // a statement of it waits for its duration: it must not be folded
  std::size_t bytes = 0;     // of memory, for Limits::bytes
  std::string fingerprint;
  std::string text;           // normalized
  std::vector<Share> shares;  // one for each log; the last one is mostly that of the log that is read
  // The share of a log, which is added if it is missing. The reference stays valid until the next share.
  Share& share(const std::string* file) {
    if (!shares.empty() && shares.back().file == file) return shares.back();
    const auto found = std::ranges::find(shares.rbegin(), shares.rend(), file, &Share::file);
    if (found != shares.rend()) return *found;
    shares.emplace_back().file = file;
    return shares.back();
  }
  std::optional<KeptCall> slowest;
  std::uint64_t slowest_key = 0;   // Call::key of `slowest`
  std::vector<KeptCall> distinct;  // calls with different parameters, at most max_distinct_samples + 1
  std::vector<std::uint64_t> distinct_keys;  // Call::key of each
  std::uint64_t latest_session = 0;          // the session that ran it last
  std::int64_t latest_end = no_time;         // when that was
  std::int64_t other_end = no_time;          // when another session ran it last
  std::optional<KeptPlan> plan;  // of the slowest call with a plan; none if that plan was too long
  double slowest_plan_ms = -1;   // the time of that call; -1: no plan was logged

  // Notes a call, and returns when another session ran the query last; no_time: none did.
  std::int64_t ran(std::uint64_t session, std::int64_t end) {
    if (session != latest_session) other_end = latest_end;
    latest_session = session;
    latest_end = end;
    return other_end;
  }

  // Total time in nanoseconds, and calls: queries with the least are folded first.
  std::pair<std::int64_t, std::uint64_t> value() const {
    std::pair<std::int64_t, std::uint64_t> out;
    for (const Share& share : shares)
      out.first = add_nanoseconds(out.first, share.total_ns), out.second += share.calls;
    return out;
  }
};

}  // namespace pgadvise::log
