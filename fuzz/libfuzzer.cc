// libFuzzer's way into one target, FUZZ_TARGET.
#include <cstddef>
#include <cstdint>

#include "fuzz_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pgadvise::fuzz::FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
