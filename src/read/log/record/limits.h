// Limits of the memory for the logs of one run.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgadvise::log {

// Limits over all logs. Beyond them the least important templates (by time, then calls) are summed up as
// "other statements", which is reported.
struct Limits {
  std::size_t templates = 20'000;
  std::size_t bytes = std::size_t{64} << 20;  // of statements and samples
};

inline constexpr std::string_view other_fingerprint = "0000000000000000";
inline constexpr std::string_view other_text = "-- other statements";

}  // namespace pgadvise::log
