// One log record, independent of the log's format: the interface between decoders and the collector.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace pgadvise::log {

inline constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

enum class Level : std::uint8_t {
  log,
  error,    // ERROR, FATAL, PANIC
  message,  // WARNING, NOTICE, INFO, DEBUG
  detail,
  context,
  statement,   // of an error, or what a further message is about
  annotation,  // HINT, QUERY, LOCATION, BACKTRACE
};

struct Preview;

// Views into the decoder's memory, valid during RecordSink::take().
struct Record {
  int line = 0;
  std::int64_t time = no_time;  // microseconds, comparable within one log
  bool whole_seconds = false;   // the stamp has no fraction
  Level level = Level::log;
  bool nested = false;       // has a CONTEXT: logged from inside a function
  bool truncated = false;    // the file ends within it
  bool cut = false;          // was longer than longest_text
  std::string_view session;  // session id, or the process id; empty when the log has neither
  std::string_view user;
  std::string_view database;
  std::string_view application;
  std::string_view host;
  std::uint64_t session_hash = 0;  // 0: not known yet
  std::uint64_t identity_hash = 0;
  std::string_view message;
  std::string_view detail;
  std::string_view statement;        // what the record is about; empty if it is a statement itself
  std::string_view sqlstate;         // where the log has it
  const Preview* preview = nullptr;  // null: the statement was not looked up ahead
};

enum class Use : std::uint8_t { used, other, not_understood };

struct Outcome {
  Use record = Use::other;
  bool detail_used = false;
  bool statement_used = false;
};

class RecordSink {
 public:
  virtual Outcome take(const Record& record) = 0;

 protected:
  ~RecordSink() = default;
};

}  // namespace pgadvise::log
