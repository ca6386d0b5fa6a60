// Hands each call to the detector of the tightest scope that it lies in: a trace, a transaction, a session or
// a connection pool.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "log/collect/session.h"
#include "log/repeats/repeats.h"

namespace pgadvise::log {

class RepeatsByLog final : public RepeatSink {
 public:
  void repeated(const Occurrence& occurrence) override {
    of(occurrence.samples.empty() ? current : occurrence.samples.front().file).repeated(occurrence);
  }
  void wrote(const KeptCall& first, const Call& then, bool fresh) override {
    of(then.file).wrote(first, then, fresh);
  }
  explicit RepeatsByLog(bool by_log) : by_log_(by_log) {}
  const std::string* current = nullptr;  // the log that is read
  std::unordered_map<const std::string*, Repeats> logs;

 private:
  Repeats& of(const std::string* file) {
    if (!by_log_) file = nullptr;
    if (!latest_ || latest_->first != file) latest_ = &*logs.try_emplace(file).first;
    return latest_->second;
  }
  std::pair<const std::string* const, Repeats>* latest_ = nullptr;
  const bool by_log_;
};

class RepeatFeed {
 public:
  explicit RepeatFeed(bool by_log) : repeats_(by_log) {}

  void begin(const std::string& log) { repeats_.current = &log; }  // that the next calls come from
  void enter_transaction(Session& session);
  void add(Session& session, const LoggedCall& call);
  void leave_transaction(Session& session);
  void end(Session& session);
  void finish();                                    // once all sessions have ended
  const Repeats* of(const std::string* log) const;  // nullptr: there is none

 private:
  void feed(Session& scope, const Call& call, std::int64_t gap);
  void feed_trace(const LoggedCall& call);
  void release(Session& session, bool whole);

  RepeatsByLog repeats_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Session>> pools_;  // by identity
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> traces_;
  std::deque<std::uint64_t> trace_order_;
};

}  // namespace pgadvise::log
