// Makes a Workload of a log's records: joins the records of one statement (its text, parameters, time and
// plan), adds up the statements of one template, and passes each call to the search for repeated queries.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "log/collect/event_counts.h"
#include "log/collect/lock_holders.h"
#include "log/collect/query_store.h"
#include "log/collect/repeat_feed.h"
#include "log/collect/retries.h"
#include "log/collect/session.h"
#include "log/collect/transaction_orders.h"
#include "log/formats/preview.h"
#include "log/record/limits.h"
#include "log/record/logged_plan.h"
#include "log/record/record.h"
#include "log/record/selection.h"
#include "log/record/statement_template.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

class Collector final : public RecordSink {
 public:
  // `by_log`: the workload of each log; otherwise one sum, which takes less memory.
  Collector(bool by_log, const Limits& limits, const Selection& selection = {});
  ~Collector();

  // Sets the log that the next records come from; `source` must outlive the collector. `in_order`: the
  // records come in the order in which the server wrote them; otherwise no sequences of statements are
  // searched for.
  void begin(LogSource& source, bool in_order = true);
  // Records of pgadvise's own sessions and statements are not used.
  Outcome take(const Record& record) override;

  struct Counts {
    std::uint64_t durations_alone = 0;  // durations without a statement
    std::uint64_t cut_records = 0;      // longer than longest_text
    std::uint64_t plans_too_large = 0;  // too long, cut off, or more than are kept of all queries
  };
  const Counts& counts() const { return counts_; }            // of the current log
  std::uint64_t folded() const { return queries_.folded(); }  // templates that went into "other statements"

  // Ends the open statements and sessions; no take() may follow. Then take_workload() gives, once for each
  // source of begin() (nullptr unless `by_log`), its workload without `sources` and `has_events`.
  void finish();
  Workload take_workload(const LogSource* source);

 private:
  bool select(const RecordOrigin& origin);
  Outcome statement(Session& session, const Record& record, const Preview& preview);
  Outcome duration(Session& session, const Record& record, double milliseconds);
  Outcome plan(Session& session, const Record& record, const Preview& preview);
  bool resolve_execute(const Record& record, LoggedCall& call);
  void other(Session& session, const Record& record);
  Outcome event(Session& session, const Record& record, const Preview& preview, bool logged = false);
  TransactionMark failed_transaction(const Session& session, bool logged, const StatementScan* scan) const;
  void count(const std::vector<SettledRollback>& rollbacks);
  void end_transaction(Session& session, const LoggedCall& call);

  Session& session_of(const Record& record, std::uint64_t key);
  void end_session(Session& session);

  void flush(Session& session);
  bool flush_plans(Session& session, const LoggedCall* logged);
  void set_place(LoggedCall& call, const Record& record) const;
  static void more_of_portal(Session& session, std::optional<double> milliseconds);
  void count_rows(std::uint64_t hash, const LogSource& source, std::optional<std::uint64_t> rows);
  void complete(Session& session, LoggedCall& call);
  Timeline& timeline_of(const std::string* file);
  void detect(Session& session, const LoggedCall& call);
  void begin_transaction(Session& session, std::int64_t time);
  const std::string* key_of(const std::string* file) const { return by_log_ ? file : nullptr; }

  const bool by_log_;
  const Selection selection_;
  const bool select_everything_;
  StatementScanner scanner_;
  Preview preview_;                   // of a record that came without
  std::string arguments_;             // of an EXECUTE
  std::unique_ptr<LoggedCall> call_;  // the one that is read: zeroing one for each record shows
  QueryStore queries_;
  Identities identities_;
  Sessions sessions_;
  LockHolders lock_holders_{sessions_, queries_, identities_};
  std::unordered_map<const std::string*, Timeline> timelines_;  // by log
  std::pair<const std::string*, Timeline*> timeline_{};         // the latest of these
  RepeatFeed repeats_;
  TransactionOrders orders_;
  EventCounts events_;
  Retries retries_;
  LogSource* source_ = nullptr;
  bool in_order_ = true;
  std::uint64_t records_ = 0;
  std::unordered_map<const std::string*, std::uint64_t> sessions_seen_;  // by the log they were first seen in
  Counts counts_;
  bool selected_any_ = false;   // a record of the current log
  std::uint64_t nameless_ = 0;  // calls of logs that don't tell sessions apart
};

}  // namespace pgadvise::log
