// A log through every decoder, whether it is of that format or not.
#include <memory>

#include "base/text.h"
#include "log/decoder.h"
#include "support.h"

namespace pgadvise::fuzz {
namespace {

// Reads all of a record, and answers in turn, so that every way of booking is gone.
class Sink final : public log::RecordSink {
 public:
  log::Outcome take(const log::Record& record) override {
    require(record.line > 0, "a record has its line");
    for (const auto part : {record.session, record.user, record.database, record.application, record.host, record.message, record.detail})
      seen_ = fnv1a(part, seen_);
    ++records_;
    return {static_cast<log::Use>(records_ % 3), records_ % 2 == 0};
  }
  std::uint64_t records() const { return records_; }

 private:
  std::uint64_t seen_ = 0;
  std::uint64_t records_ = 0;
};

void decode(std::string_view input, const log::Format& format) {
  LogSource source;
  source.path = "a.log";
  Sink sink;
  const auto decoder = log::make_decoder(format, source, sink);
  std::uint64_t lines = 0;
  while (!input.empty()) {
    const auto end = input.find('\n');
    // A copy, so that a view that outlives its line is noticed.
    const std::string text(input.substr(0, end));
    decoder->line({text, false, end != std::string_view::npos});
    ++lines;
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  decoder->finish();
  require(source.lines == lines, "each line is counted");
  require(source.lines == source.used + source.continuation + source.other + source.not_understood, "each line is booked once");
  require(sink.records() <= lines, "no record without a line");
  require(source.not_understood_at.size() <= 3, "three places at most");
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
  decode(input, {.name = "jsonlog", .envelope = log::Envelope::cloudnativepg});
}

}  // namespace pgadvise::fuzz
