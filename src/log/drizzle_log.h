// What Drizzle's own logger prints -> records.
#pragma once

#include <memory>
#include <string_view>

#include "log/decoder.h"
#include "log/record.h"
#include "model/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_drizzle_decoder(const Format& format, LogSource& source, RecordSink& sink);

// Does this line begin and end a record of Drizzle's own logger, drizzle-orm's DefaultLogger?
bool starts_drizzle_record(std::string_view line);

}  // namespace pgadvise::log
