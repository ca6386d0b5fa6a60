// The queries that a server ran, aggregated: memory grows with distinct templates, never with the log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/histogram.h"
#include "model/query_facts.h"
#include "model/source_location.h"

namespace pgadvise {

using Parameters = std::vector<std::optional<std::string>>;  // $1 first; nullopt: NULL

// One call as it was logged. Holds literals: shown to nobody unless --show-literals.
struct Sample {
  SourceLocation place;
  std::string statement;
  std::optional<Parameters> parameters;  // nullopt: not logged
  std::optional<double> duration_ms;
};

// The sample as people may see it with --show-literals: constants and parameters of secrets are "***".
Sample without_secrets(Sample sample);

// A plan that auto_explain logged.
struct LoggedPlan {
  enum class Format { text, json };
  Format format = Format::text;
  SourceLocation place;
  double duration_ms = 0;  // of the call
  std::string text;        // EXPLAIN's output; '...' stands for each constant
  std::string
      logged;  // as it was logged, with statement and literals: as Sample, shown to nobody. "" when not kept

  bool operator==(const LoggedPlan&) const = default;
};

struct Query {
  std::string fingerprint;  // libpg_query's, 16 hex digits; "" when it does not parse
  std::string text;         // normalised: constants are $n
  std::uint64_t calls = 0;
  std::uint64_t timed_calls = 0;
  double total_ms = 0;  // whole nanoseconds, so that no order of adding shows
  double min_ms = 0;
  double max_ms = 0;
  Histogram times;                    // of the timed calls; pg_stat_statements has none
  std::uint64_t rows = 0;             // of `rows_calls`
  std::uint64_t rows_calls = 0;       // calls whose number of rows is known
  std::optional<std::int64_t> first;  // microseconds since 1970 in the log's own zone: when a call was logged
  std::optional<std::int64_t> last;
  std::set<std::string> users;
  std::set<std::string> databases;
  std::set<std::string> applications;
  std::vector<Sample> samples;     // a few: the slowest, and different parameters
  std::optional<LoggedPlan> plan;  // of the slowest call that one was logged of
  QueryFacts facts;                // filled once a catalog is there

  double mean_ms() const { return timed_calls ? total_ms / static_cast<double>(timed_calls) : 0; }
};

// Statements that came again and again in one scope: what the N+1 rules judge. One entry for each
// (pattern, parent), over all scopes that showed it. Plain and mergeable, so that a workload file can carry
// it.
struct RepeatedQuery {
  enum class Scope { trace, transaction, session_burst, pool_burst };
  // Fingerprints, 1 to 8, in order; statements of the loop whose parameters stay the same are left out.
  std::vector<std::string> pattern;
  std::string parent;  // fingerprint of the nearest different SELECT before; "" when there is none
  Scope scope = Scope::session_burst;  // the tightest seen
  std::uint64_t scopes = 0;            // how many scopes showed it
  std::uint64_t calls = 0;             // of the pattern, summed over scopes
  std::uint64_t max_in_one_scope = 0;
  Scope scope_of_most = Scope::session_burst;  // of the scope with the most calls
  std::uint64_t distinct_parameters = 0;       // in the scope with the most calls
  bool parameters_known = false;
  bool same_values =
      false;  // one SELECT with the same values (or without any) each time, instead of different ones
  double total_ms = 0;          // the statements' own time
  double longest_span_ms = 0;   // first start to last end, in the scope with the most calls
  std::vector<Sample> samples;  // three rounds of the pattern, in its order, of the scope with the most calls
  std::optional<Sample> parent_sample;

  // A SELECT that came earlier in the same burst or transaction than the parent.
  struct Earlier {
    std::string fingerprint;
    Sample sample;
  };
  std::vector<Earlier> earlier;  // the latest first, a few; of the scope with the most calls

  // How long the client took from one round to the next, in the burst with the most calls: a loop comes right
  // back, requests come when they come. Below zero: not known, or in no burst.
  struct Pauses {
    double low_ms = -1;   // the 10th of a hundred
    double high_ms = -1;  // the 90th
    double median_ms = -1;
    double within_ms = -1;  // the median between the statements of one round
    bool known() const { return median_ms >= 0; }
  };
  Pauses pauses;
  bool elsewhere = false;         // meanwhile another session ran a statement of the pattern
  bool own_transactions = false;  // some of the calls stood alone between BEGIN and COMMIT
};

// Two writes of one session that follow each other within a burst, each a transaction of its own.
struct WritePair {
  std::string first;  // fingerprints of two different statements
  std::string then;
  std::uint64_t bursts = 0;
  std::uint64_t calls = 0;  // of `then` behind `first`
  std::optional<Sample> first_sample;
  std::optional<Sample> then_sample;
};

// What the server told of besides statements: one entry for each kind, what it was about, and statement.
struct ServerEvent {
  enum class Kind {
    unknown_relation,    // a statement named a relation that isn't there
    cancelled,           // by a timeout or the user; `about` says which
    lock_wait,           // that ended; about: the lock's mode and kind of object. log_lock_waits, over
                         // deadlock_timeout
    lock_still_waiting,  // told of before it ends, if it does
    deadlock,            // about: the statements of the other sides, normalised
    temporary_file,      // log_temp_files
    connection,          // log_connections; about: user@database
    disconnection,       // log_disconnections
    refused_connection,  // too many clients
    open_transaction,    // BEGIN to COMMIT or ROLLBACK, 10 s or more; about: "idle" when that was most of it,
                         // or "busy". The statement is the one before the longest pause
  };
  Kind kind = Kind::cancelled;
  std::string about;
  std::string fingerprint;  // of the statement that it befell; "" when it was not logged
  std::string statement;    // normalised
  std::uint64_t count = 0;
  double total_us = 0;  // whole microseconds: lock_wait, disconnection (of the session), open_transaction
  double longest_us = 0;
  Histogram times;         // of the same durations
  double total_bytes = 0;  // whole bytes: temporary_file
  double largest_bytes = 0;
  std::optional<std::int64_t> first;
  std::optional<std::int64_t> last;
  SourceLocation place;                               // of the first
  std::map<std::string, std::uint64_t> applications;  // of `count`, where the log tells: a few
};

// Which log, by its content: its name, place and compression change, and a device's inode says nothing on
// another machine. log/provenance.h makes it; docs/decisions/0011-log-identity.md has the reasons.
struct SourceIdentity {
  std::uint64_t bytes = 0;  // read, from the beginning
  std::string
      marks;         // eight hex digits for each section of the beginning: a log that has grown only has more
  std::string tail;  // hash of the last bytes read

  bool known() const { return bytes > 0; }
  bool operator==(const SourceIdentity&) const = default;
};

// What became of each line of one log; the parts add up to `lines`.
struct LogSource {
  std::string path;
  std::string format;  // "stderr", "csvlog", "jsonlog"; "" when not recognised
  std::string prefix;  // the log_line_prefix that was found or given, for stderr
  std::uint64_t lines = 0;
  std::uint64_t used = 0;          // statements, durations, parameters
  std::uint64_t continuation = 0;  // further lines of a record
  std::uint64_t other = 0;         // records of other kinds
  std::uint64_t not_understood = 0;
  std::vector<SourceLocation> not_understood_at;  // the first three
  std::uint64_t statements = 0;
  std::uint64_t timed_statements = 0;
  SourceIdentity identity;
  std::string note;  // why nothing was found, and which settings would help; "" when something was
};

struct Workload {
  std::vector<Query> queries;  // by total time, then calls, then fingerprint
  std::vector<RepeatedQuery> repeats;
  std::vector<WritePair> write_pairs;
  std::vector<ServerEvent> server_events;  // by kind, then count
  std::vector<LogSource> sources;
  std::uint64_t sessions = 0;
  bool has_events = false;  // ordered events were there: N+1 could be looked for

  const Query* query(std::string_view fingerprint) const;
};

// "unknown relation", and by a name that machines keep: "unknown_relation".
std::string_view label(ServerEvent::Kind kind);
std::string_view name(ServerEvent::Kind kind);
inline constexpr int server_event_kinds = 10;

}  // namespace pgadvise
