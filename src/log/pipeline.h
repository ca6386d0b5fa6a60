// One log through its decoder on several threads: chunks are read and taken in order, one at a time, and
// looked ahead into at the same time. What comes out does not depend on how many threads there are.
#pragma once

#include <cstdint>
#include <functional>

#include "log/decoder.h"
#include "log/lines.h"

namespace pgadvise::log {

// `threads` >= 1, this one included. `taken` gets the bytes of each chunk once it was taken; it may be empty.
void run(ChunkReader& reader, Decoder& decoder, unsigned threads,
         const std::function<void(std::uint64_t)>& taken);

}  // namespace pgadvise::log
