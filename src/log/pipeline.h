// Decodes one log on several threads. Chunks are read and taken in order, one at a time, while look_ahead()
// runs in parallel. The result does not depend on the number of threads.
#pragma once

#include <cstdint>
#include <functional>

#include "log/decoder.h"
#include "log/lines.h"

namespace pgadvise::log {

// `threads` >= 1, including the calling thread. `taken` is called with the bytes of each chunk after it was
// taken; it may be empty.
void run(ChunkReader& reader, Decoder& decoder, unsigned threads,
         const std::function<void(std::uint64_t)>& taken);

}  // namespace pgadvise::log
