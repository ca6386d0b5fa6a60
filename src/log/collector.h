// Records -> Workload: pairs what belongs together, aggregates by template, and feeds the detectors of
// repeats.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "log/event_counts.h"
#include "log/limits.h"
#include "log/logged_plan.h"
#include "log/preview.h"
#include "log/query_store.h"
#include "log/record.h"
#include "log/repeat_feed.h"
#include "log/session.h"
#include "log/statement_template.h"
#include "model/workload.h"

namespace pgadvise::log {

class Collector final : public RecordSink {
 public:
  // `by_log`: for each log what ran in it; otherwise one sum, which takes less memory.
  Collector(bool by_log, const Limits& limits);
  ~Collector();

  // The log that the next records come from; it must outlive the collector. What follows what is looked at
  // only when they come in the order they were written in.
  void begin(LogSource& source, bool in_order = true);
  Outcome take(const Record& record) override;

  std::uint64_t durations_alone() const { return durations_alone_; }  // of the current log
  std::uint64_t cut_records() const { return cut_records_; }          // of the current log
  struct PlansLeftOut {
    std::uint64_t format = 0;  // YAML or XML
    std::uint64_t size = 0;    // too long, cut off, or more than are kept of all queries
  };
  const PlansLeftOut& plans_left_out() const { return plans_left_out_; }  // of the current log
  std::uint64_t folded() const { return queries_.folded(); }  // templates that went into "other statements"

  // Ends what is open; nothing is taken any more. Then, for each source of begin() (nullptr when not by log),
  // everything of it but `sources` and `has_events`, once.
  void finish();
  Workload take_workload(const LogSource* source);

 private:
  Outcome statement(Session& session, const Record& record, const Preview& preview);
  Outcome duration(Session& session, const Record& record, double milliseconds);
  Outcome plan(Session& session, const Record& record, const Preview& preview);
  bool resolve_execute(const Record& record, LoggedCall& call);
  void other(Session& session, const Record& record);
  Outcome event(Session& session, const Record& record, const Preview& preview);
  void end_transaction(Session& session, const LoggedCall& call);

  Session& session_of(const Record& record, std::uint64_t key);
  void end_session(Session& session);

  void flush(Session& session);
  bool flush_plans(Session& session, const LoggedCall* logged);
  LoggedCall call_of(const LonePlan& plan);
  static void more_of_portal(Session& session, std::optional<double> milliseconds);
  void keep_plan(QueryState& state, const Record& record, const ExplainRecord& explained,
                 const Preview& preview);
  void count_rows(std::uint64_t hash, const LogSource& source, std::optional<std::uint64_t> rows);
  void complete(Session& session, LoggedCall& call);
  void detect(Session& session, const LoggedCall& call);
  const std::string* key_of(const std::string* file) const { return by_log_ ? file : nullptr; }

  const bool by_log_;
  StatementScanner scanner_;
  Preview preview_;                   // of a record that came without
  std::string arguments_;             // of an EXECUTE
  std::unique_ptr<LoggedCall> call_;  // the one that is read: zeroing one for each record shows
  QueryStore queries_;
  Identities identities_;
  Sessions sessions_;
  RepeatFeed repeats_;
  EventCounts events_;
  LogSource* source_ = nullptr;
  bool in_order_ = true;
  std::uint64_t records_ = 0;
  std::unordered_map<const std::string*, std::uint64_t> sessions_seen_;  // by the log they were first seen in
  std::uint64_t durations_alone_ = 0;
  std::uint64_t cut_records_ = 0;
  PlansLeftOut plans_left_out_;
  std::uint64_t nameless_ = 0;  // calls of logs that don't tell sessions apart
};

}  // namespace pgadvise::log
