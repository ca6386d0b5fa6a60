// The options about plans, shared by check, review, explain and advise.
#pragma once

#include <chrono>
#include <cstdint>

#include "pg/connection/connection.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace pgadvise::cli {

// The most that an option takes for a time in seconds: one day.
inline constexpr int max_seconds = 86'400;

inline std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// Adds --role and --search-path, which need a database. `session_settings` must outlive the parsing.
void add_acting_options(CLI::App& command, pg::SessionSettings& session_settings);
void add_analyze_time(CLI::App& command, double& seconds);
// Replaces CLI::Range, which accepts "nan".
CLI::Validator seconds_between(double least, double most);

}  // namespace pgadvise::cli
