// Records -> Workload: pairs what belongs together, aggregates by template, and feeds the detectors of
// repeats.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "log/limits.h"
#include "log/logged_plan.h"
#include "log/preview.h"
#include "log/recent.h"
#include "log/record.h"
#include "log/repeats.h"
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
  std::uint64_t folded() const { return folded_; }  // templates that went into "other statements"

  // Ends what is open; nothing is taken any more. Then, for each source of begin() (nullptr when not by log),
  // everything of it but `sources` and `has_events`, once.
  void finish();
  Workload take_workload(const LogSource* source);

 private:
  struct Share;
  struct QueryState;
  struct Template;
  struct Identity;
  struct Session;
  struct Statement;
  struct Plan;
  struct KeptPlan;

  Outcome statement(Session& session, const Record& record, const Preview& preview);
  Outcome duration(Session& session, const Record& record, double milliseconds);
  Outcome plan(Session& session, const Record& record, const Preview& preview);
  bool resolve_execute(const Record& record, Statement& call);
  void other(Session& session, const Record& record);
  Outcome event(Session& session, const Record& record, const Preview& preview);
  struct Happening {  // in the log `log`
    ServerEvent::Kind kind = ServerEvent::Kind::cancelled;
    std::string about, fingerprint, statement;
    double duration_us = 0;
    double bytes = 0;
    std::int64_t time = no_time;
    const std::string* log = nullptr;
    SourceLocation place;
    std::uint32_t identity = 0;
  };
  const ServerEvent& count_event(Happening happening);
  void follow_transaction(Session& session, const Statement& statement);
  void end_transaction(Session& session, const Statement& statement);

  Session& session_of(const Record& record, std::uint64_t key);
  void end_session(Session& session);
  void evict();
  std::uint32_t identify(Session& session, const Record& record, std::uint64_t hash);

  Template* template_of(std::uint64_t hash, std::string_view text, bool whole, bool required);
  Template* new_template(std::string_view text, bool whole, bool required);
  QueryState& state_of(std::string fingerprint, std::string text);
  void describe(Template& entry, const StatementScan& scan);
  void fold();
  void forget_templates();
  void fold(QueryState& state);
  void name_late();
  void keep_sample(QueryState& state, KeptCall& kept, const Call& call);
  void flush(Session& session);
  bool flush_plans(Session& session, const Statement* told);
  static void more_of_portal(Session& session, std::optional<double> milliseconds);
  void keep_plan(QueryState& state, const Record& record, const ExplainRecord& explained,
                 const Preview& preview);
  void forget_plan(QueryState& state);
  void count_rows(std::uint64_t hash, const LogSource& source, std::optional<std::uint64_t> rows);
  void complete(Session& session, Statement& call);
  void aggregate(const Statement& call);
  void detect(Session& session, const Statement& call);
  void feed(Session& scope, const Call& call, std::int64_t gap);
  void hold(Session& session, const Call& call);
  void release(Session& session, bool whole);
  void end_scope(Session& session);
  const std::string* key_of(const std::string* file) const { return by_log_ ? file : nullptr; }
  void fill_repeats(Workload& workload, const std::string* file) const;
  void fill_events(Workload& workload, const std::string* file) const;
  void fill_queries(Workload& workload, const std::string* file);
  void fill_query(Workload& workload, QueryState& state, const std::string* file);

  // Repeats by the log that the scope with most of their calls is in.
  class RepeatsByLog final : public RepeatSink {
   public:
    void sighted(const Occurrence& sighting) override {
      of(sighting.samples.empty() ? current : sighting.samples.front().file).sighted(sighting);
    }
    void wrote(const KeptCall& first, const Call& then, bool fresh) override {
      of(then.file).wrote(first, then, fresh);
    }
    bool by_log = false;
    const std::string* current = nullptr;  // the log that is read
    std::unordered_map<const std::string*, Repeats> logs;

   private:
    Repeats& of(const std::string* file) {
      if (!by_log) file = nullptr;
      if (!latest_ || latest_->first != file) latest_ = &*logs.try_emplace(file).first;
      return latest_->second;
    }
    std::pair<const std::string* const, Repeats>* latest_ = nullptr;
  };

  const bool by_log_;
  const Limits limits_;
  StatementScanner scanner_;
  Preview preview_;                  // of a record that came without
  std::string arguments_;            // of an EXECUTE
  std::unique_ptr<Statement> call_;  // the one that is read: zeroing one for each record shows
  std::unordered_map<std::uint64_t, Template> templates_;
  Recent<Template> recent_templates_;
  std::unordered_map<std::string, std::uint32_t> by_fingerprint_;
  std::unordered_map<std::uint32_t, std::unique_ptr<QueryState>> queries_;  // a number is never given twice
  std::uint32_t queries_made_ = 0;
  std::size_t bytes_ = 0;  // of statements and samples
  std::size_t max_bytes_;
  std::uint64_t folded_ = 0;
  std::unique_ptr<QueryState> others_;
  std::unordered_map<std::uint64_t, std::uint32_t> identity_of_hash_;
  std::vector<Identity> identities_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  Recent<Session> recent_sessions_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Session>> pools_;  // by identity
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> traces_;
  std::deque<std::uint64_t> trace_order_;
  RepeatsByLog repeats_;
  struct EventKey {  // in a fixed order
    ServerEvent::Kind kind = ServerEvent::Kind::cancelled;
    std::string about;
    std::string fingerprint;
    auto operator<=>(const EventKey&) const = default;
  };
  std::unordered_map<const std::string*, std::map<EventKey, ServerEvent>> events_;  // by log
  LogSource* source_ = nullptr;
  bool in_order_ = true;
  std::uint64_t records_ = 0;
  std::unordered_map<const std::string*, std::uint64_t> sessions_seen_;  // by the log they were first seen in
  std::uint64_t durations_alone_ = 0;
  std::uint64_t cut_records_ = 0;
  PlansLeftOut plans_left_out_;
  std::size_t plan_bytes_ = 0;
  std::uint64_t nameless_ = 0;  // calls of logs that don't tell sessions apart
};

}  // namespace pgadvise::log
