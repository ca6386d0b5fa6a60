// Decodes PostgreSQL's jsonlog into records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "log/formats/decoder.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_json_decoder(const Format& format, LogSource& source, RecordSink& sink);

// The time of the jsonlog record that the line is, or starts; nullopt: it is none.
std::optional<std::int64_t> json_record_time(std::string_view line);

}  // namespace pgadvise::log
