// Decodes the output of Drizzle's logger into records.
#pragma once

#include <memory>
#include <string_view>

#include "log/formats/decoder.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_drizzle_decoder(const Format& format, LogSource& source, RecordSink& sink);

// Whether the line is a complete record of Drizzle's logger (drizzle-orm's DefaultLogger).
bool starts_drizzle_record(std::string_view line);

}  // namespace pgadvise::log
