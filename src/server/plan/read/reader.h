// Parses EXPLAIN's output in each of its formats, from a server, from auto_explain, or pasted by a user.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/queries/plan.h"
#include "sql/explain_json.h"

namespace pgadvise::plan {

// Levels of a plan's JSON; what nests deeper is not read.
inline constexpr std::size_t deepest_plan_json = sql::deepest_explain;

// What a server answers. Errors (nonfatal): it is not a plan in JSON.
Result<Plan> read_json(std::string_view json);

// Detects text, JSON, YAML or XML, in what people paste it with (plan/read/pasted.h), up to 64 MiB and
// 1,000,000 lines, in linear time. A plan that is not read completely comes with warnings (nonfatal) that
// name a line and quote nothing of it. Errors (input): the text contains no plan, or a broken one (with the
// line).
Result<Plan> read(std::string_view text, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
