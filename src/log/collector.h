// Records -> Workload: pairs what belongs together, aggregates by template, and feeds the detectors of
// repeats.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "log/language.h"
#include "log/record.h"
#include "log/repeats.h"
#include "log/statement_template.h"
#include "model/workload.h"

namespace pgadvise::log {

class Collector final : public RecordSink {
 public:
  Collector();
  ~Collector();

  // The log that the next records come from; it must outlive the collector.
  void begin(LogSource& source);
  Outcome take(const Record& record) override;

  std::uint64_t durations_alone() const { return durations_alone_; }  // of the current log
  std::uint64_t cut_records() const { return cut_records_; }          // of the current log

  // Everything but `sources`, to the workload of the log that it came from; each holds one source, that of begin().
  void finish(std::vector<Workload>& workloads);

 private:
  struct Share;
  struct QueryState;
  struct Template;
  struct Identity;
  struct Session;
  struct Statement;
  struct Plan;

  Outcome statement(Session& session, const Record& record, const Message& message);
  Outcome duration(Session& session, const Record& record, double milliseconds);
  Outcome plan(Session& session, const Record& record, const Message& message);
  void other(Session& session, const Record& record);

  Session& session_of(const Record& record);
  void end_session(Session& session);
  void evict();
  std::uint32_t identify(Session& session, const Record& record);

  Template* template_of(const StatementScan& scan, std::string_view text, bool whole, bool required);
  void describe(Template& entry, const StatementScan& scan);
  void flush(Session& session);
  void flush_plans(Session& session, std::uint64_t except);
  void complete(Session& session, Statement& statement);
  void aggregate(Session& session, const Statement& statement, const Call& call);
  void detect(Session& session, const Statement& statement, const Call& call);
  void fill_repeats(Workload& workload) const;
  void fill_write_pairs(Workload& workload) const;
  void fill_queries(Workload& workload) const;

  // Repeats by the log that the scope with most of their calls is in.
  class RepeatsByLog final : public RepeatSink {
   public:
    void sighted(const Sighting& sighting) override {
      logs[sighting.samples.empty() ? current : sighting.samples.front().file].sighted(sighting);
    }
    void wrote(const KeptCall& first, const Call& then, bool fresh) override { logs[then.file].wrote(first, then, fresh); }
    const std::string* current = nullptr;  // the log that is read
    std::unordered_map<const std::string*, Repeats> logs;
  };

  StatementScanner scanner_;
  std::string scratch_;
  std::unordered_map<std::uint64_t, Template> templates_;
  std::unordered_map<std::string, std::uint32_t> by_fingerprint_;
  std::vector<std::unique_ptr<QueryState>> queries_;
  std::unordered_map<std::uint64_t, std::uint32_t> identity_of_hash_;
  std::vector<Identity> identities_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  Session* latest_ = nullptr;
  std::unordered_map<std::uint32_t, std::unique_ptr<Session>> pools_;  // by identity
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> traces_;
  std::deque<std::uint64_t> trace_order_;
  RepeatsByLog repeats_;
  LogSource* source_ = nullptr;
  std::uint64_t records_ = 0;
  std::unordered_map<const std::string*, std::uint64_t> sessions_seen_;  // by the log they were first seen in
  std::uint64_t durations_alone_ = 0;
  std::uint64_t cut_records_ = 0;
  std::uint64_t nameless_ = 0;  // calls of logs that don't tell sessions apart
};

}  // namespace pgadvise::log
