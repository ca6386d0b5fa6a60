// EXPLAIN's output, as JSON or text, of a server, of auto_explain or pasted by a person -> Plan.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

Result<Plan> read_json(std::string_view json);

// JSON or text (plan/text_reader.h), whichever it is.
Result<Plan> read(std::string_view text);

}  // namespace pgadvise::plan
