// What auto_explain logs: a statement and its plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/workload.h"

namespace pgadvise::log {

inline constexpr std::size_t longest_plan = std::size_t{64}
                                            << 10;  // with its statement; a longer one is not kept

struct ExplainRecord {
  std::string query;                         // "": not understood
  std::optional<std::string> parameters;     // "$1 = …"
  std::optional<std::uint64_t> rows;         // of the top node: auto_explain.log_analyze is on
  std::optional<LoggedPlan::Format> format;  // json also of YAML and XML; nullopt: not understood
};

// `text` is all that follows "plan:".
ExplainRecord read_explain_record(std::string_view text);

// What follows "plan:", where it is YAML or XML, in JSON; all else as it is. "" when it is broken.
std::string in_json(std::string_view text);

// What follows "plan:", in the text format or in JSON, without literals: the statement and its parameters are
// left out, and in conditions, keys and outputs
// '...' stands for each constant. Costs, rows, times, names and settings stay. "" when no plan is found in
// it.
std::string redact_plan(LoggedPlan::Format format, std::string_view text);

}  // namespace pgadvise::log
