// The queries that a server ran, aggregated by fingerprint. Memory grows with the number of distinct
// templates, not with the size of the log.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/queries/histogram.h"
#include "model/queries/query_facts.h"
#include "model/queries/timeline.h"
#include "model/source_location.h"

namespace pgadvise {

using Parameters = std::vector<std::optional<std::string>>;  // $1 first; nullopt: NULL

// One logged call. Has literals, which are shown only with --show-literals.
struct Sample {
  SourceLocation place;
  std::string statement;
  std::optional<Parameters> parameters;  // nullopt: not logged
  std::optional<double> duration_ms;
};

// The sample for display with --show-literals: constants and parameters that are secrets become "***".
Sample without_secrets(Sample sample);

// A plan that auto_explain logged.
struct LoggedPlan {
  enum class Format { text, json };
  Format format = Format::text;
  SourceLocation place;
  double duration_ms = 0;  // of the call
  std::string text;        // EXPLAIN's output, with '...' for each constant
  std::string logged;      // as logged, with statement and literals; never shown, as Sample. "" if not kept

  bool operator==(const LoggedPlan&) const = default;
};

struct Query {
  std::string fingerprint;  // libpg_query's fingerprint, 16 hex digits; "" if the statement does not parse
  std::string text;         // normalized: $n in place of constants
  std::uint64_t calls = 0;
  std::uint64_t timed_calls = 0;
  double total_ms = 0;  // in whole nanoseconds, so that sums do not depend on order
  double min_ms = 0;
  double max_ms = 0;
  Histogram times;               // of the timed calls; empty for pg_stat_statements
  std::uint64_t rows = 0;        // of `rows_calls`
  std::uint64_t rows_calls = 0;  // number of calls with a known number of rows
  std::optional<std::int64_t>
      first;  // time of the first logged call, in microseconds since 1970 in the log's time zone
  std::optional<std::int64_t> last;
  std::set<std::string> users;
  std::set<std::string> databases;
  std::set<std::string> applications;
  std::vector<Sample> samples;     // a few calls: the slowest, and ones with other parameters
  std::optional<LoggedPlan> plan;  // of the slowest call with a logged plan
  QueryFacts facts;                // filled when a catalog is available

  double mean_ms() const { return timed_calls ? total_ms / static_cast<double>(timed_calls) : 0; }
  // Of a call, never under the fastest or over the slowest one, which are known exactly; nullopt: unknown.
  std::optional<double> percentile_ms(double share) const {
    const auto value = times.percentile_ms(share);
    return value ? std::optional(std::clamp(*value, min_ms, std::max(min_ms, max_ms))) : std::nullopt;
  }
  // Of a call; 0: unknown.
  double mean_rows() const {
    return rows_calls ? static_cast<double>(rows) / static_cast<double>(rows_calls) : 0;
  }
};

// Statements repeated within one scope, the input of the N+1 rules. One entry for each (pattern, parent),
// summed over all scopes in which it occurred. Can be merged, and stored in a workload file.
struct RepeatedQuery {
  enum class Scope { trace, transaction, session_burst, pool_burst };
  // Fingerprints, 1 to 8, in order, without statements of the loop whose parameters never change.
  std::vector<std::string> pattern;
  std::string parent;                  // fingerprint of the last different SELECT before the loop; "" if none
  Scope scope = Scope::session_burst;  // the tightest seen
  std::uint64_t scopes = 0;            // number of scopes with the pattern
  std::uint64_t calls = 0;             // of the pattern, summed over scopes
  std::uint64_t max_in_one_scope = 0;
  Scope scope_of_most = Scope::session_burst;  // of the scope with the most calls
  std::uint64_t distinct_parameters = 0;       // in the scope with the most calls
  bool parameters_known = false;
  bool same_values =
      false;            // one SELECT that repeats with the same values or none, instead of different ones
  double total_ms = 0;  // sum of the statements' durations
  double longest_span_ms = 0;   // from the first start to the last end, in the scope with the most calls
  std::vector<Sample> samples;  // three rounds of the pattern, in order, from the scope with the most calls
  std::optional<Sample> parent_sample;

  // A SELECT before the parent, in the same burst or transaction.
  struct Earlier {
    std::string fingerprint;
    Sample sample;
  };
  std::vector<Earlier> earlier;  // a few, the latest first; of the scope with the most calls

  // The client's pauses between rounds, in the burst with the most calls, which distinguish a loop (short,
  // even pauses) from separate requests. Negative: unknown, or no burst.
  struct Pauses {
    double low_ms = -1;   // 10th percentile
    double high_ms = -1;  // 90th percentile
    double median_ms = -1;
    double within_ms = -1;  // median between the statements of one round
    bool known() const { return median_ms >= 0; }
  };
  Pauses pauses;

  struct CallTime {
    std::int64_t offset_us = 0;  // start, relative to the first start of `call_times`
    std::int64_t duration_us = 0;
    int position = 0;  // index in `pattern`; -1: the parent
    bool operator==(const CallTime&) const = default;
  };
  static constexpr std::size_t max_call_times = 200;
  // The parent and the first calls of the scope with the most calls, in the order of the log; at most
  // max_call_times and the parent. Empty if the log lacks durations, or times more exact than seconds.
  std::vector<CallTime> call_times;

  bool elsewhere = false;         // another session ran a statement of the pattern at the same time
  bool own_transactions = false;  // some of the calls were the only statement between BEGIN and COMMIT
};

// Two writes of one session soon after each other in a burst, each in a transaction of its own.
struct WritePair {
  std::string first;  // fingerprints of two different statements
  std::string then;
  std::uint64_t bursts = 0;  // calls of `first` that `then` followed
  std::uint64_t calls = 0;   // of `then` soon after `first`
  std::optional<Sample> first_sample;
  std::optional<Sample> then_sample;
};

// The different statements of transactions, from BEGIN to COMMIT or ROLLBACK, in the order in which a
// transaction first ran them. One entry for each order; transactions with a single statement have none.
struct TransactionOrder {
  static constexpr std::size_t max_statements = 16;
  std::vector<std::string> statements;  // fingerprints, at least 2; of a longer transaction the first ones
  std::uint64_t transactions = 0;
  SourceLocation place;  // of the first statement of the first of these transactions
};

// A session that held a lock for which others waited, as far as the log shows it.
struct LockHolder {
  std::string application;  // "" if not logged, likewise `user`
  std::string user;
  std::string statement;    // normalized; ran during the wait, or was the last one of the transaction
  std::uint64_t count = 0;  // number of waits
};

// Events that the server logged, other than statements: one entry for each kind, `about`, and statement.
struct ServerEvent {
  enum class Kind {
    unknown_relation,  // a statement referred to a relation that does not exist
    cancelled,         // by a timeout, the user, a serialization failure; about: the reason
    lock_wait,  // a wait that ended; about: the lock's mode and kind of object. log_lock_waits, longer than
                // deadlock_timeout
    lock_still_waiting,  // a wait that is logged before its end, if it ends
    deadlock,            // about: the normalized statements of the other sessions
    temporary_file,      // log_temp_files
    connection,          // log_connections; about: user@database
    disconnection,       // log_disconnections
    refused_connection,  // too many clients
    open_transaction,  // BEGIN to COMMIT or ROLLBACK, at least 10 s; about: "idle" if idle most of the time,
                       // else "busy". The statement is the one before the longest pause
  };
  Kind kind = Kind::cancelled;
  std::string about;
  std::string fingerprint;  // of the affected statement; "" if not logged
  std::string statement;    // normalized
  std::uint64_t count = 0;
  double total_us = 0;  // whole microseconds: lock_wait, disconnection (of the session), open_transaction
  double longest_us = 0;
  Histogram times;         // of the same durations
  double total_bytes = 0;  // whole bytes: temporary_file
  double largest_bytes = 0;
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;
  SourceLocation place;  // of the first
  std::map<std::string, std::uint64_t>
      applications;  // number of events by application_name, for a few of them; empty if not logged
  std::vector<LockHolder> holders;  // lock_still_waiting: a few, by count, then names; empty if not logged
};

// Identifies a log by its content, as its name, place and compression change. log/provenance.h computes it;
// docs/decisions/0011-log-identity.md has the reasons.
struct SourceIdentity {
  std::uint64_t bytes = 0;  // bytes read, from the beginning
  std::string
      marks;  // eight hex digits for each section from the beginning: a log that has grown only has more
  std::string tail;  // hash of the last bytes read

  bool known() const { return bytes > 0; }
  bool operator==(const SourceIdentity&) const = default;
};

// Counts of the lines of one log by their use; the counts add up to `lines`.
// What a log has, of which a selection (--app, --user, --database, --from, --to) took no record.
struct LeftOutRecords {
  std::uint64_t count = 0;  // 0: there was no selection, or it took a record
  std::set<std::string, std::less<>> applications, users,
      databases;  // of the records; at most 100 names each
  // Microseconds since 1970; first > last: no record has a time.
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  // Whether some record meets one of the conditions.
  bool application_meets = false, user_meets = false, database_meets = false, time_meets = false;
};

struct LogSource {
  std::string path;
  std::string format;  // "stderr", "csvlog", "jsonlog"; "" if not recognized
  std::string prefix;  // the log_line_prefix, given or detected, for stderr
  std::uint64_t lines = 0;
  std::uint64_t used = 0;          // statements, durations, parameters
  std::uint64_t continuation = 0;  // further lines of a record
  std::uint64_t other = 0;         // records of other kinds
  std::uint64_t not_understood = 0;
  std::vector<SourceLocation> not_understood_at;  // the first three
  std::uint64_t statements = 0;
  std::uint64_t timed_statements = 0;
  SourceIdentity identity;
  std::string note;  // why the log has no statements, and which settings log them; "" if it has some
  LeftOutRecords left_out;
};

struct Workload {
  std::vector<Query> queries;  // by total time, then calls, then fingerprint
  std::vector<RepeatedQuery> repeats;
  std::vector<WritePair> write_pairs;
  std::vector<TransactionOrder> transaction_orders;  // by number of transactions, then statements
  std::vector<ServerEvent> server_events;            // by kind, then count
  Timeline timeline;                                 // of the calls whose time was logged
  std::vector<LogSource> sources;
  std::uint64_t sessions = 0;
  bool has_events = false;  // the input has ordered events, so that N+1 rules can run

  const Query* query(std::string_view fingerprint) const;
};

// "unknown relation" for people, "unknown_relation" for programs.
std::string_view label(ServerEvent::Kind kind);
std::string_view name(ServerEvent::Kind kind);
inline constexpr int server_event_kinds = 10;

}  // namespace pgadvise
