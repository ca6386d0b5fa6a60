// A log through every decoder, whether it is of that format or not.
#include <algorithm>

#include "base/text/text.h"
#include "log/formats/decoder.h"
#include "log/formats/detect.h"
#include "support.h"

namespace pgadvise::fuzz {
namespace {

// Reads all of a record, and answers in turn, so that every way of booking is gone.
class Sink final : public log::RecordSink {
 public:
  log::Outcome take(const log::Record& record) override {
    require(record.line > 0, "a record has its line");
    for (const auto part : {record.session, record.user, record.database, record.application, record.host,
                            record.message, record.detail, record.statement, record.sqlstate})
      seen_ = fnv1a(part, seen_);
    ++records_;
    return {static_cast<log::Use>(records_ % 3), records_ % 2 == 0};
  }
  std::uint64_t records() const { return records_; }
  std::uint64_t seen() const { return seen_; }

 private:
  std::uint64_t seen_ = 0;
  std::uint64_t records_ = 0;
};

// In chunks of so many lines, which must change nothing; returns what the sink saw.
std::uint64_t decode(std::string_view input, const log::Format& format, std::size_t lines_of_a_chunk) {
  LogSource source;
  source.path = "a.log";
  Sink sink;
  const auto decoder = log::make_decoder(format, source, sink);
  std::uint64_t lines = 0;
  log::Memory memory;
  while (!input.empty()) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < lines_of_a_chunk && end < input.size(); ++i, ++lines)
      end = std::min(input.find('\n', end), input.size() - 1) + 1;
    // A chunk of its own, so that a view that outlives it is noticed.
    log::Chunk chunk;
    chunk.raw.buffer.append(input.data(), end);
    chunk.raw.end = end;
    chunk.raw.terminated = input[end - 1] == '\n';
    chunk.raw.split(chunk.lines);
    decoder->look_ahead(chunk, memory);
    decoder->take(chunk);
    input.remove_prefix(end);
  }
  decoder->finish();
  require(source.lines == lines, "each line is counted");
  require(source.lines == source.used + source.continuation + source.other + source.not_understood,
          "each line is booked once");
  require(sink.records() <= lines, "no record without a line");
  require(source.not_understood_at.size() <= 3, "three places at most");
  return sink.seen();
}

void decode(std::string_view input, const log::Format& format) {
  require(decode(input, format, 1000) == decode(input, format, 3), "chunks change nothing");
}

}  // namespace

void log_decoder(std::string_view input) {
  if (const auto format = log::detect(input, ""); format.name.empty()) {
    require(!format.looked_like.empty(), "what is no log looks like something");
  } else {
    decode(input, format);
  }
  decode(input, {.name = "stderr", .prefix = "%m [%p] "});
  decode(input, {.name = "stderr", .prefix = "%m [%p] ", .envelope = log::Envelope::syslog, .stamped = true});
  decode(input, {.name = "csvlog"});
  decode(input, {.name = "jsonlog"});
  decode(input, {.name = "drizzle"});
  decode(input, {.name = "jsonlog", .envelope = log::Envelope::cloudnativepg});
}

}  // namespace pgadvise::fuzz
