// What the sessions of one database did when its catalog was read. No text of a query is part of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise {

struct Activity {
  // Number of sessions by state and wait_event_type, in the words of pg_stat_activity: "hidden" for a state
  // that the role may not see, "none" for a session that does not wait, "other" for words that PostgreSQL 18
  // does not have. Contains the four usual states without a wait, also where the number is 0.
  std::map<std::pair<std::string, std::string>, std::uint64_t> sessions;
  double longest_transaction_seconds = 0;  // 0: no transaction is open
  double longest_lock_wait_seconds = 0;    // 0: no session waits for a lock
  // The age of the transaction that holds the lock of the longest wait; 0: none, or unknown.
  double lock_holder_transaction_seconds = 0;
};

// Counts the sessions of `catalog.database` only, so that the sum over the databases of a server is right.
Activity activity_of(const Catalog& catalog);

// The words of Activity::sessions for a state and a wait_event_type of pg_stat_activity.
std::string known_state(const std::string& state);
std::string known_wait_event_type(const std::string& type);

// The session that the others in the queue wait for: follows Session::blocked_by until a session that waits
// for nobody. nullptr: it is none of `sessions` (a background process, a prepared transaction).
// REQUIRES `waiting.blocked_by`. Cost: at most 64 steps, each linear in the number of sessions.
const Session* lock_holder(const std::vector<Session>& sessions, const Session& waiting);

// What the sessions of one database did at one time, as a statistical sampler reads it.
struct ActivitySample {
  struct Sessions {
    std::string state;  // these two in the words of Activity::sessions
    std::string wait_event_type;
    std::string wait_event;  // "DataFileRead"; "none": no wait
    std::uint64_t number = 0;
  };
  struct LockWait {
    QualifiedName relation;  // "": unknown, as of a row that two transactions insert
    std::string mode;        // "AccessExclusiveLock"
    // The application_name of the session that the others in the queue wait for, or what kind of process it
    // is. "": none, or unknown.
    std::string holder;
    double seconds = 0;
    double holder_seconds = 0;  // age of the holder's transaction; 0: none, or unknown
  };
  std::vector<Sessions> sessions;
  std::vector<LockWait> lock_waits;  // of the 20 sessions that have waited longest
};

}  // namespace pgadvise
