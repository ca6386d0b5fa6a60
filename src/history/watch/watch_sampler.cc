#include "watch/watch_sampler.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <ctime>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/text/text.h"
#include "pg/catalog/activity_sample.h"
#include "pg/connection/connection.h"
#include "store/facts/activity_buckets.h"
#include "store/store/spool.h"

namespace pgadvise::watch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_pause{300};
constexpr std::chrono::seconds patience{1};       // for the thread to end
constexpr std::size_t max_waiting_rows = 20'000;  // of each table

// A response is a row for each combination of words of pg_stat_activity.
constexpr std::size_t max_rows = 5'000;
constexpr std::size_t max_bytes = std::size_t{4} << 20;

template <class Rows>
void append(Rows& to, Rows rows) {
  std::move(rows.begin(), rows.end(), std::back_inserter(to));
  if (to.size() > max_waiting_rows)
    to.erase(to.begin(), to.end() - static_cast<std::ptrdiff_t>(max_waiting_rows));
}

}  // namespace

struct ActivitySampler::Shared {
  std::mutex mutex;  // of the following members
  std::condition_variable_any changed;
  store::ActivityBuckets buckets;
  std::optional<Error> failure;  // of the last sample
  bool reported = false;         // the failure
  bool ended = false;
  std::stop_source stop;

  // The thread, which knows nothing else of this process.
  void run(const std::string& conninfo, std::chrono::seconds every) {
    const std::stop_token stopped = stop.get_token();
    std::optional<pg::Connection> connection;
    auto next = Clock::now();
    std::chrono::seconds pause = every;
    while (!stopped.stop_requested()) {
      const auto sample = take(connection, conninfo, stopped);
      if (!sample) connection.reset();
      std::unique_lock lock(mutex);
      if (sample) {
        buckets.add(*sample, std::time(nullptr));
        failure.reset();
        reported = false;
        pause = every;
      } else if (!stopped.stop_requested()) {
        failure = sample.error();
      }
      next = std::max(next + pause, Clock::now());
      if (!sample) pause = std::min(pause * 2, std::max(every, longest_pause));
      changed.wait_until(lock, stopped, next, [] { return false; });
    }
    connection.reset();
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
  }

  // A connection that the server has closed since the last sample is no failure: the server may have been
  // restarted.
  static Result<ActivitySample> take(std::optional<pg::Connection>& connection, const std::string& conninfo,
                                     const std::stop_token& stopped) {
    if (connection) {
      auto sample = pg::read_activity_sample(*connection);
      if (sample || connection->alive() || stopped.stop_requested()) return sample;
    }
    TRY(auto opened, pg::Connection::open(conninfo));
    connection.emplace(std::move(opened));
    pg::AnswerLimits limits = connection->limits();
    limits.rows = max_rows;
    limits.bytes = max_bytes;
    connection->set_limits(limits);
    connection->set_stop(stopped);
    connection->set_interruptible(true);
    return pg::read_activity_sample(*connection);
  }
};

ActivitySampler::ActivitySampler(const WatchedDatabase& database, std::chrono::seconds every)
    : target_(database.name), shared_(std::make_shared<Shared>()) {
  std::thread([shared = shared_, conninfo = std::string(trim(database.db)), every] {
    shared->run(conninfo, every);
  }).detach();
}

ActivitySampler::~ActivitySampler() {
  shared_->stop.request_stop();
  std::unique_lock lock(shared_->mutex);
  shared_->changed.wait_for(lock, patience, [this] { return shared_->ended; });
}

Result<void> ActivitySampler::keep(const store::Address& store, const std::string& spool) {
  store::Facts facts;
  {
    const std::lock_guard lock(shared_->mutex);
    facts = shared_->buckets.take(target_, std::time(nullptr));
  }
  append(waiting_.session_samples, std::move(facts.session_samples));
  append(waiting_.lock_wait_samples, std::move(facts.lock_wait_samples));
  if (waiting_.empty()) return {};
  waiting_.target = target_;
  TRY_VOID(store::Spool(spool, store).keep(waiting_, std::time(nullptr)));
  waiting_ = {};
  return {};
}

std::optional<Error> ActivitySampler::new_failure() {
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->failure || shared_->reported) return std::nullopt;
  shared_->reported = true;
  return shared_->failure;
}

}  // namespace pgadvise::watch
