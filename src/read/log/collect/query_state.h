// What is kept of a query while logs are read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "log/record/logged_plan.h"
#include "log/record/record.h"
#include "log/repeats/repeats.h"
#include "model/queries/histogram.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

inline constexpr std::size_t max_names = 64;  // of users, databases, applications of one query or event
inline constexpr std::size_t max_distinct_samples = 4;
inline constexpr std::uint32_t invalid_id = ~std::uint32_t{0};

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
  std::vector<std::uint32_t> identities;

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

// The plan of its slowest run.
struct KeptPlan {
  LoggedPlan::Format format = LoggedPlan::Format::text;
  const std::string* file = nullptr;
  int line = 0;
  double duration_ms = 0;
  std::string text;

  LoggedPlan plan() const;
};

struct QueryState {
  std::uint32_t number = 0;
  bool late = false;    // not parsed yet: there are more templates than are kept
  bool pinned = false;  // a statement that waits for its duration is of it
  std::size_t bytes = 0;
  std::string fingerprint;
  std::string text;
  std::vector<Share> shares;  // the last one is of the log that is read, mostly
  Share& share(const std::string* file) {
    if (!shares.empty() && shares.back().file == file) return shares.back();
    const auto found =
        std::find_if(shares.rbegin(), shares.rend(), [&](const Share& known) { return known.file == file; });
    if (found != shares.rend()) return *found;
    shares.emplace_back().file = file;
    return shares.back();
  }
  std::optional<KeptCall> slowest;
  std::vector<KeptCall> distinct;
  std::vector<std::uint64_t> distinct_keys;
  std::uint64_t slowest_key = 0;
  std::uint64_t latest_session = 0;  // that ran it, and when; and the latest one of the others
  std::int64_t latest_end = no_time;
  std::int64_t other_end = no_time;
  std::optional<KeptPlan> plan;
  double slowest_plan_ms = -1;  // also of one that could not be kept

  // When did another session run it last?
  std::int64_t ran(std::uint64_t session, std::int64_t end) {
    if (session != latest_session) other_end = latest_end;
    latest_session = session;
    latest_end = end;
    return other_end;
  }

  std::pair<std::int64_t, std::uint64_t> value() const {
    std::pair<std::int64_t, std::uint64_t> out;
    for (const Share& share : shares)
      out.first = add_nanoseconds(out.first, share.total_ns), out.second += share.calls;
    return out;
  }
};

}  // namespace pgadvise::log
