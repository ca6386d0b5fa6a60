// What the sessions of one database did when its catalog was read. No text of a query is part of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "model/catalog.h"

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

// The session that the others in the queue wait for: follows Session::blocked_by until a session that waits
// for nobody. nullptr: it is none of the catalog's sessions (a background process, a prepared transaction).
// REQUIRES `waiting.blocked_by`. Cost: at most 64 steps, each linear in the number of sessions.
const Session* lock_holder(const Catalog& catalog, const Session& waiting);

}  // namespace pgadvise
