// The decoders, each defined in the source of its format, and how the records of the formats begin.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "log/formats/decoder.h"

namespace pgadvise::log {

// `source` and `sink` must outlive the decoder.
std::unique_ptr<Decoder> make_stderr_decoder(const Format& format, LogSource& source, RecordSink& sink);
std::unique_ptr<Decoder> make_csv_decoder(const Format& format, LogSource& source, RecordSink& sink);
std::unique_ptr<Decoder> make_json_decoder(const Format& format, LogSource& source, RecordSink& sink);
std::unique_ptr<Decoder> make_drizzle_decoder(const Format& format, LogSource& source, RecordSink& sink);

// Whether the text has an unclosed quote.
bool odd_quotes(std::string_view line);
// Whether the line starts a csvlog record. The test is strict, as it also serves to resume after an unclosed
// quote.
bool starts_csv_record(std::string_view line);
std::int64_t csv_record_time(std::string_view line);

// The time of the jsonlog record that the line is, or starts; nullopt: it is none.
std::optional<std::int64_t> json_record_time(std::string_view line);

// Whether the line is a complete record of Drizzle's logger (drizzle-orm's DefaultLogger).
bool starts_drizzle_record(std::string_view line);

}  // namespace pgadvise::log
