// Which format a log has, and the decoder of that format.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "log/formats/decoder.h"
#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// From the beginning of a log. `line_prefix` is the user's own, or empty.
Format detect(std::string_view head, const std::string& line_prefix);

std::unique_ptr<Decoder> make_decoder(const Format& format, LogSource& source, RecordSink& sink);

}  // namespace pgadvise::log
