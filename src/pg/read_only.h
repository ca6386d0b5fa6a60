// The one way into a target: a READ ONLY transaction that is always rolled back.
#pragma once

#include <chrono>

#include "base/result.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// The connection's SessionSettings, or its own user.
enum class As { application, user };

// BEGIN READ ONLY … ROLLBACK around whatever happens in between, with time limits on both sides, and answers
// of at most a million rows and 256 MiB.
class ReadOnly {
 public:
  // `limit`: of each statement.
  explicit ReadOnly(Connection& connection, std::chrono::milliseconds limit = std::chrono::seconds(5));
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  ~ReadOnly();
  // `watch_us`: client_connection_check_interval, which not every platform of a server has.
  Result<void> begin(bool watch_us, As as = As::application);
  // Back to where begin() ended, also out of a failed state.
  bool back();

 private:
  Result<void> act();

  Connection& connection_;
  AnswerLimits before_;
  std::chrono::milliseconds limit_;
};

}  // namespace pgadvise::pg
