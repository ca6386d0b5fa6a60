// PostgreSQL's log of log_destination = stderr -> records.
#pragma once

#include <memory>

#include "log/formats/decoder.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

std::unique_ptr<Decoder> make_stderr_decoder(const Format& format, LogSource& source, RecordSink& sink);

}  // namespace pgadvise::log
