// Decodes one log on several threads. Chunks are read and taken in order, one at a time, while look_ahead()
// runs in parallel. The result does not depend on the number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "log/formats/decoder.h"
#include "log/lines/lines.h"

namespace pgadvise::log {

// `threads` >= 1, including the calling thread. `taken` is called with the bytes of each chunk after it was
// taken; it may be empty. After a stop request no further chunk is read, and those that were read are taken.
// Returns false if a stop request ended the reading.
bool run(ChunkReader& reader, Decoder& decoder, unsigned threads,
         const std::function<void(std::uint64_t)>& taken, const std::stop_token& stop = {});

}  // namespace pgadvise::log
