// The only way pgadvise runs statements in a database it reads: a READ ONLY transaction that is always rolled
// back.
#pragma once

#include <chrono>

#include "base/result.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

// A database can have another default_transaction_isolation, in which our own queries of the catalog see an
// older state than the planner.
inline constexpr const char* begin_read_only =
    "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY, NOT DEFERRABLE";

// First and alone in a transaction that runs our own queries: a role's own search_path may put anybody's
// functions and operators before the server's. Under pg_catalog, which no other schema can enter, deparsed
// names carry their schema, too.
inline constexpr const char* server_search_path =
    "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)";

// The role: the connection's SessionSettings, or its user.
enum class As { application, user };

// BEGIN … READ ONLY … ROLLBACK around a scope, with time limits on client and server, and responses of at
// most a million rows and 256 MiB.
class ReadOnly {
 public:
  // `limit`: for each statement.
  explicit ReadOnly(Connection& connection, std::chrono::milliseconds limit = std::chrono::seconds(5));
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  ~ReadOnly();
  // `watch_us`: client_connection_check_interval, which some server platforms do not support.
  Result<void> begin(bool watch_us, As as = As::application);
  // Returns to the state after begin(), also from a failed transaction.
  bool back();

 private:
  Result<void> set_session_settings();

  Connection& connection_;
  AnswerLimits before_;
  std::chrono::milliseconds limit_;
};

}  // namespace pgadvise::pg
