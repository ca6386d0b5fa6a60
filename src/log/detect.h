// Which format a log has, and the decoder of that format.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "log/decoder.h"
#include "log/record.h"
#include "model/workload.h"

namespace pgadvise::log {

// From the beginning of a log. `line_prefix` is the user's own, or empty.
Format detect(std::string_view head, const std::string& line_prefix);

std::unique_ptr<Decoder> make_decoder(const Format& format, LogSource& source, RecordSink& sink);

}  // namespace pgadvise::log
