// What changed over the runs that a store contains: the answer of `pgadvise history`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store/store.h"

namespace pgadvise::store {

struct HistoryOptions {
  std::string target;            // "": all
  std::int64_t now = 0;          // seconds since 1970
  int days = 7;                  // new, fixed and reopened: within these days before `now`
  double slower_factor = 1.5;    // of the mean time of a query
  std::uint64_t min_calls = 20;  // of a slower query, within its newest day
  double growth_factor = 1.1;
  std::int64_t min_growth = std::int64_t{10} << 20;  // bytes
  double min_lock_wait = 1;                          // seconds: PostgreSQL's default of deadlock_timeout
  std::int64_t min_unused = 7 * seconds_per_day;     // seconds without a scan, of an unused index
};

// A target, among those to look at.
struct TargetRank {
  std::string target;
  std::size_t errors = 0;  // open findings by severity
  std::size_t warnings = 0;
  std::size_t notes = 0;
  double score = 0;  // sum of the impacts of open findings
  std::size_t fresh = 0;
  std::size_t reopened = 0;
  std::size_t slower = 0;
  std::size_t plans = 0;
  std::string first_id;  // of the open finding to look at first, by severity and impact
  std::string first_message;
};

struct History {
  std::int64_t since = 0;  // seconds since 1970
  // Each finding is in one list. Gone findings of the time before `since`, and those that are suppressed or
  // accepted, are only counted.
  std::vector<FindingLife> fresh;      // open, first seen since then
  std::vector<FindingLife> reopened;   // open, found again since then
  std::vector<FindingLife> fixed;      // gone since then
  std::vector<FindingLife> recurring;  // open, and older
  std::size_t gone_before = 0;
  std::size_t suppressed = 0;
  std::vector<FindingLife> expiring;  // of the suppressed ones: those whose last day is within the next 30
  std::size_t accepted = 0;
  std::vector<QueryChange> slower;       // by the time that the newest day lost
  std::vector<RelationGrowth> growth;    // by bytes
  std::vector<PlanChangeOfQuery> plans;  // that changed since then, the newest first
  std::vector<LockWait> lock_waits;      // since then, the longest first
  // Unused on the primary and on all replicas that it knows, over at least the shortest period.
  std::vector<UnusedIndex> unused;
  // Indexes without scans that are not in `unused`, as the store lacks samples of the primary or a replica.
  std::size_t unsure_unused = 0;
  // The targets with open findings, slower queries or changed plans. First those with the most errors, then
  // those with the greatest score, then those with the most slower queries.
  std::vector<TargetRank> ranking;
};

// Each list is sorted by target, findings then by decreasing impact. Errors (usage): those of the store.
Result<History> history(Store& store, const HistoryOptions& options);

}  // namespace pgadvise::store
