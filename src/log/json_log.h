// PostgreSQL's jsonlog -> records.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "log/decoder.h"
#include "log/record.h"
#include "model/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_json_decoder(const Format& format, LogSource& source, RecordSink& sink);

// Is this line a record of jsonlog, or the beginning of one, and when was it written?
bool is_json_record(std::string_view line, std::int64_t& time);

}  // namespace pgadvise::log
