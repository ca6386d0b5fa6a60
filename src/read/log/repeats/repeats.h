// Detects statements that repeat in one scope, in one pass over the log. A detector keeps a short ring of
// recent calls and the current run, not the log's events.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/record/record.h"
#include "log/repeats/pointer_cache.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

inline constexpr std::uint64_t fewest_calls = 5;    // minimum number of calls of a pattern in one scope
inline constexpr std::uint64_t fewest_writes = 10;  // minimum for a pattern that only writes
inline constexpr std::uint64_t fewest_in_pool = 10;
inline constexpr std::uint64_t steady_calls =
    1000;  // a connection that repeats a pattern for so long serves requests
inline constexpr std::int64_t burst_gap_us = 100'000;   // between two statements of one burst
inline constexpr std::size_t longest_kept = 16 * 1024;  // of a statement kept as evidence
inline constexpr std::uint64_t most_between = 4;  // other statements between two writes that belong together
inline constexpr std::int64_t polling_gap_us = 1'000'000;  // a longer pause means polling, in any scope

enum class CallKind : std::uint8_t { select, write, other };

// What detectors compare of a call.
struct CallFacts {
  std::uint32_t query = 0;
  CallKind kind = CallKind::other;
  bool keyed = false;     // has literals or parameters, which distinguish calls
  bool key_known = true;  // false: it has parameters and they were not logged
  std::uint64_t key = 0;  // hash of them
  std::int64_t start = no_time;
  std::int64_t end = no_time;
  bool whole_seconds = false;
  std::optional<double> duration_ms;
  std::uint64_t session = 0;
  std::int64_t elsewhere = no_time;  // when another session last ran the same query
  bool own_transaction = false;      // it stood alone between BEGIN and COMMIT
};

// One call, the input of detectors; the views are valid during add().
struct Call : CallFacts {
  const std::string* file = nullptr;
  int line = 0;
  std::string_view statement;
  std::optional<std::string_view> parameters;
};

// A call kept as evidence, before it becomes a Sample.
struct KeptCall {
  std::uint32_t query = 0;
  std::uint64_t index = 0;  // of its detector's calls
  std::int64_t end = no_time;
  bool whole_seconds = false;
  const std::string* file = nullptr;
  int line = 0;
  std::string statement;
  std::optional<std::string> parameters;
  std::optional<double> duration_ms;

  void assign(const Call& call, std::uint64_t index_of_call, std::size_t longest);
};

// Counts distinct 64-bit keys: exactly up to a limit, then extrapolates the share of distinct ones.
class KeySet {
 public:
  void clear();
  void add(std::uint64_t key);
  std::uint64_t added() const { return added_; }
  std::uint64_t distinct() const;

 private:
  static constexpr std::size_t limit = 4096;
  void insert(std::uint64_t key);
  std::uint64_t first_ = 0;           // the only one while there are no slots
  std::vector<std::uint64_t> slots_;  // open addressing; 0: empty
  std::size_t used_ = 0;
  std::uint64_t added_ = 0;
  std::uint64_t added_at_limit_ = 0;
};

// Lengths of pauses, with a relative error of at most a fifth.
class PauseSet {
 public:
  void clear();
  void add(std::int64_t microseconds);
  double quantile_ms(double share) const;  // below zero: there are none

 private:
  static constexpr std::size_t slots = 64;
  std::array<std::uint32_t, slots> counts_{};
  std::uint32_t added_ = 0;
};

// When a call of a run ran, in microseconds.
struct TimedCall {
  std::int64_t start = no_time;
  std::int64_t end = no_time;
  int position = 0;  // in the round
};

// One occurrence of a pattern in a scope.
struct Occurrence {
  std::vector<std::uint32_t> pattern;
  RepeatedQuery repeat;  // of this scope, without what the other members are
  std::vector<KeptCall> samples;
  const KeptCall* parent = nullptr;
  std::vector<const KeptCall*> earlier;
};

class RepeatSink {
 public:
  virtual void repeated(const Occurrence& occurrence) = 0;
  // A write soon after a different one in the same burst, outside a transaction; `fresh`: the first such call
  // since the last call of `first`.
  virtual void wrote(const KeptCall& first, const Call& then, bool fresh) = 0;

 protected:
  ~RepeatSink() = default;
};

class Detector {
 public:
  // `scope` is that of the calls to come; a transaction is entered and left by enter().
  explicit Detector(RepeatedQuery::Scope scope) : scope_(scope) {}

  void add(const Call& call, RepeatSink& sink);
  void enter(RepeatedQuery::Scope scope, RepeatSink& sink);  // ends what is under way
  void pause(RepeatSink& sink);                              // the calls before belong to no later run
  void finish(RepeatSink& sink);                             // the session or trace is over

 private:
  static constexpr std::uint64_t longest_pattern = 8;
  static constexpr std::size_t ring_size = 32;  // three rounds of the longest pattern
  static constexpr std::size_t max_counted = 64;

  struct Position {
    std::uint32_t query = 0;
    CallKind kind = CallKind::other;
    bool keyed = false;
    bool key_known = true;
    KeySet keys;
    std::vector<KeptCall> samples;  // `sampled` of them; what is behind keeps its memory for the next run
    std::size_t sampled = 0;
    void start(const CallFacts& first);
    void add(const CallFacts& call);
    void sample(const Call& call, std::uint64_t index);
    std::vector<KeptCall> kept() const {
      return {samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(sampled)};
    }
  };
  struct RunSums {
    bool active = false;
    std::uint64_t period = 0;
    std::uint64_t first = 0;   // index of its first call
    std::uint64_t length = 0;  // calls so far
    std::int64_t start = no_time;
    std::int64_t end = no_time;
    double total_ms = 0;
    std::uint64_t session = 0;
    bool several_sessions = false;
    bool whole_seconds = false;
    bool elsewhere = false;
    bool own_transactions = false;
    std::int64_t longest_pause = 0;  // of the round under way, and their sum
    std::int64_t pauses = 0;
  };
  struct Run : RunSums {  // its other members keep their memory for the next run
    std::array<Position, longest_pattern> positions;
    PauseSet between;  // rounds
    PauseSet within;
    std::vector<TimedCall> timed;  // the first max_call_times
  };
  // Of a transaction or a trace, where the same statement need not come in an even pattern.
  struct Count {
    std::uint64_t calls = 0;
    std::uint64_t covered = 0;  // calls that a reported pattern contains
    std::int64_t start = no_time;
    std::int64_t end = no_time;
    double total_ms = 0;
    std::uint64_t second = 0;  // index of the second call, and when it began
    std::int64_t second_start = no_time;
  };
  struct Counted : Count {
    Position position;
    std::vector<TimedCall> timed;  // the first max_call_times
    std::optional<KeptCall> parent;
  };

  void start_run(const Call& call);
  void extend_run(const CallFacts& call);
  void note_pause(const CallFacts& call);
  void sample_run(const Call& call);
  void end_run(RepeatSink& sink);
  bool check_run(RepeatSink& sink);
  bool check_same_values(RepeatSink& sink, std::uint64_t rounds);
  Occurrence occurrence_of_run(std::uint64_t rounds) const;  // without a pattern
  // Of the calls whose position has an index in the pattern; -1: it has none.
  std::vector<TimedCall> timed_calls(const std::array<int, longest_pattern>& index,
                                     std::uint64_t rounds) const;
  void report(const Occurrence& occurrence, RepeatSink& sink);
  void note_write(const Call& call, RepeatSink& sink);
  bool follows(const Call& call, std::uint64_t index, std::uint32_t first) const;
  std::size_t forget_oldest_write();
  void forget_writes();
  bool nothing_else_in_session() const;
  void count(const Call& call);
  void end_counts(RepeatSink& sink);
  void remember_select(const Call& call);
  const KeptCall* parent_before(std::uint64_t index, std::int64_t start,
                                const std::vector<std::uint32_t>& pattern) const;
  std::vector<const KeptCall*> earlier_than(const KeptCall& parent, std::int64_t start,
                                            const std::vector<std::uint32_t>& pattern) const;

  RepeatedQuery::Scope scope_;
  std::array<CallFacts, ring_size> ring_;
  std::uint64_t calls_ = 0;
  std::uint64_t barrier_ = 0;  // runs start at or behind this index
  Run run_;
  std::vector<KeptCall> selects_;  // the latest different SELECTs
  // Of the burst under way: the latest call of each different write, and which of them followed which (bit i
  // of then: behind writes_[i]).
  static constexpr std::size_t max_writes = 8;
  std::vector<KeptCall> writes_;
  std::array<std::uint8_t, max_writes> behind_{};
  std::vector<Counted> counted_;
  std::size_t counted_used_ = 0;
};

// Occurrences, one entry for each (pattern, parent).
class Repeats final : public RepeatSink {
 public:
  void repeated(const Occurrence& occurrence) override;
  void wrote(const KeptCall& first, const Call& then, bool fresh) override;

  struct Entry {
    RepeatedQuery repeat;  // without pattern, parent and samples
    std::vector<KeptCall> samples;
    std::optional<KeptCall> parent;
    std::vector<KeptCall> earlier;
  };
  struct Key {  // in a fixed order
    std::vector<std::uint32_t> pattern;
    std::uint32_t parent = 0;  // its query + 1, or 0
    bool same_values = false;
    auto operator<=>(const Key&) const = default;
  };
  struct Pair {
    std::uint64_t bursts = 0;
    std::uint64_t calls = 0;
    KeptCall first, then;
  };
  const std::map<std::pair<std::uint32_t, std::uint32_t>, Pair>& pairs() const { return pairs_; }
  std::map<Key, Entry> entries() const;

 private:
  static constexpr std::size_t max_entries = 10'000;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Pair> pairs_;
  PointerCache<Pair> recent_pairs_;
  std::map<Key, Entry> entries_;
  std::map<Key, Entry>
      pooled_;  // bursts over several sessions, which hold those of single sessions once more
};

}  // namespace pgadvise::log
