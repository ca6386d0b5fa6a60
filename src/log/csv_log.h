// PostgreSQL's csvlog -> records.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "log/decoder.h"
#include "log/record.h"
#include "model/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_csv_decoder(const Format& format, LogSource& source, RecordSink& sink);

// A quote in it is not closed.
bool odd_quotes(std::string_view line);
// Does this line begin a record of csvlog? Strict: it also finds the way back after a broken quote.
bool starts_csv_record(std::string_view line);
std::int64_t csv_record_time(std::string_view line);

}  // namespace pgadvise::log
