// The sessions of a log, and who they belong to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "log/collect/query_store.h"
#include "log/collect/retries.h"
#include "log/collect/transaction_orders.h"
#include "log/record/record.h"
#include "log/repeats/pointer_cache.h"
#include "log/repeats/repeats.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

struct Identity {
  std::string user;
  std::string database;
  std::string application;
  std::string host;
  bool tool = false;  // it reads row by row what nobody waits for, or is a benchmark
};

// A call between its record and the one that completes it.
struct LoggedCall : Call {
  std::uint64_t hash = 0;
  const Template* entry = nullptr;
  bool literals = false;
  std::uint64_t trace = 0;
  std::uint32_t identity = 0;
};

// A call that outlives its record: it has texts of its own, whose memory the next one takes over. Stays where
// it is.
template <class T>
class HeldCall {
 public:
  T call;

  HeldCall() = default;
  HeldCall(const HeldCall&) = delete;
  HeldCall& operator=(const HeldCall&) = delete;
  // `longest`: the bytes that are kept of each text.
  void hold(const T& other, std::size_t longest = std::string_view::npos) {
    call = other;
    call.statement = statement_.assign(other.statement.substr(0, longest));
    if (other.parameters) call.parameters = parameters_.assign(other.parameters->substr(0, longest));
  }

 private:
  std::string statement_, parameters_;
};

// A plan of auto_explain whose statement the log may still show.
struct LonePlan : HeldCall<LoggedCall> {
  LogSource* source = nullptr;
  std::optional<std::uint64_t> rows;
};

// From BEGIN on, as far as the log shows it.
struct OpenTransaction {
  std::int64_t start = no_time;
  std::int64_t last_end = no_time;
  std::int64_t idle = 0;  // the client's pauses
  std::int64_t longest_pause = 0;
  std::uint32_t before_pause = invalid_id;  // the statement before the longest one
  std::uint32_t last_query = invalid_id;
  std::pair<const std::string*, int> place{}, last_place{};  // of these

  void begin(std::int64_t time);
  void follow(const LoggedCall& call);
};

// A session; also what a trace or a connection pool needs of one.
struct Session {
  explicit Session(RepeatedQuery::Scope scope) : detector(scope) {}
  std::uint64_t key = 0;
  bool named = true;          // the log tells which session it is
  std::uint32_t process = 0;  // its process ID; 0: unknown
  bool awaited = false;       // LockHolders waits for its next statement
  bool counted = false;
  bool in_transaction = false;
  bool begin_warned = false;  // the server said of its BEGIN that a transaction was open already
  OpenTransaction transaction;
  StatementOrder order;  // of the open transaction
  TransactionMark mark;  // of the transaction that is open, or was the last one
  std::int64_t last_end = no_time;
  std::uint64_t last_record = 0;
  std::uint64_t identity_hash = 0;
  std::uint32_t identity = 0;
  bool identified = false;
  Identity announced;    // by "connection authorized"
  bool waiting = false;  // `pending` waits for its duration
  HeldCall<LoggedCall> pending;
  LogSource* pending_source = nullptr;
  struct Latest {
    std::uint64_t hash = 0;
    std::optional<double> duration_ms;
  };
  std::array<Latest, 4> recent{};  // the latest statements, whose plans may still come
  std::size_t recent_at = 0;
  std::list<LonePlan> plans;
  // A transaction's first call, until a second one comes: around one statement BEGIN and COMMIT are what the
  // server does by itself (repositories of Spring Data, what ORMs save), and no scope.
  bool holding = false;
  bool held = false;
  HeldCall<Call> first;
  Detector detector;
};

// The process ID in a session ID ("65f1d2.1a2b") or of a process ID itself; 0: it is neither.
std::uint32_t process_of(std::string_view session);

// A name of a record, else the one that the connection's record announced; "" if neither has one.
std::string_view known_name(std::string_view recorded, const std::string& announced);

// Users, databases, applications and hosts of all logs, numbered. Of more than are kept, the others count as
// the first one.
class Identities {
 public:
  // `hash` is that of the record's own names.
  std::uint32_t identify(Session& session, const Record& record, std::uint64_t hash);
  const Identity& operator[](std::uint32_t number) const { return identities_[number]; }

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> by_hash_;
  std::vector<Identity> identities_;
};

// By key. References stay valid until the session is erased.
class Sessions {
 public:
  Session* find(std::uint64_t key);                    // nullptr: there is none
  Session* find_process(std::uint32_t process) const;  // the latest session of the process ID; else nullptr
  Session& add(std::uint64_t key, bool named, std::uint32_t process);
  void erase(const Session& session);
  bool full() const;

  std::vector<Session*> longest_silent() const;  // half of them, the longest silent one first
  std::vector<Session*> by_last_record() const;
  std::vector<const Template*> pending_templates() const;  // of calls that wait for their duration

 private:
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::unordered_map<std::uint32_t, Session*> by_process_;
  PointerCache<Session> recent_;
};

}  // namespace pgadvise::log
