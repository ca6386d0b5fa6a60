// Parses EXPLAIN's output, JSON or text, from a server, from auto_explain, or pasted by a user.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

Result<Plan> read_json(std::string_view json);

// Detects JSON or text (plan/text_reader.h).
Result<Plan> read(std::string_view text);

}  // namespace pgadvise::plan
