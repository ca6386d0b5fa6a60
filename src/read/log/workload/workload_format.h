// What the writer and the reader of workload files share: names and limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"
#include "log/record/logged_plan.h"
#include "model/queries/workload.h"

namespace pgadvise::log::workload_format {

using json = nlohmann::ordered_json;

inline constexpr int version = 1;
inline constexpr int deepest = 12;
inline constexpr std::uint64_t most = std::uint64_t{1}
                                      << 53;  // what every reader of JSON takes for a whole number
inline constexpr double longest_ms = 1e12;
inline constexpr std::size_t longest_written_plan =
    16 * longest_plan;                                        // laid out anew, with '...' for each digit
inline constexpr std::int64_t latest = 253402300800'000'000;  // the year 10000

inline constexpr std::pair<RepeatedQuery::Scope, const char*> scopes[] = {
    {RepeatedQuery::Scope::trace, "trace"},
    {RepeatedQuery::Scope::transaction, "transaction"},
    {RepeatedQuery::Scope::session_burst, "session burst"},
    {RepeatedQuery::Scope::pool_burst, "pool burst"}};

inline constexpr std::pair<LoggedPlan::Format, const char*> plan_formats[] = {
    {LoggedPlan::Format::text, "text"}, {LoggedPlan::Format::json, "json"}};

inline std::string dump(const json& value) {
  return escape_controls(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace pgadvise::log::workload_format
