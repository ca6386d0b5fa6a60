// Finds the sessions that held a lock. What the server logs about a wait has only their process IDs; the log
// may show a holder's statement before the wait, or later, when the statement has ended.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "log/collect/query_store.h"
#include "log/collect/session.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// Of "Process holding the lock: 12345. Wait queue: 12346, 12347." and "Processes holding the lock: …": the
// first few process IDs of the holders. None of any other text.
std::vector<std::uint32_t> holders_in(std::string_view detail);

class LockHolders {
 public:
  LockHolders(Sessions& sessions, const QueryStore& queries, const Identities& identities)
      : sessions_(sessions), queries_(queries), identities_(identities) {}

  // Names the holders of a wait that was logged at `time`, or waits for their next statement. `event` must
  // outlive this. Waits for at most 1,024 unnamed holders. false: `detail` names no holders.
  bool add(ServerEvent& event, std::string_view detail, std::int64_t time);
  // Sets Session::awaited if a holder with the session's process ID is awaited.
  void begin(Session& session) const {
    if (!awaited_.empty()) session.awaited = awaited_.contains(session.process);
  }
  // Names the awaited session. `call`: the statement that it completed; nullptr: the session ended.
  void name(Session& session, const LoggedCall* call);

 private:
  struct Awaited {
    ServerEvent* event = nullptr;
    std::int64_t time = no_time;
  };
  LockHolder holder_of(const Session& session) const;
  // The last statement of the open transaction, or the statement that runs; "" if the log shows none.
  std::string_view latest_statement(const Session& session) const;

  Sessions& sessions_;
  const QueryStore& queries_;
  const Identities& identities_;
  std::unordered_multimap<std::uint32_t, Awaited> awaited_;  // by process ID
};

}  // namespace pgadvise::log
