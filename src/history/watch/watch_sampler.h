// The samples that `watch` takes of the sessions of a database between two checks.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/facts/facts.h"
#include "store/store/address.h"
#include "watch/watch_check.h"

namespace pgadvise::watch {

// Reads a sample of the database at regular intervals, on a thread and a connection of its own. After a
// failure it connects anew: after one interval, then after two, four …, at most every five minutes.
class ActivitySampler {
 public:
  // `database.db`: a connection string, or env.
  ActivitySampler(const WatchedDatabase& database, std::chrono::seconds every);
  // Ends the thread, but waits for a server for one second at most.
  ~ActivitySampler();
  ActivitySampler(const ActivitySampler&) = delete;
  ActivitySampler& operator=(const ActivitySampler&) = delete;

  // Puts the facts of the samples since the last call into the spool of the store, so that the next upload
  // sends them. Waits for no server. Errors: those of Spool::keep(); the facts then wait for the next call.
  Result<void> keep(const store::Address& store, const std::string& spool);

  // Why there are no samples now, once for each period without them.
  std::optional<Error> new_failure();

 private:
  struct Shared;

  std::string target_;
  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive this object
  store::Facts waiting_;            // that the spool has not taken
};

}  // namespace pgadvise::watch
