// Whether a transaction that the server rolled back (a deadlock, a serialization failure) ran again.
//
// A transaction is known by the first statement with values that its session logged since BEGIN, a SELECT if
// there is one: a retry runs the same statement with the same values, on any connection. It was not repeated
// if the log goes on for retry_window_us without that. Nothing is known if the log lacks BEGIN (it may lack
// other statements, too) or the values, or if all that is known is a write and the session's next transaction
// has the same write with other values: applications that set the time or an id anew repeat a write so.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "log/collect/event_counts.h"
#include "log/repeats/repeats.h"

namespace pgadvise::log {

inline constexpr std::int64_t retry_window_us = 60'000'000;

// The statement by which a transaction is known.
struct TransactionMark {
  std::uint64_t hash = 0;  // of the template; 0: none
  std::uint64_t key = 0;   // of the values
  bool select = false;

  void add(std::uint64_t hash_of_call, const Call& call);
};

struct Rollback {
  Happening happening;
  std::string application;
  TransactionMark mark;
  std::uint64_t session = 0;
  std::uint64_t statement = 0;  // hash of the template that failed; 0: not logged
  int transactions = 0;         // that the session ended since: this one, then the next one
  bool unclear = false;
};

// A rollback about which no more is going to be known.
struct SettledRollback {
  Rollback rollback;
  bool not_repeated = false;  // false: repeated, or not known
};

class Retries {
 public:
  bool empty() const { return open_.empty() && settled_.empty(); }
  // `rollback` has a mark and a time, not before those of earlier ones. Of more than 4,000, the oldest one is
  // no longer followed.
  void add(Rollback rollback);
  // A call that ran after add(). `ends`: it ends a transaction, or is one by itself. Takes constant time for
  // most calls.
  void ran(std::uint64_t session, std::uint64_t hash, const Call& call, bool ends);
  std::vector<SettledRollback> take_settled(std::int64_t now);
  // The log is over: all of them.
  std::vector<SettledRollback> take_all();

 private:
  void close(const Rollback& rollback);

  std::deque<Rollback> open_;                             // by time
  std::unordered_map<std::uint64_t, unsigned> marks_;     // of these, by hash and key: how many
  std::unordered_map<std::uint64_t, unsigned> sessions_;  // whose next transaction is not over: how many
  std::vector<SettledRollback> settled_;
};

}  // namespace pgadvise::log
