// Decodes PostgreSQL's jsonlog into records.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "log/formats/decoder.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_json_decoder(const Format& format, LogSource& source, RecordSink& sink);

// Whether the line is, or starts, a jsonlog record; and its time.
bool is_json_record(std::string_view line, std::int64_t& time);

}  // namespace pgadvise::log
