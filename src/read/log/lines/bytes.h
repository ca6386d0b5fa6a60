// Inlined search and comparison of short byte sequences, for which a call into the C library would take
// longer than the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace pgadvise::log {

template <class T>
T load(const char* at) {
  T out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

// Up to seven bytes, as if zeros stood behind them. The loads overlap rather than depend on how many there
// are.
inline std::uint64_t load_few(const char* at, std::size_t size) {
  if (size >= 4)
    return load<std::uint32_t>(at) | std::uint64_t{load<std::uint32_t>(at + size - 4)} << (8 * (size - 4));
  if (size == 0) return 0;
  const auto byte = [&](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  };
  return byte(0) | byte(size / 2) | byte(size - 1);
}

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  a ^= b;
  a *= 0x9fb21c651e98df25ULL;
  return a ^ (a >> 32);
}

// For small tables: spread well enough.
inline std::uint64_t quick_hash(std::string_view bytes) {
  if (bytes.size() < 8) return mix(bytes.size(), load_few(bytes.data(), bytes.size()));
  std::uint64_t hash = bytes.size();
  for (std::size_t at = 0; at + 8 < bytes.size(); at += 8)
    hash = mix(hash, load<std::uint64_t>(bytes.data() + at));
  return mix(hash, load<std::uint64_t>(bytes.data() + bytes.size() - 8));
}

inline bool same_bytes(const char* a, const char* b, std::size_t size) {
  if (size < 4) {
    for (std::size_t at = 0; at < size; ++at)
      if (a[at] != b[at]) return false;
    return true;
  }
  if (size < 8)
    return load<std::uint32_t>(a) == load<std::uint32_t>(b) &&
           load<std::uint32_t>(a + size - 4) == load<std::uint32_t>(b + size - 4);
#ifdef __SSE2__
  const auto same_16 = [&](std::size_t at) {
    const auto load_16 = [&](const char* from) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    };
    return _mm_movemask_epi8(_mm_cmpeq_epi8(load_16(a), load_16(b))) == 0xffff;
  };
  if (size >= 16) {
    for (std::size_t at = 0; at + 16 < size; at += 16)
      if (!same_16(at)) return false;
    return same_16(size - 16);
  }
#endif
  for (std::size_t at = 0; at + 8 < size; at += 8)
    if (load<std::uint64_t>(a + at) != load<std::uint64_t>(b + at)) return false;
  return load<std::uint64_t>(a + size - 8) == load<std::uint64_t>(b + size - 8);
}

inline bool starts_with(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && same_bytes(text.data(), with.data(), with.size());
}

// The next `one` or `other`; `end` when there is none.
inline const char* find_either(const char* at, const char* end, char one, char other) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i found =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(one)), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(other)));
    if (const int mask = _mm_movemask_epi8(found)) return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (at < end && *at != one && *at != other) ++at;
  return at;
}

}  // namespace pgadvise::log
