// Parses messages of auto_explain: a statement and its plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/queries/workload.h"

namespace pgadvise::log {

inline constexpr std::size_t longest_plan = std::size_t{64}
                                            << 10;  // with its statement; a longer one is not kept

struct ExplainRecord {
  std::string query;                                     // "": not understood
  std::optional<std::string> parameters;                 // "$1 = …"
  std::optional<std::uint64_t> rows;                     // of the top node: auto_explain.log_analyze is on
  LoggedPlan::Format format = LoggedPlan::Format::text;  // json also of YAML and XML
};

// `text` is all that follows "plan:".
ExplainRecord read_explain_record(std::string_view text);

// Converts the text after "plan:" from YAML or XML to JSON; returns other formats unchanged, and "" for
// broken YAML or XML.
std::string in_json(std::string_view text);

// The text after "plan:" without literals: without the statement and its parameters, and with '...' for each
// constant in conditions, keys and outputs. Costs, rows, times, names and settings remain. "" if the text has
// no plan. JSON is auto_explain's object, or
// EXPLAIN's array of one plan, of which the result is the object.
std::string redact_plan(LoggedPlan::Format format, std::string_view text);

}  // namespace pgadvise::log
