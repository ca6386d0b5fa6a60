// How much is kept of the logs that are read in one run.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgadvise::log {

// Of what is kept of all logs. Beyond it the least valuable templates (by time, then calls) become one query
// of "other statements", which is said.
struct Limits {
  std::size_t templates = 20'000;
  std::size_t bytes = std::size_t{64} << 20;  // of statements and samples
};

inline constexpr std::string_view other_fingerprint = "0000000000000000";
inline constexpr std::string_view other_text = "-- other statements";

}  // namespace pgadvise::log
