// Decodes PostgreSQL's csvlog into records.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "log/formats/decoder.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_csv_decoder(const Format& format, LogSource& source, RecordSink& sink);

// Whether the text has an unclosed quote.
bool odd_quotes(std::string_view line);
// Whether the line starts a csvlog record. The test is strict, as it also serves to resume after an unclosed
// quote.
bool starts_csv_record(std::string_view line);
std::int64_t csv_record_time(std::string_view line);

}  // namespace pgadvise::log
